from __future__ import annotations

from tests.capabilities import require

require("cli")

from tests.cli.explained import explain


def test_the_timeline_is_cut_where_it_is_long_and_whole_when_asked_for() -> None:
    short, full = explain("relayed-a").out, explain("relayed-a", "-v").out
    assert "lines left out; -v shows all" in short
    assert "left out" not in full
    assert len(full) > len(short)


def test_what_decides_is_never_left_out() -> None:
    out = explain("wrong-password-b").out
    assert "..." in out
    assert "the peer's description came" in out


def test_with_an_epoch_the_time_of_day_is_shown() -> None:
    out = explain("connected-a").out
    assert "0 is when the peer's description came (2026-01-01 00:00:00.060 UTC)" in out
    assert "UTC" not in explain("connected-b").out


def test_settings_that_are_not_default_are_shown() -> None:
    assert "configured: trickle on" in explain("trickle-a").out
    assert "TURN server 203.0.113.11:3478" in explain("trickle-a").out
    assert "no STUN or TURN server" in explain("connected-a").out
