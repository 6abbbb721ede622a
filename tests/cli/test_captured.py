"""Captures on the command line: what is in them, and one clear line where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capabilities import require

require("cli")

from tests.capture import writer
from tests.cli import messages
from tests.cli.run import RECORDED, run

CALL = messages.capture(*messages.call())
REGISTER = messages.message("REGISTER sip:example.org SIP/2.0", "1 REGISTER")
TLS = writer.TcpTalk()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (messages.capture(), "is a capture without packets"),
        (messages.capture(writer.udp(b"hello")), "is a capture of 1 packet with no SIP"),
        (messages.capture(messages.there(REGISTER)), "1 SIP message, but no offer and no answer"),
        (
            messages.capture(*TLS.opening(), TLS.say(b"\x16\x03\x01\x00\x05hello")),
            "no SIP that can be read; TLS, cannot be read",
        ),
        (CALL[:20], "is not a capture: the file header is cut"),
        (CALL[:30], "is a capture without packets; the capture ends in the middle of a packet"),
        (bytes.fromhex("0a0d0d0a") + bytes(40), "is not a capture: "),
        (b"\xd4\xc3\xb2\xa1" + bytes(range(256)) * 8, "is a capture"),
    ],
)
@pytest.mark.parametrize("command", ["show", "lint"])
def test_a_capture_without_calls_gets_one_line(
    data: bytes, words: str, command: str, tmp_path: Path
) -> None:
    file = tmp_path / "x.pcap"
    file.write_bytes(data)
    ended = run(command, file)
    assert ended.code == 2
    assert words in ended.err
    assert ended.err.count("\n") == 1


def test_a_cut_capture_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "cut.pcap"
    file.write_bytes(CALL[:-100])
    ended = run("show", file)
    assert ended.code == 0
    assert "! the capture ends in the middle of a packet (packet 4)" in ended.out
    assert "1: answered" in ended.out


def test_a_capture_may_come_from_stdin() -> None:
    assert "1 call" in run("show", "-", stdin=CALL).out


def test_the_exchanges_come_in_order_with_their_outcome() -> None:
    ended = run("show", "-", stdin=CALL)
    assert ended.code == 0
    rows = [line.split() for line in ended.out.split("\n") if line.startswith("    +")]
    assert [row[:4] for row in rows] == [
        ["+0.000", "1", "offer", "INVITE"],
        ["+0.010", "1", "answer", "200"],
        ["+0.020", "2", "offer", "INVITE"],
        ["+0.030", "2", "answer", "200"],
    ]
    out = " ".join(ended.out.split())
    assert "Call 1 sip:alice@example.org -> sip:bob@example.org" in out
    assert "Call-ID call-1, started 2023-11-14 22:13:20.000 UTC" in out
    assert "answer, stream 0: The offer had ICE, this answer turns it off" in out
    assert "offer, stream 0: ICE restart: the ufrag was aaaa and is cccc." in out
    assert "answer, stream 0: ICE was off before and is on now" in out


def test_details_come_for_one_call_or_for_all() -> None:
    assert "Stream 0" not in run("show", "-", stdin=CALL).out
    assert run("show", "-v", "-", stdin=CALL).out.count("Stream 0: audio") == 4
    detailed = run("show", "--call", "1", "-", stdin=CALL).out
    assert "(stdin): call 1, packet 2, 200 INVITE (answer)" in detailed
    ended = run("show", "--call", "2", "-", stdin=CALL)
    assert (ended.code, ended.err) == (2, "sipice: (stdin) has 1 call and no call 2\n")


def test_a_call_may_be_named_by_its_call_id() -> None:
    assert "Stream 0" in run("show", "--call", "call-1", "-", stdin=CALL).out


def test_many_calls_are_told_in_a_line_each() -> None:
    offer = messages.description("alice", "192.0.2.1", ice="aaaa")
    packets = [
        messages.there(messages.invite(offer, call_id=f"call-{number}")) for number in range(1, 12)
    ]
    packets.append(messages.back(messages.answer(messages.description("bob", "192.0.2.2"))))
    ended = run("show", "-", stdin=messages.capture(*packets))
    rows = [line.split() for line in ended.out.split("\n") if "sip:alice" in line]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 12)]
    assert rows[0][1:] == [
        *("2023-11-14", "22:13:20", "sip:alice@example.org", "sip:bob@example.org", "ICE"),
        *("answered:", "no", "ICE"),
    ]
    assert " ".join(rows[1][6:]) == "no answer seen"


def test_json_holds_calls_dialogs_and_exchanges() -> None:
    [given] = run("show", "--json", "-", stdin=CALL).json["inputs"]
    assert (given["kind"], given["messages"]) == ("capture", 4)
    [call] = given["calls"]
    assert (call["call_id"], call["from"]) == ("call-1", "sip:alice@example.org")
    [dialog] = call["dialogs"]
    first, second = dialog["exchanges"]
    assert (first["outcome"], first["pattern"], first["preview"]) == ("answered", 1, None)
    assert first["offer"]["carrier"]["packet"] == 1
    assert second["answer"]["streams"][0]["since_previous"]
    assert "b" * 22 not in run("show", "--json", "-", stdin=CALL).out


def test_findings_name_call_and_message(tmp_path: Path) -> None:
    file = tmp_path / "call.pcap"
    body = messages.description("alice", "192.0.2.1") + b"junk\r\n"
    file.write_bytes(messages.capture(messages.there(messages.invite(body))))
    ended = run("lint", "--select", "SDP011", file)
    assert ended.code == 1
    assert ended.out.startswith(
        f"{file}: call 1, packet 1, INVITE (offer), SDP line 8: error SDP011 "
    )
    [finding] = run("lint", "--json", "--select", "SDP011", file).json["inputs"][0]["findings"]
    assert (finding["line"], finding["file_line"]) == (8, None)
    assert (finding["call"], finding["call_id"], finding["packet"]) == (1, "call-1", 1)


def test_a_forked_offer_is_linted_once() -> None:
    body = messages.description("alice", "192.0.2.1") + b"junk\r\n"
    packets = [
        messages.there(messages.invite(body)),
        messages.back(messages.answer(b"", status="180 Ringing", to_tag="b1")),
        messages.back(messages.answer(b"", status="180 Ringing", to_tag="b2")),
    ]
    document = run("lint", "--json", "-", stdin=messages.capture(*packets)).json
    codes = [finding["code"] for finding in document["inputs"][0]["findings"]]
    assert codes.count("SDP011") == 1


def test_a_text_of_several_messages_is_read_as_calls() -> None:
    offer = messages.invite(messages.description("alice", "192.0.2.1", ice="aaaa"))
    reply = messages.answer(messages.description("bob", "192.0.2.2"))
    log = b"2026-01-01 10:00:00 sent\r\n" + offer + b"\r\n--- received\r\n" + reply
    ended = run("show", "-", stdin=log)
    assert ended.code == 0
    assert "text, 2 SIP messages, 1 call" in ended.out
    assert "The offer had ICE, this answer turns it off" in " ".join(ended.out.split())
    assert run("rewrite", "strip", "-", stdin=log).code == 2


def test_a_log_with_one_message_has_its_line_numbers() -> None:
    body = messages.description("alice", "192.0.2.1") + b"junk\r\n"
    log = b"one\ntwo\n" + messages.invite(body)
    number = 1 + log.split(b"\n").index(b"junk\r")
    assert f"(stdin):{number}: error SDP011" in run("lint", "-", stdin=log).out


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.pcap")), ids=lambda file: str(file.stem))
def test_recorded_calls_are_shown(file: Path) -> None:
    ended = run("show", "-v", file)
    assert ended.code == 0, ended.err
    assert "Call 1" in ended.out
    assert run("lint", "--fail-on", "never", file).code == 0
