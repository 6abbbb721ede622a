"""``sipice show`` as a person meets it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.capabilities import require

require("cli")

from tests.cli.run import RECORDED, SYNTHETIC, run

ORDINARY = SYNTHETIC / "ordinary.sdp"
SECRET = "mlti"


def test_streams_candidates_and_conclusions_are_shown() -> None:
    ended = run("show", RECORDED / "linphone-linphone-tcp.1.offer.sdp")
    assert ended.code == 0
    assert "Stream 0: audio" in ended.out
    assert "126/65535/129" in ended.out
    assert "the priority encodes component 129, the line says 1" in ended.out
    assert "=> ICE is on" in ended.out


def test_passwords_are_masked_unless_asked_for() -> None:
    file = SYNTHETIC / "invite-multipart-mixed.sip"
    pwd = "mltiCorrectHorseBatterySta"
    assert pwd not in run("show", file).out
    assert pwd not in run("show", file, "--json").out
    assert "26 characters" in run("show", file).out
    assert pwd in run("show", file, "--secrets").out
    assert pwd in run("show", file, "--secrets", "--json").out


def test_one_json_document_holds_all_inputs() -> None:
    ended = run("show", "--json", ORDINARY, SYNTHETIC / "info-trickle.sip", "missing.sdp")
    assert ended.code == 2
    first, second, third = ended.json["inputs"]
    assert (first["kind"], second["kind"], third["error"]) == ("sdp", "sip", "does not exist")
    assert second["descriptions"][0]["kind"] == "fragment"
    stream = second["descriptions"][0]["streams"][0]["facts"]
    assert stream["candidates"][0]["type_preference"] == 100
    assert stream["credentials"] == {
        "ufrag": "mlti",
        "pwd": None,
        "pwd_length": 26,
        "level": "session",
    }


def test_line_numbers_are_those_of_the_file() -> None:
    file = SYNTHETIC / "invite-multipart-mixed.sip"
    number = next(
        number
        for number, line in enumerate(file.read_bytes().split(b"\n"), 1)
        if line.startswith(b"m=audio")
    )
    assert f"line {number}" in run("show", file).out


def test_files_are_compared_only_when_they_are_said_to_be_one_call() -> None:
    names = ("1.offer", "2.answer", "3.offer")
    files = [RECORDED / f"linphone-linphone-tcp.{name}.sdp" for name in names]
    assert "~>" not in run("show", *files).out
    out = run("show", "--sequence", *files).out
    assert out.count("~> Same ufrag and password as before: no ICE restart.") == 1


def test_a_sequence_makes_the_second_file_an_answer(tmp_path: Path) -> None:
    answer = tmp_path / "answer.sdp"
    answer.write_bytes(
        b"v=0\r\no=b 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"
        b"m=audio 4000 RTP/AVP 0\r\n"
    )
    ended = run("show", "--sequence", RECORDED / "baresip-baresip-udp.1.offer.sdp", answer)
    assert "The offer had ICE, this answer turns it off" in " ".join(ended.out.split())


def test_stdin_is_read_for_a_dash() -> None:
    ended = run("show", "-", stdin=ORDINARY.read_bytes())
    assert ended.code == 0
    assert ended.out.startswith("(stdin)")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    out = run("show", RECORDED / "chromium-audio-mdns.1.offer.sdp", width=width).out
    assert max(map(len, out.split("\n"))) <= width


def test_output_in_a_pipe_is_plain() -> None:
    out = run("show", RECORDED / "chromium-audio-mdns.1.offer.sdp").out
    assert out.isascii()
    assert "\x1b" not in out
    assert max(map(len, out.split("\n"))) <= 100
    assert not [line for line in out.split("\n") if line != line.rstrip()]


def test_control_characters_from_outside_are_escaped(tmp_path: Path) -> None:
    file = tmp_path / "evil.sdp"
    file.write_bytes(
        b"v=0\r\no=\x1b[2J 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"
        b"m=au\x1b]0;x\x07dio 9 RTP/AVP 0\r\na=mid:\xff\x9b31m\r\n"
        b"a=ice-ufrag:\x1b[31m\r\na=ice-pwd:\x00\r\n"
        b"a=candidate:\x07 1 UDP 1 \x1bc 9 typ \x08host\r\n"
        b"a=candidate:\x1b nonsense\r\n"
    )
    for more in ((), ("--secrets",), ("--json", "--secrets")):
        out = run("show", file, *more).data
        assert not set(range(32)) - {10} & set(out)
        assert out.isascii()


def test_every_synthetic_file_can_be_shown() -> None:
    files = sorted(SYNTHETIC.glob("*.*"))
    assert len(files) > 100
    for file in files:
        ended = run("show", file)
        assert ended.code == 0 or "without SDP" in ended.err, (file, ended.err)


@pytest.mark.parametrize("command", [("show", "-v"), ("show", "--json", "--sequence"), ("lint",)])
def test_damaged_inputs_never_end_in_a_traceback(command: tuple[str, ...], tmp_path: Path) -> None:
    chance = random.Random(8839)
    sources = [*sorted(SYNTHETIC.glob("*.s*")), *sorted(RECORDED.glob("*.pcap")) * 10]
    names = []
    for number in range(80):
        data = bytearray(chance.choice(sources).read_bytes())
        for _ in range(chance.randrange(1, 8)):
            place = chance.randrange(len(data) or 1)
            data[place : place + chance.randrange(20)] = chance.randbytes(chance.randrange(20))
        names.append(tmp_path / str(number))
        names[-1].write_bytes(data)
    ended = run(*command, *names)  # what the program raises is raised here
    assert ended.code in (1, 2)
    assert not set(range(32)) - {10} & set(ended.data)
    assert all(line.startswith("sipice: ") for line in ended.err.split("\n")[:-1])
