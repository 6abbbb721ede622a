"""Packets there and back over a path: round-trip time and loss, measured by both sides at once."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

_RTP = Struct("!BBHI4s")
"""Version and payload type, sequence number, time stamp, SSRC (RFC 3550 §5.1)."""
_VERSION, _DYNAMIC = 0x80, 127
_HELLO, _PING, _PONG = b"helo", b"ping", b"pong"
_PAYLOAD = bytes(160)
"""As much as 20 ms of telephone speech, so that the path carries what it will have to."""


class Echo:
    """Numbers what it sends and sends back what the other side has numbered."""

    def __init__(self, send: Callable[[bytes], bool], clock: Callable[[], float]) -> None:
        self.sent = 0
        self.rtts: list[float] = []
        """Seconds, of each packet that came back."""
        self.has_heard = False
        """The other side has sent something."""
        self._send = send
        self._clock = clock
        self._waiting: dict[int, float] = {}

    def knock(self) -> None:
        """Something that is not counted: the other side may not be there yet."""
        self._send(_packet(_HELLO, 0))

    def ping(self) -> None:
        """Send the next packet."""
        number = self.sent & 0xFFFF
        self.sent += 1
        self._waiting[number] = self._clock()
        self._send(_packet(_PING, number))

    def receive(self, data: bytes) -> None:
        """A packet of the other side."""
        if len(data) < _RTP.size:
            return
        self.has_heard = True
        _, _, number, _, source = _RTP.unpack_from(data)
        if source == _PING:
            self._send(_packet(_PONG, number))
        elif source == _PONG:
            at = self._waiting.pop(number, None)
            if at is not None:
                self.rtts.append(self._clock() - at)


def _packet(source: bytes, number: int) -> bytes:
    return _RTP.pack(_VERSION, _DYNAMIC, number, number * 160, source) + _PAYLOAD
