"""Network namespaces whose names share a prefix: made from a plan, entered, removed.

Interfaces are born inside their namespaces, so nothing of the machine's own network changes.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from tests.lab.plan import Node, Plan

FOLDER = Path("/run/netns")
OWN = re.compile(r"sl(\d+)[a-z]*-")
"""The prefix of a laboratory that belongs to a process."""


class LabError(Exception):
    """The laboratory could not be built; says what failed."""


def build(plan: Plan, prefix: str) -> None:
    """Makes all namespaces of a plan; raises LabError."""
    own_run()
    _batch([f"netns add {prefix}{name}" for name in plan.nodes])
    _batch(
        [
            f"link add name {here} netns {prefix}{one} type veth peer name {there} "
            f"netns {prefix}{other}"
            for one, here, other, there in plan.cables
        ]
    )
    shells = [(node, _shell(node, prefix)) for node in plan.nodes.values()]
    for node, shell in shells:
        _, said = shell.communicate()
        if shell.returncode:
            raise LabError(f"{node.name}: {said.strip()}")


def enter(prefix: str, node: str, *command: str) -> list[str]:
    """The command line that runs a command in a node."""
    return ["ip", "netns", "exec", f"{prefix}{node}", *command]


def remove(prefix: str) -> None:
    """Ends what runs in the namespaces of this prefix and removes them; fine if there are none."""
    names = [name for name in listed() if name.startswith(prefix)]
    for name in names:
        _end_all(name)
    for name in names:
        subprocess.run(["ip", "netns", "delete", name], capture_output=True)


def sweep() -> list[str]:
    """Removes what laboratories have left whose process is gone; gives their prefixes."""
    owners = {match.group(): match.group(1) for name in listed() if (match := OWN.match(name))}
    left = [prefix for prefix, owner in owners.items() if not Path(f"/proc/{owner}").exists()]
    for prefix in left:
        remove(prefix)
    return left


def listed() -> list[str]:
    """The names of all namespaces of this machine that have one."""
    return sorted(path.name for path in FOLDER.iterdir()) if FOLDER.is_dir() else []


def own_run() -> None:
    """Inside ``unshare -Urnm`` the place for names belongs to somebody else: take another."""
    if not os.access(FOLDER.parent, os.W_OK):
        subprocess.run(["mount", "-t", "tmpfs", "none", str(FOLDER.parent)], check=True)


def _batch(lines: list[str]) -> None:
    done = subprocess.run(
        ["ip", "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True
    )
    if done.returncode:
        raise LabError(done.stderr.strip())


def _shell(node: Node, prefix: str) -> subprocess.Popen[str]:
    """Started with its script on the way, so that all nodes are set up at the same time."""
    return subprocess.Popen(
        enter(prefix, node.name, "sh", "-c", node.script()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end_all(name: str) -> None:
    """Processes that live in a namespace of ours were started for the laboratory."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 1
        while processes := _processes(name):
            for process in processes:
                _signal(process, number)
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)


def _processes(name: str) -> list[int]:
    done = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
    return [int(number) for number in done.stdout.split()]


def _signal(process: int, number: signal.Signals) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return
