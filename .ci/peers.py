"""Install the foreign programs of peers.toml, once; says first what it is going to do.

Distribution packages come with their services held back: policy-rc.d forbids starting them while
this runs. Packages of npm go into .peers/npm, each of pip into an environment of its own in .peers,
and there goes what is built from a source of ours.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / ".peers"
NPM = BUILT / "npm"
POLICY = Path("/usr/sbin/policy-rc.d")
"""Asked by the package scripts before they start a service; exit status 101 means no."""


def main() -> None:
    wanted = tomllib.loads((ROOT / ".ci" / "peers.toml").read_text())
    apt = [package for name, package in wanted["apt"].items() if not is_here(name)]
    npm = [f"{name}@{version}" for name, version in wanted["npm"].items() if has(name) != version]
    pip = {name: one for name, one in wanted["pip"].items() if not has_made(name, one)}
    old = {name: libraries for name, libraries in wanted["c"].items() if is_old(name)}
    if not apt and not npm and not pip and not old:
        print("peers: everything is here")
        return
    kinds = {"apt": apt, "npm": npm, "pip": list(pip.values()), "to build": list(old)}
    for kind, names in kinds.items():
        print(f"peers: {kind}:", " ".join(names) or "nothing")
    if apt:
        install_apt(apt)
    if npm:
        NPM.mkdir(parents=True, exist_ok=True)
        run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(NPM), *npm])
    for name, libraries in old.items():
        build(ROOT / name, libraries)
    for name, package in pip.items():
        make_environment(name, package)
    print("peers: done")


def is_here(name: str) -> bool:
    """A program on the path, or a file."""
    return Path(name).exists() if name.startswith("/") else shutil.which(name) is not None


def is_old(source: str) -> bool:
    """Whether what is built from a source is missing, or older than it."""
    target = BUILT / Path(source).stem
    return not target.exists() or target.stat().st_mtime < (ROOT / source).stat().st_mtime


def build(source: Path, libraries: list[str]) -> None:
    BUILT.mkdir(exist_ok=True)
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", *libraries], capture_output=True, text=True
    )
    if flags.returncode:
        fail(flags.stderr.strip())
    target = str(BUILT / source.stem)
    run(["gcc", "-O1", "-Wall", "-o", target, str(source), *flags.stdout.split()])


def has(package: str) -> str | None:
    """The version of an npm package in .peers/npm."""
    description = NPM / "node_modules" / package / "package.json"
    return json.loads(description.read_text())["version"] if description.is_file() else None


def has_made(name: str, package: str) -> bool:
    """Whether the environment in .peers has a package in this very version."""
    python = BUILT / name / "bin" / "python"
    listed = [str(python), "-m", "pip", "freeze", "--disable-pip-version-check"]
    if not python.exists():
        return False
    return package in subprocess.run(listed, capture_output=True, text=True).stdout.splitlines()


def make_environment(name: str, package: str) -> None:
    folder = BUILT / name
    run([sys.executable, "-m", "venv", "--clear", str(folder)])
    run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", package])


def install_apt(packages: list[str]) -> None:
    if not shutil.which("apt-get"):
        fail(f"this is no Debian or Ubuntu; install by hand: {' '.join(packages)}")
    if os.geteuid() != 0:
        fail(f"needs root for apt; run: sudo apt-get install {' '.join(packages)}, then make peers")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    with services_held_back():
        run(["apt-get", "--quiet", "update"])
        run(["apt-get", "--quiet", "--yes", "--no-install-recommends", "install", *packages])


@contextmanager
def services_held_back() -> Iterator[None]:
    if POLICY.exists():  # somebody else's policy stays as it is
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def run(command: list[str]) -> None:
    print("+", " ".join(command), flush=True)
    try:
        code = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
    except FileNotFoundError:
        fail(f"there is no {command[0]}")
    if code:
        fail(f"{command[0]} ended with status {code}, its reason stands above")


def fail(why: str) -> NoReturn:
    sys.exit(f"peers: {why}")


if __name__ == "__main__":
    main()
