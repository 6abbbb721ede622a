"""What this machine can do for the tests: probed once, printed as a table, never guessed.

A test says ``@needs("node")``; a module that imports something optional says ``require("cli")``
above that import. Both skip visibly where it is missing, and both fail instead of skipping where
CI=true and .ci/required lists the name. ``python -m tests.capabilities`` prints the table.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.tracedir import traces_dir

ROOT = Path(__file__).resolve().parents[1]
"""The checkout; in the wheel check a folder that holds tests/ only."""


class Capability(NamedTuple):
    """One thing that a test may need."""

    what: str
    probe: Callable[[], str]
    """Says what was found, in a word or two; empty when it is missing."""
    remedy: str


def needs(*names: str) -> pytest.MarkDecorator:
    """Mark a test, a class or (as ``pytestmark``) a module as needing these capabilities."""
    _check(names)
    return pytest.mark.peer(*names)


def require(*names: str) -> None:
    """Skip the module or test that calls this unless everything named is here."""
    _check(names)
    if why := missing(names):
        if is_required(names):
            pytest.fail(f"CI must be able to run this: {why}", pytrace=False)
        pytest.skip(why, allow_module_level=True)


def missing(names: tuple[str, ...]) -> str:
    """Why a test that needs all these cannot run, with the remedy; empty when it can."""
    lacking = [CAPABILITIES[name] for name in names if not found(name)]
    return "; ".join(f"needs {one.what} ({one.remedy})" for one in lacking)


def is_required(names: tuple[str, ...]) -> bool:
    """Whether a missing one among these is a failure here, not a skip."""
    return any(name in required() for name in names if not found(name))


@functools.cache
def found(name: str) -> str:
    """The answer of the probe, asked once per process."""
    return CAPABILITIES[name].probe()


@functools.cache
def required() -> frozenset[str]:
    """The names that .ci/required asks for; none outside continuous integration."""
    listed = ROOT / ".ci" / "required"
    if os.environ.get("CI") != "true" or not listed.is_file():
        return frozenset()
    lines = [line.split("#")[0].strip() for line in listed.read_text().splitlines()]
    here = [line for line in lines if is_root() or not line.endswith(" if root")]
    names = tuple(line.removesuffix(" if root") for line in here if line)
    _check(names)
    return frozenset(names)


def _check(names: tuple[str, ...]) -> None:
    for name in names:
        assert name in CAPABILITIES, f"{name!r} is not in the table of tests/capabilities.py"


def is_root() -> str:
    """The rights that `make peers` and the lab's own interfaces want."""
    return "yes" if os.geteuid() == 0 else ""


def _here() -> str:
    return "yes" if (ROOT / "pyproject.toml").is_file() and (ROOT / "sdp").is_dir() else ""


def _packages(*names: str) -> Callable[[], str]:
    """A probe for distributions, all of them installed."""

    def probe() -> str:
        try:
            return " ".join(importlib.metadata.version(name) for name in names)
        except importlib.metadata.PackageNotFoundError:
            return ""

    return probe


def _program(name: str, option: str = "--version") -> Callable[[], str]:
    """A probe for a program on the path that tells its version."""
    return lambda: _first_line(name, option) if shutil.which(name) else ""


def _first_line(*command: str) -> str:
    """The first line that a command prints, if it ends well; "yes" if it prints nothing."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout.strip() or "yes").splitlines()[0] if done.returncode == 0 else ""


def _npm(package: str) -> Callable[[], str]:
    """A probe for an npm package that `make peers` put into the checkout."""

    def probe() -> str:
        description = npm_folder() / package / "package.json"
        if not description.is_file() or not found("node"):
            return ""
        return str(json.loads(description.read_text())["version"])

    return probe


def npm_folder() -> Path:
    """Where `make peers` puts the packages of npm."""
    return built_folder() / "npm" / "node_modules"


def built_folder() -> Path:
    """Where `make peers` puts what does not come from the distribution."""
    return ROOT / ".peers"


def _built(name: str) -> str:
    return "yes" if (built_folder() / name).is_file() else ""


def _installed(name: str) -> Callable[[], str]:
    """A probe for a program that has no option to tell its version and end."""
    return lambda: "yes" if shutil.which(name) else ""


def _pjsua2() -> str:
    """The version in the environment that `make peers` made for it."""
    asked = "import importlib.metadata as data; print(data.version('pjsua2-python'))"
    return _first_line(str(built_folder() / "pjsua2" / "bin" / "python"), "-c", asked)


def _chromium() -> str:
    return _npm("playwright-core")() if shutil.which("chromium") else ""


def _lab() -> str:
    """Whether the kernel lets us make interfaces and translate addresses, away from its own."""
    if not is_root() or not shutil.which("nft"):
        return ""
    rules = "add table t; add chain t c { type nat hook postrouting priority srcnat; }; "
    attempt = f"ip link add one type veth peer name two && nft '{rules} add rule t c masquerade'"
    return _first_line("unshare", "-n", "sh", "-c", attempt)


PEERS = "make peers"
EXTRAS = "pip install 'sipice[{}]'"

CAPABILITIES = {
    "checkout": Capability("the checkout around tests/", _here, "run in a clone"),
    "wheel": Capability(
        "a built wheel", lambda: os.environ.get("SIPICE_WHEEL", ""), "done by make wheel"
    ),
    "traces": Capability(
        "the foreign traces", lambda: "yes" if traces_dir() else "", "set SIPICE_TRACES"
    ),
    "cli": Capability(
        "the extra cli",
        _packages("typer", "rich", "dpkt", "wsproto"),
        EXTRAS.format("cli"),
    ),
    "mdns": Capability("the extra mdns", _packages("zeroconf"), EXTRAS.format("mdns")),
    "transform": Capability(
        "the extra transform", _packages("sdp-transform"), EXTRAS.format("transform")
    ),
    "aioice": Capability("aioice", _packages("aioice"), "pip install aioice"),
    "aiosip": Capability("aiosip 0.2.0", _packages("aiosip"), EXTRAS.format("aiosip")),
    "aiosipua": Capability("aiosipua", _packages("aiosipua"), "pip install aiosipua"),
    "uvloop": Capability("uvloop", _packages("uvloop"), "pip install uvloop"),
    "root": Capability("root", is_root, "run as root"),
    "netns": Capability(
        "network namespaces",
        lambda: _first_line("unshare", "-Urn", "true"),
        "allow unprivileged user namespaces",
    ),
    "openssl": Capability("openssl", _program("openssl", "version"), PEERS),
    "lab": Capability("a laboratory of network namespaces", _lab, "make peers, then make lab"),
    "coturn": Capability("coturn", _program("turnserver"), PEERS),
    "tcpdump": Capability("tcpdump", _program("tcpdump"), PEERS),
    "libnice": Capability("the driver for libnice", lambda: _built("drv_nice"), PEERS),
    "baresip": Capability("baresip", _installed("baresip"), PEERS),
    "linphone": Capability("linphone's console phone", _installed("linphonec"), PEERS),
    "pjsua2": Capability("pjsua2 in an environment of its own", _pjsua2, PEERS),
    "sipp": Capability("sipp", _installed("sipp"), PEERS),
    "chromium": Capability("chromium and playwright-core", _chromium, PEERS),
    "rtpengine": Capability("rtpengine", _program("rtpengine"), PEERS),
    "node": Capability("node", _program("node"), PEERS),
    "npm-sdp-transform": Capability("npm's sdp-transform", _npm("sdp-transform"), PEERS),
}


def table() -> list[str]:
    """One line for each capability: name, whether it is here, remedy if not."""
    width = max(map(len, CAPABILITIES))
    return [
        f"{name:{width}}  {found(name) or f'missing: {one.remedy}'}"
        for name, one in CAPABILITIES.items()
    ]


def missing_peers() -> str:
    """One line about the peers that `make peers` would bring."""
    names = [name for name, one in CAPABILITIES.items() if one.remedy == PEERS and not found(name)]
    if not names:
        return "all peers are here"
    return f"peers missing: {', '.join(names)}; their tests were skipped; get them: {PEERS}"


if __name__ == "__main__":
    sys.stdout.write("\n".join([missing_peers()] if "--missing" in sys.argv else table()) + "\n")
