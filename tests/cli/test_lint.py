"""``sipice lint``: findings with places, choices of rules, exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capabilities import require

require("cli")

from tests.cli.run import SYNTHETIC, run

GOOD = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    b"m=audio 5000 RTP/AVP 0\r\n"
)
JUNK = GOOD + b"junk\r\n"
BARE_LF = GOOD.replace(b"\r\n", b"\n")


def test_a_finding_stands_on_one_line_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "junk.sdp"
    file.write_bytes(JUNK)
    ended = run("lint", "--select", "SDP011", file)
    assert ended.code == 1
    assert ended.out.startswith(f"{file}:7: error SDP011 ")
    assert ended.out.count("\n") == 1


def test_no_findings_are_said_to_be_none() -> None:
    ended = run("lint", "--select", "SDP", "-", stdin=GOOD)
    assert (ended.code, ended.out) == (0, "(stdin): no findings\n")


@pytest.mark.parametrize(
    ("data", "options", "code"),
    [
        (JUNK, (), 1),
        (JUNK, ("--fail-on", "never"), 0),
        (JUNK, ("--ignore", "sdp011"), 0),
        (BARE_LF, (), 0),
        (BARE_LF, ("--strict",), 1),
        (BARE_LF, ("--fail-on", "info"), 1),
        (BARE_LF, ("--fail-on", "error"), 0),
        (b"", (), 2),
    ],
)
def test_the_exit_code_follows_the_worst_finding(
    data: bytes, options: tuple[str, ...], code: int
) -> None:
    assert run("lint", "--select", "SDP", *options, "-", stdin=data).code == code


def test_json_tells_everything_of_each_finding() -> None:
    file = SYNTHETIC / "invite-multipart-mixed.sip"
    document = run("lint", "--json", "-", "missing", stdin=JUNK).json
    stdin, missing = document["inputs"]
    assert missing["error"] == "does not exist"
    [finding] = [f for f in stdin["findings"] if f["code"] == "SDP011"]
    assert finding == {
        "code": "SDP011",
        "severity": "error",
        "message": finding["message"],
        "rfc": "8866",
        "section": "5",
        "line": 7,
        "file_line": 7,
        "stream": 0,
        "role": None,
        "carrier": None,
        "call": None,
        "call_id": None,
        "exchange": None,
        "message_size": None,
        "packet": None,
        "time": None,
    }
    assert document["counts"]["error"] >= 1
    assert run("lint", "--json", file).json["inputs"][0]["kind"] == "sip"


def test_in_a_message_lines_are_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "invite.sip"
    head = b"INVITE sip:a@b SIP/2.0\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n"
    file.write_bytes(head % len(JUNK) + JUNK)
    assert f"{file}:11: error SDP011" in run("lint", file).out


def test_a_long_message_over_udp_is_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "invite.sip"
    head = (
        b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n"
        b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n"
    )
    body = GOOD + b"a=x-long:" + b"x" * 1300 + b"\r\n"
    file.write_bytes(head % len(body) + body)
    ended = run("lint", "--select", "SIP", file)
    assert ended.code == 1
    assert f"{file}: INVITE (offer): warning SIP001 the SIP message has 1,5" in ended.out
    file.write_bytes(head % 5 + body)
    assert "SIP002 Content-Length is 5" in run("lint", "--select", "SIP002", file).out


def test_successive_descriptions_of_one_side_are_compared(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("offer.sdp", "answer.sdp", "again.sdp")]
    ice = GOOD.replace(
        b"t=0 0\r\n", b"t=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:" + b"a" * 22 + b"\r\n"
    )
    files[0].write_bytes(ice)
    files[1].write_bytes(ice.replace(b"o=- 1", b"o=- 2"))
    files[2].write_bytes(ice.replace(b"abcd", b"efgh"))
    assert "ICE701" not in run("lint", *files).out
    out = run("lint", "--sequence", *files).out
    [finding] = [line for line in out.split("\n") if ": error ICE701" in line]
    assert finding.startswith(f"{files[2]}:")


def test_many_inputs_get_a_summary() -> None:
    files = sorted(SYNTHETIC.glob("*.sdp"))
    ended = run("lint", "--summary", *files, "missing.sdp")
    assert ended.code == 2
    assert f"{len(files) + 1} inputs, 1 unusable: " in ended.out
    assert "Not an SDP line" in ended.out
    assert str(SYNTHETIC / "junk-line.sdp") in ended.out.replace("\n", "")
    assert "sipice: missing.sdp does not exist" in ended.err


def test_rules_are_listed_and_explained() -> None:
    listed = run("lint", "--list").out
    assert "SDP011" in listed
    assert "SIP001" in listed
    explained = run("lint", "--explain", "sdp011").out
    assert explained.startswith("SDP011 ")
    assert "\nbad:\n" in explained
    assert "\ngood:\n" in explained
    assert run("lint", "--explain", "SDP001").out.count("<LF>") > 5
    rules = run("lint", "--list", "--json").json["rules"]
    assert {"code", "severity", "title", "rfc", "section", "why", "bad", "good"} == set(rules[0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give at least one FILE"),
        (("--explain", "XYZ1"), "there is no rule XYZ1"),
        (("--select", "XYZ", "-"), "no rule has a code that begins with XYZ"),
        (("--ignore", "SDP,XYZ", "-"), "no rule has a code that begins with XYZ"),
        (("missing",), "missing does not exist"),
    ],
)
def test_wrong_usage_gets_one_line(arguments: tuple[str, ...], words: str) -> None:
    ended = run("lint", *arguments)
    assert ended.code == 2
    assert words in ended.err
    assert ended.err.count("\n") == 1


def test_control_characters_from_outside_are_escaped(tmp_path: Path) -> None:
    file = tmp_path / "evil.sdp"
    file.write_bytes(GOOD + b"a=ice-ufrag:\x1b[2J\r\n\x1b]0;title\x07\r\na=mid:\x9b\xff\r\n")
    for more in ((), ("--json",), ("--summary",)):
        assert not set(range(32)) - {10} & set(run("lint", file, *more).data)
