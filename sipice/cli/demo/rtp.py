"""RFC 3550: RTP packets of one source, and what their receiver can say about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct

_HEADER = Struct("!BBHII")
_MODULUS = 1 << 16
CLOCK = 8_000
"""Timestamp units per second of G.711."""


def pack(payload_type: int, sequence: int, timestamp: int, source: int, payload: bytes) -> bytes:
    """A packet without padding, extension or contributing sources (§5.1)."""
    header = _HEADER.pack(0x80, payload_type, sequence % _MODULUS, timestamp & 0xFFFFFFFF, source)
    return header + payload


@dataclass(slots=True, eq=False)
class Receiver:
    """Counts what came from one peer: loss by sequence numbers, jitter by §6.4.1 and A.8."""

    received: int = 0
    late: int = 0
    """Repeated, or behind a later one."""
    jitter: float = 0.0
    """Seconds."""
    payloads: list[bytes] = field(default_factory=list[bytes])
    _first: int | None = None
    _highest: int = 0
    _transit: float | None = None

    @property
    def expected(self) -> int:
        """How many the sender has sent as far as its sequence numbers tell."""
        return 0 if self._first is None else self._highest - self._first + 1

    @property
    def lost(self) -> int:
        """Packets that never came, less those that came twice (§6.4.1)."""
        return self.expected - self.received

    def receive(self, now: float, packet: bytes) -> bool:
        """Take one packet that came at ``now`` (seconds); False when it is no RTP."""
        if len(packet) < _HEADER.size or packet[0] >> 6 != 2:
            return False
        _, _, sequence, timestamp, _ = _HEADER.unpack_from(packet)
        self.received += 1
        self._count(sequence)
        transit = now - timestamp / CLOCK
        if self._transit is not None:
            self.jitter += (abs(transit - self._transit) - self.jitter) / 16
        self._transit = transit
        self.payloads.append(packet[_HEADER.size :])
        return True

    def _count(self, sequence: int) -> None:
        if self._first is None:
            self._first = self._highest = sequence
            return
        ahead = (sequence - self._highest + _MODULUS // 2) % _MODULUS - _MODULUS // 2
        if ahead > 0:
            self._highest += ahead
        else:
            self.late += 1
