"""Captures are read as the STUN and the media that went by."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from pathlib import Path

from tests.capabilities import require

require("cli")

import dpkt

from tests.lab.capture import heard, is_check
from tests.simnet.wire import Attr, Class, Method, build, channel_data

ONE, TWO = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
TRANSACTION = bytes(12)
CHECK = build(Method.BINDING, Class.REQUEST, TRANSACTION, [(Attr.USERNAME, b"a:b")])
QUESTION = build(Method.BINDING, Class.REQUEST, TRANSACTION)
WRAPPED = build(Method.DATA, Class.INDICATION, TRANSACTION, [(Attr.DATA, CHECK)])


def frame(payload: bytes, source: bytes = ONE, target: bytes = TWO, protocol: int = 17) -> bytes:
    udp = struct.pack("!HHHH", 1000, 2000, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, protocol, 0)
    return bytes(12) + b"\x08\x00" + head + source + target + udp


def capture(folder: Path, *payloads: bytes, replies: Iterable[bytes] = ()) -> Path:
    """One packet a second from ONE to TWO, then the replies."""
    sink = io.BytesIO()
    writer = dpkt.pcap.Writer(sink)
    frames = [*map(frame, payloads), *(frame(reply, TWO, ONE) for reply in replies)]
    for moment, data in enumerate(frames):
        writer.writepkt(data, moment)
    target = folder / "capture.pcap"
    target.write_bytes(sink.getvalue())
    return target


def test_what_a_relay_has_wrapped_is_unwrapped(tmp_path: Path) -> None:
    payloads = [CHECK, channel_data(0x4000, CHECK), WRAPPED, channel_data(0x4000, b"media")]
    found = list(heard(capture(tmp_path, *payloads)))
    assert [one.relayed for one in found] == [False, True, True, True]
    assert [one.message is not None and is_check(one.message) for one in found] == [
        *(True, True, True, False),
    ]
    assert [one.time for one in found] == [0, 1, 2, 3]
    assert found[0].source == (ONE, 1000)
    assert found[0].target == (TWO, 2000)


def test_what_is_no_udp_is_passed_over(tmp_path: Path) -> None:
    target = capture(tmp_path, b"media")
    packet = frame(CHECK, protocol=1)
    record = struct.pack("<IIII", 9, 0, len(packet), len(packet)) + packet
    target.write_bytes(target.read_bytes() + record)
    assert len(list(heard(target))) == 1


def test_a_question_to_a_server_is_no_check(tmp_path: Path) -> None:
    [one] = heard(capture(tmp_path, QUESTION))
    assert one.message is not None
    assert not is_check(one.message)


def test_what_is_no_stun_and_damaged_is_media(tmp_path: Path) -> None:
    damaged = CHECK[:-2]
    found = heard(capture(tmp_path, b"\x80media", damaged, b"\x40\x00\x00\xffcut"))
    assert [(one.message, one.relayed) for one in found] == [(None, False)] * 3
