"""RFC 8656 §12.5 and RFC 4571 §2: packets in a byte stream, in pieces of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sipice.errors import DecodeError, UsageError


class _Frame(NamedTuple):
    begin: int
    end: int
    """The packet lies between these two places."""
    following: int
    """Where the next frame begins."""


class Framer:
    """Cuts a stream into packets; holds at most one unfinished frame of ``limit`` bytes."""

    __slots__ = ("_buffer", "_limit", "_measure")

    def __init__(self, measure: Callable[[bytearray], _Frame | None], limit: int) -> None:
        self._buffer = bytearray()
        self._measure = measure
        self._limit = limit

    @classmethod
    def turn(cls, limit: int = 65556) -> Framer:
        """STUN messages and padded ChannelData on a connection to a server (RFC 8656 §12.5)."""
        return cls(_measure_turn, limit)

    @classmethod
    def rfc4571(cls, limit: int = 65537) -> Framer:
        """STUN and media of ICE over TCP, each behind its length (RFC 6544 §3)."""
        return cls(_measure_rfc4571, limit)

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that ``data`` completes; empty ones are left out.

        Raises DecodeError for what cannot be a frame: the connection is then of no more use.
        """
        buffer, found, position = self._buffer, [], 0
        buffer += data
        while (frame := self._measure(buffer[position : position + 4])) is not None:
            if frame.following > self._limit:
                buffer.clear()
                raise DecodeError(f"a frame of {frame.following} bytes")
            if position + frame.following > len(buffer):
                break
            packet = bytes(buffer[position + frame.begin : position + frame.end])
            if packet:
                found.append(packet)
            position += frame.following
        del buffer[:position]
        return found


def _measure_turn(head: bytearray) -> _Frame | None:
    if len(head) < 4:
        return None
    length = head[2] << 8 | head[3]
    if head[0] < 0x40:
        if length & 3:
            raise DecodeError("neither STUN nor ChannelData in the stream")
        return _Frame(0, 20 + length, 20 + length)
    if head[0] < 0x80:
        return _Frame(0, 4 + length, 4 + length + -length % 4)
    raise DecodeError("neither STUN nor ChannelData in the stream")


def _measure_rfc4571(head: bytearray) -> _Frame | None:
    if len(head) < 2:
        return None
    length = head[0] << 8 | head[1]
    return _Frame(2, 2 + length, 2 + length)


def frame_rfc4571(packet: bytes) -> bytes:
    """A packet as it is written to an ICE connection over TCP."""
    if len(packet) > 0xFFFF:
        raise UsageError(f"a packet of {len(packet)} bytes; RFC 4571 carries at most 65535")
    return len(packet).to_bytes(2, "big") + packet
