"""The table of ``sipice gather``."""

from __future__ import annotations

from tests.capabilities import require

require("cli")

from io import StringIO

from rich.console import Console

from sipice.aio.interfaces import LocalAddress
from sipice.cli.asked import Asked
from sipice.cli.gather_render import render
from sipice.ice import Candidate, CandidateType
from sipice.net import Address

LAN = LocalAddress(Address.parse("192.0.2.1", 0).ip, "eth0", 2)


def text(asked: list[Asked], candidates: list[Candidate]) -> list[str]:
    page = StringIO()
    Console(file=page, width=100).print(render([LAN], asked, candidates))
    return [line.rstrip() for line in page.getvalue().split("\n")]


def test_a_server_that_has_not_answered_yet_has_dots() -> None:
    lines = text([Asked("stun:a", "192.0.2.1:5000", "STUN", asked_at=0.05)], [])
    assert lines[3].split() == ["stun:a", "192.0.2.1:5000", "50", "ms", "-", "..."]


def test_equal_failures_are_told_once() -> None:
    rows = [Asked("stun:a", base, "STUN", why="no answer") for base in ("x:1", "y:1")]
    lines = text(rows, [])
    assert lines.count("! stun:a: no answer") == 1
    assert sum("failed" in line for line in lines) == 2


def test_a_relay_without_room_shows_both_what_it_gave_and_what_not() -> None:
    one = Asked("turn:a", "b", "TURN", mapped="198.51.100.1:1", took=0.01, why="the quota (486)")
    lines = text([one], [])
    assert "srflx 198.51.100.1:1" in lines[3]
    assert "! turn:a: the quota (486)" in lines


def test_candidates_stand_in_the_order_of_preference() -> None:
    addresses = [Address.parse(host, 9) for host in ("192.0.2.1", "192.0.2.2")]
    low, high = (
        Candidate(1, CandidateType.HOST, address, priority, str(priority))
        for address, priority in zip(addresses, (5, 7), strict=True)
    )
    lines = text([], [low, high])
    assert [line.split()[4] for line in lines if "candidate" in line] == ["192.0.2.2", "192.0.2.1"]
