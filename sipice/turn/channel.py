"""RFC 8656 §12: ChannelData, and which channel belongs to which peer."""

from __future__ import annotations

from dataclasses import dataclass

from sipice.net import Address
from sipice.turn.snapshot import ChannelSnapshot

FIRST, LAST = 0x4000, 0x4FFF
"""Channel numbers (§12)."""
REBIND = 540.0
"""Seconds after which a channel is bound again; it lasts 600 s (§12)."""
RETRY = 30.0
"""Seconds after which a ChannelBind without an answer is tried again."""


def channel_data(number: int, data: bytes, *, padded: bool = False) -> bytes:
    """§12.4: the message; over a stream it is padded to 4 bytes (§12.5)."""
    head = number.to_bytes(2, "big") + len(data).to_bytes(2, "big")
    return head + data + bytes(-len(data) % 4) if padded else head + data


def parse_channel_data(packet: bytes) -> tuple[int, bytes] | None:
    """§12.6: channel number and data; None for a message that is to be dropped."""
    if len(packet) < 4 or not FIRST <= (number := packet[0] << 8 | packet[1]) <= LAST:
        return None
    end = 4 + (packet[2] << 8 | packet[3])
    return (number, packet[4:end]) if end <= len(packet) else None


@dataclass(slots=True, eq=False)
class Channel:
    """One number and its peer."""

    number: int
    peer: Address
    is_bound: bool = False
    """Confirmed by the server: we may send on it. We accept data on it before (§12)."""
    is_wanted: bool = True
    bind_at: float | None = None
    """When to send ChannelBind (again); None while one is under way."""


class Channels:
    """The channels of one allocation.

    A number stays with its peer as long as the allocation lives, so that neither is ever bound
    differently within the 300 s that §12 demands.
    """

    __slots__ = ("_by_number", "_by_peer")

    def __init__(self) -> None:
        self._by_peer: dict[Address, Channel] = {}
        self._by_number: dict[int, Channel] = {}

    def want(self, now: float, peer: Address) -> Channel | None:
        """The channel for a peer, to be bound if it is not; None when all numbers are taken."""
        channel = self._by_peer.get(peer)
        if channel is None:
            number = FIRST + len(self._by_peer)
            if number > LAST:
                return None
            channel = self._by_peer[peer] = self._by_number[number] = Channel(number, peer)
            channel.bind_at = now
        elif not channel.is_wanted:
            channel.is_wanted, channel.bind_at = True, now
        return channel

    def forget(self, peer: Address) -> None:
        """The channel is no longer used, and left to expire."""
        channel = self._by_peer.get(peer)
        if channel is not None:
            channel.is_wanted = channel.is_bound = False
            channel.bind_at = None

    def retry(self, now: float, channel: Channel) -> None:
        """The server did not answer; it may have bound the channel all the same."""
        channel.is_bound, channel.bind_at = False, now + RETRY

    def bound_number(self, peer: Address) -> int | None:
        """The channel on which data for a peer can be sent."""
        channel = self._by_peer.get(peer)
        return channel.number if channel is not None and channel.is_bound else None

    def peer_of(self, number: int) -> Address | None:
        """Whose data comes on a channel: the server may still use one that we use no more."""
        channel = self._by_number.get(number)
        return None if channel is None else channel.peer

    def take_due(self, now: float) -> list[Channel]:
        """The channels for which ChannelBind is to be sent now."""
        due = [c for c in self._by_peer.values() if c.bind_at is not None and c.bind_at <= now]
        for channel in due:
            channel.bind_at = None
        return due

    def confirm(self, now: float, channel: Channel) -> bool:
        """The server bound it; whether that is news."""
        if not channel.is_wanted:
            return False
        news, channel.is_bound, channel.bind_at = not channel.is_bound, True, now + REBIND
        return news

    def next_timeout(self) -> float | None:
        """When ``take_due`` has something."""
        return min(
            (c.bind_at for c in self._by_peer.values() if c.bind_at is not None), default=None
        )

    def export(self, now: float) -> tuple[ChannelSnapshot, ...]:
        """All channels, those no longer wanted too."""
        return tuple(
            ChannelSnapshot(one.number, one.peer, one.is_bound, self._distance(now, one))
            for one in self._by_peer.values()
        )

    @staticmethod
    def _distance(now: float, channel: Channel) -> float | None:
        if not channel.is_wanted:
            return None
        return 0.0 if channel.bind_at is None else channel.bind_at - now

    def restore(self, now: float, channels: tuple[ChannelSnapshot, ...]) -> None:
        """Take up what was exported."""
        for one in channels:
            bind_at = None if one.bind_in is None else now + one.bind_in
            channel = Channel(one.number, one.peer, one.is_bound, bind_at is not None, bind_at)
            self._by_peer[one.peer] = self._by_number[one.number] = channel
