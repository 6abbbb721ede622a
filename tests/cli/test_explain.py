"""``sipice explain`` as a person meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.capabilities import require

require("cli")

from tests.cli.explained import CASES, FOLDER, explain, record
from tests.cli.run import run
from tests.scenarios.recorded import ALL, session


@pytest.mark.parametrize("case", CASES)
def test_the_explanation_is_as_it_was(case: str) -> None:
    expected = (FOLDER / f"{case}.txt").read_text(encoding="utf-8")
    ended = explain(case)
    assert ended.code == 0
    assert ended.out == expected, "python -m tests.cli.explained writes it again"


def test_no_golden_explanation_is_left_over() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(CASES)


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("connected-a", "connected after 100 ms"),
        ("connected-a", "50 ms 50 ms 1 RTT"),
        ("lost-packet-a", "packets were lost"),
        ("conflict-b", "Both sides wanted to be controlling"),
        ("failure-a", "No TURN server is configured"),
        ("relayed-a", "waited 400 ms for 4 better pairs"),
        ("relayed-a", "Our NAT changes ports for each destination"),
        ("consent-lost-a", "Media had to stop (RFC 7675 5.1)"),
        ("one-way-a", "One-way: 7 checks of the peer arrived"),
        ("wrong-password-b", "The peer answered 401"),
        ("silent-peer-a", "no check of the peer came either"),
        ("no-answer-a", "it has our description, and its answer was lost"),
        ("turn-refused-a", "does not accept user name and password"),
        ("other-family-a", "we have only IPv4, the peer only IPv6"),
    ],
)
def test_the_cause_is_named(case: str, text: str) -> None:
    assert text in " ".join(explain(case).out.split())


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("case", ["relayed-a", "restart-a", "consent-lost-a"])
def test_no_line_is_wider_than_the_terminal(case: str, width: int) -> None:
    for options in ((), ("-v",)):
        assert max(map(len, explain(case, *options, width=width).out.split("\n"))) <= width


@pytest.mark.parametrize("name", ALL)
def test_every_session_can_be_told_in_full_and_as_json(name: str, tmp_path: Path) -> None:
    told = session(name)
    for end, text in (("a", told.a), ("b", told.b)):
        file = tmp_path / f"{end}.jsonl"
        file.write_text(text, encoding="utf-8")
        shown = run("explain", "-v", file)
        assert shown.code == 0, shown.err
        document = run("explain", "--json", file).json
        (one,) = document["sessions"]
        assert one["agents"][0]["runs"][0]["verdict"] in " ".join(
            run("explain", file, width=500).out.split()
        )
        for secret in told.secrets:
            assert secret not in shown.out + json.dumps(document)


def test_a_replay_that_goes_the_same_way_says_so() -> None:
    ended = explain("trickle-a", "--replay")
    assert ended.code == 0
    assert "replayed, the same decisions" in ended.out


def test_a_replay_that_differs_says_where(tmp_path: Path) -> None:
    lines = record("connected-a").split("\n")
    at = next(n for n, line in enumerate(lines) if '"check-sent"' in line)
    lines[at] = lines[at].replace("ordinary", "triggered").replace("203.0.113.22", "203.0.113.99")
    file = tmp_path / "changed.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    ended = run("explain", "--replay", file)
    assert ended.code == 1
    assert f"differs from line {at + 1} on: something else happened" in " ".join(ended.out.split())
    assert "203.0.113.99" in ended.out
    found = run("explain", "--replay", "--json", file).json["sessions"][0]["replay"]
    assert found["line"] == at + 1
    assert found["recorded"]["is"] == found["replayed"]["is"] == "check-sent"


def test_several_sessions_in_one_file_are_told_apart(tmp_path: Path) -> None:
    one = [json.loads(line) for line in record("connected-a").split("\n")[:-1]]
    other = [json.loads(line) for line in record("failure-a").split("\n")[:-1]]
    mixed = [{**record, "session": "leg 1"} for record in one]
    mixed[5:5] = [{**record, "session": "leg 2"} for record in other]
    file = tmp_path / "both.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in mixed), encoding="utf-8")
    ended = run("explain", file)
    assert "session leg 1" in ended.out
    assert "connected after 100 ms" in ended.out
    assert "session leg 2" in ended.out
    assert "FAILED after 39.55 s" in ended.out
    assert run("explain", "--replay", file).code == 0


def test_stdin_is_read_for_a_dash() -> None:
    ended = run("explain", "-", stdin=record("connected-a").encode())
    assert ended.code == 0
    assert ended.out.startswith("(stdin)")


def test_a_record_that_is_still_being_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "cut.jsonl"
    file.write_text(record("connected-a")[:-20], encoding="utf-8")
    ended = run("explain", file)
    assert ended.code == 0
    assert "the last line of the file is incomplete" in ended.out


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is empty"),
        (b" \n", "holds nothing but blanks"),
        (b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n", "line 1 is no JSON object with at and is"),
        (b"\xff\xfe\x00", "line 1 is no JSON object with at and is"),
        (b'{"at":0,"is":"check-sent"}\n', "does not begin with an agent"),
        (b'{"at":0,"is":"agent"}\n', "line 1 (agent) cannot be understood"),
        (b"[" * 100_000, "line 1 is no JSON object with at and is"),
    ],
)
def test_what_is_no_record_gets_one_clear_line(data: bytes, text: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong"
    file.write_bytes(data)
    ended = run("explain", file)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert text in ended.err


def test_a_missing_file_does_not_keep_the_others_back(tmp_path: Path) -> None:
    file = tmp_path / "good.jsonl"
    file.write_text(record("connected-a"), encoding="utf-8")
    ended = run("explain", "missing.jsonl", tmp_path, file)
    assert ended.code == 2
    assert "connected after" in ended.out
    assert "missing.jsonl does not exist" in ended.err
    assert "is a directory" in ended.err
