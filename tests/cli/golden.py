"""Outputs that are kept: ``python -m tests.cli.golden`` writes them again.

Golden files stand in golden/. In README.md and docs/ an indented block that begins with
``$ sipice`` holds the output of that command, run where README.md lies; ``| head -N`` shows its
first lines only.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from tests.cli.run import TRACES, Ended, run

FOLDER = Path(__file__).with_name("golden")
ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/cli.md")

CASES: dict[str, tuple[str, ...]] = {
    "show-offer": ("show", "recorded/baresip-baresip-udp.1.offer.sdp"),
    "show-webrtc": ("show", "recorded/chromium-audio-mdns.1.offer.sdp"),
    "show-mismatch": ("show", "synthetic/default-not-a-candidate.sdp"),
    "show-message": ("show", "synthetic/invite-multipart-alternative.sip"),
    "show-fragment": ("show", "synthetic/trickle-info.sdpfrag"),
    "show-capture": ("show", "recorded/linphone-linphone-tcp.pcap"),
    "show-capture-verbose": ("show", "-v", "recorded/baresip-baresip-udp.pcap"),
    "show-json": ("show", "--json", "synthetic/two-components.sdp"),
    "rewrite-diff": (
        *("rewrite", "put", "recorded/sipp-sipp-udp.1.offer.sdp"),
        *("--ufrag", "8hhY", "--pwd", "asd88fgpdd777uzjYhagZg", "--diff"),
        *("--candidate", "1 1 UDP 2130706431 192.0.2.10 50000 typ host"),
        *("--destination", "192.0.2.10:50000"),
    ),
}
"""Name: arguments; files are below tests/traces."""

_BLOCK = re.compile(r"^    \$ sipice (.*)\n((?:    .*\n|\n(?=(?:\n)*    ))*)", re.MULTILINE)
_HEAD = re.compile(r"(.*?) \| head -(\d+)")


def output(arguments: tuple[str, ...]) -> str:
    """What a command writes to stdout, with names relative to tests/traces."""
    return _run_in(TRACES, arguments).out


def page(text: str) -> str:
    """A page with the output of each command as it is now."""
    return _BLOCK.sub(lambda found: _block(found[1]), text)


def _block(command: str) -> str:
    head = _HEAD.fullmatch(command)
    line, count = (head[1], int(head[2])) if head else (command, None)
    ended = _run_in(ROOT, tuple(shlex.split(line)))
    lines = (ended.out + ended.err).split("\n")[:-1][:count]
    shown = [f"    {one}" if one else "" for one in lines]
    return "\n".join([f"    $ sipice {command}", *shown, ""])


def _run_in(folder: Path, arguments: tuple[str, ...]) -> Ended:
    before = Path.cwd()
    os.chdir(folder)
    try:
        return run(*arguments)
    finally:
        os.chdir(before)


def write_again() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, arguments in CASES.items():
        (FOLDER / f"{name}.txt").write_text(output(arguments), encoding="utf-8")
    for name in PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        (ROOT / name).write_text(page(text), encoding="utf-8")


if __name__ == "__main__":
    write_again()
