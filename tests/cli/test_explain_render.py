from __future__ import annotations

from tests.capabilities import require

require("cli")

import json
from pathlib import Path

from tests.cli.explained import explain
from tests.cli.run import run


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


def test_a_server_is_called_by_its_uri_or_its_address(tmp_path: Path) -> None:
    servers = [
        {"kind": "turn", "uri": "turns:a.example", "transport": "TLS"},
        {"kind": "stun", "address": "192.0.2.9:3478", "transport": "UDP"},
    ]
    agent = {"at": 0.0, "is": "agent", "role": "controlling", "config": {"servers": servers}}
    file = tmp_path / "named.jsonl"
    file.write_text(json.dumps(agent) + "\n", encoding="utf-8")
    out = run("explain", file).out
    assert "TURN server turns:a.example" in out
    assert "STUN server 192.0.2.9:3478" in out
