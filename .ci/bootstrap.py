"""Make the virtual environment that every make target works in.

    python3 .ci/bootstrap.py [folder, by default .venv] [extra]

It is for working on the project; with an extra named, for using just that one.
Nothing happens when the folder already holds what pyproject.toml asks for. Otherwise a new one is
made under another name and takes the old one's place when it is complete, so that there is never
a half-made one. Whatever is missing is told in one line with the command that repairs it.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file is what tells people with an older one
    sys.exit(
        "bootstrap: Python 3.11 or newer is needed and %s is older; repair: make PYTHON=python3.11"  # noqa: UP031
        % sys.executable
    )

import fcntl
import hashlib
import importlib.util
import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
STAMP = "sipice-stamp"
EXTRA = sys.argv[2] if len(sys.argv) > 2 else ""
INSTALLED = (f".[{EXTRA}]",) if EXTRA else (".[cli,mdns,transform]", "--group", "dev")
"""What is installed, editable: the project with these extras, and this dependency group."""


def main() -> None:
    venv = ROOT / (sys.argv[1] if len(sys.argv) > 1 else ".venv")
    with open(f"{venv}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_good(venv):
            replace(venv)


def is_good(venv: Path) -> bool:
    stamp = venv / STAMP
    return stamp.is_file() and stamp.read_text() == key() and (venv / "bin" / "python").exists()


def key() -> str:
    """A hash of everything that decides what gets installed, for which Python, and where."""
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = tables["project"]
    wanted = [
        tables["build-system"],
        tables["dependency-groups"],
        project["dependencies"],
        project["optional-dependencies"],
        project["scripts"],
        INSTALLED,
        sys.version_info[:2],
        str(ROOT),  # a virtual environment does not survive being moved
    ]
    return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()


def replace(venv: Path) -> None:
    """Make a new environment beside the old one, then swap the two."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            name = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
            fail(f"this Python has no module {module}", f"apt-get install {name}")
    new, old = Path(f"{venv}.new"), Path(f"{venv}.old")
    shutil.rmtree(new, ignore_errors=True)
    print(f"making {venv.name} with Python {sys.version.split()[0]} ...", flush=True)
    try:
        fill(new)
        renamed(new, venv)
        shutil.rmtree(old, ignore_errors=True)
        if venv.exists():
            venv.rename(old)
        new.rename(venv)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def fill(new: Path) -> None:
    run(
        "the virtual environment cannot be made",
        f"{sys.executable} -m venv {new}",
        [sys.executable, "-m", "venv", str(new)],
    )
    pip = [str(new / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # Dependency groups need a newer pip than most Pythons bring; fetching it also tells at once
    # whether there is an index to fetch anything from.
    run(
        "pip cannot reach its package index",
        "PIP_INDEX_URL=<an index that answers> make test",
        [*pip, "--retries", "1", "install", "pip>=25.1"],
    )
    run(
        "pip cannot install what pyproject.toml asks for",
        "make test, once the package named here can be had",
        [*pip, "install", "--editable", *INSTALLED],
    )
    (new / STAMP).write_text(key())


def run(what: str, repair: str, command: list[str]) -> None:
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        errors = [line for line in said if line.startswith(("ERROR", "error", "Error"))]
        fail(f"{what} ({(errors or said or ['no reason given'])[-1].strip()})", repair)


def renamed(new: Path, venv: Path) -> None:
    """Let the scripts of the new environment name the folder they are about to get."""
    for script in [new / "pyvenv.cfg", *(new / "bin").iterdir()]:
        if script.is_file() and not script.is_symlink():
            content = script.read_bytes()
            script.write_bytes(content.replace(bytes(new), bytes(venv)))


def fail(what: str, repair: str) -> NoReturn:
    sys.exit(f"bootstrap: {what}; repair: {repair}")


if __name__ == "__main__":
    main()
