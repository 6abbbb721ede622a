"""What kind of input some bytes are, and one clear line for each that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sipice.cli.inputs import (
    Input,
    InputError,
    Kind,
    found_in_text,
    kind_of,
    read_input,
    shown_name,
)

SYNTHETIC = Path(__file__).resolve().parents[1] / "traces" / "synthetic"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\n", Kind.SDP),
        (b"\xef\xbb\xbfv=0\no=- 1 1 IN IP4 1.2.3.4\n", Kind.SDP),
        (b"\r\n\r\nv=0\r\n", Kind.SDP),
        (b"m=audio 9 RTP/AVP 0\n", Kind.SDP),
        (b"a=ice-ufrag:abcd\r\na=ice-pwd:x\r\nm=audio 9 RTP/AVP 0\r\n", Kind.FRAGMENT),
        (b"a=candidate:1 1 UDP 1 1.2.3.4 5 typ host", Kind.FRAGMENT),
        (b"INVITE sip:a@b SIP/2.0\r\n\r\n", Kind.SIP),
        (b"SIP/2.0 200 OK\r\n\r\n", Kind.SIP),
        (bytes.fromhex("d4c3b2a1"), Kind.CAPTURE),
        (bytes.fromhex("a1b23c4d"), Kind.CAPTURE),
        (bytes.fromhex("0a0d0d0a"), Kind.CAPTURE),
    ],
)
def test_the_kind_is_seen_in_the_bytes(data: bytes, kind: Kind) -> None:
    assert kind_of(data) is kind


def test_a_name_tells_a_fragment_from_a_description() -> None:
    data = b"m=audio 9 RTP/AVP 0\r\na=mid:1\r\n"
    assert kind_of(data, "x.sdpfrag") is Kind.FRAGMENT
    assert kind_of(data, "x.sdp") is Kind.SDP


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \r\n\t\n", "nothing but blanks"),
        (b"\x1f\x8b\x08\x00", "packed with gzip"),
        (b"PK\x03\x04", "packed with zip"),
        (b"\x00\x01\x02" * 50, "is binary"),
        (b"Hello, world\n", "is no SDP"),
        (b'{"type":"offer","sdp":"v=0\\r\\n"}', "is JSON"),
        (b"q=7\nz=8\n", "no v=, o=, c= or m= line"),
        (b"a" * ((16 << 20) + 1), "larger than 16 MiB"),
    ],
)
def test_what_is_unusable_says_why(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        kind_of(data)


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    for name, words in (
        (tmp_path / "missing.sdp", "does not exist"),
        (tmp_path, "is a directory"),
        (tmp_path / "x" / ("y" * 300), "does not exist|cannot be read"),
        (Path("nul\0name"), "is no file name"),
    ):
        with pytest.raises(InputError, match=words):
            read_input(str(name))


def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    file = tmp_path / "locked.sdp"
    file.write_bytes(b"v=0\r\n")
    file.chmod(0)
    if os.geteuid() == 0:  # may read everything
        assert read_input(str(file)).kind is Kind.SDP
        return
    with pytest.raises(InputError, match="permission denied"):
        read_input(str(file))


def test_a_description_beyond_the_limits_is_refused() -> None:
    given = Input("big.sdp", b"v=0\r\n" + b"a=x\r\n" * 70_000, Kind.SDP)
    with pytest.raises(InputError, match="too large: 70001 lines"):
        found_in_text(given)


@pytest.mark.parametrize(
    ("file", "role", "kinds"),
    [
        ("invite-plain.sip", "offer", [False]),
        ("ack-with-answer.sip", "answer", [False]),
        ("ok-answer.sip", None, [False]),
        ("info-trickle.sip", None, [True]),
        ("invite-compact-headers.sip", "offer", [False]),
    ],
)
def test_a_message_tells_what_its_description_is(
    file: str, role: str | None, kinds: list[bool]
) -> None:
    found = found_in_text(read_input(str(SYNTHETIC / file)))
    assert [one.role for one in found] == [role]
    assert [one.is_fragment for one in found] == kinds


def test_of_alternatives_only_the_last_is_an_offer() -> None:
    found = found_in_text(read_input(str(SYNTHETIC / "invite-multipart-alternative.sip")))
    assert [one.role for one in found] == [None, "offer"]


def test_a_message_without_description_says_so() -> None:
    with pytest.raises(InputError, match=r"SIP message \(INVITE\) without SDP"):
        found_in_text(read_input(str(SYNTHETIC / "invite-offerless.sip")))


def test_a_capture_may_come_through_a_pipe(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writing = threading.Thread(target=fifo.write_bytes, args=(bytes.fromhex("d4c3b2a1") + b"x",))
    writing.start()
    given = read_input(str(fifo))
    writing.join()
    assert (given.kind, len(given.data)) == (Kind.CAPTURE, 5)


def test_stdin_that_is_no_terminal_is_read_as_bytes() -> None:
    code = "from sipice.cli.inputs import read_input; print(read_input('-').kind)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        input=b"v=0\r\n",
        capture_output=True,
        check=True,
        env=environment,
    )
    assert ended.stdout.strip() == b"sdp"


def test_an_empty_name_is_no_file_name() -> None:
    with pytest.raises(InputError, match="is no file name"):
        read_input("")
    assert shown_name("") == '""'
