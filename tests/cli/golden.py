"""Outputs that are kept as files: ``python -m tests.cli.golden`` writes them again."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cli.run import TRACES, run

FOLDER = Path(__file__).with_name("golden")

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


def output(arguments: tuple[str, ...]) -> str:
    """What the command writes, with names relative to tests/traces."""
    before = Path.cwd()
    os.chdir(TRACES)
    try:
        ended = run(*arguments)
    finally:
        os.chdir(before)
    return ended.out


def write_again() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, arguments in CASES.items():
        (FOLDER / f"{name}.txt").write_text(output(arguments), encoding="utf-8")


if __name__ == "__main__":
    write_again()
