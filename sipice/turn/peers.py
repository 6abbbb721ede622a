"""RFC 8656 §10 to §12: the peers of one allocation, and the data that goes to them and comes."""

from __future__ import annotations

from random import Random

from sipice.net import Address
from sipice.stun import attributes as a
from sipice.stun.message import Class, Message, Method, encode
from sipice.turn.channel import Channel, Channels, channel_data, parse_channel_data
from sipice.turn.events import (
    ChannelBound,
    ChannelFailed,
    DataReceived,
    PeerUnreachable,
    PermissionFailed,
    PermissionGranted,
    TurnEvent,
)
from sipice.turn.permissions import Permissions
from sipice.turn.requests import Answer, Ending, Permit, Requests

_FAMILY_MISMATCH = 443


class Peers:
    """Permissions and channels; asks for them by itself and answers with events."""

    __slots__ = ("_padded", "_requests", "_rng", "channels", "families", "permissions")

    def __init__(
        self, requests: Requests, rng: Random, families: frozenset[int], *, padded: bool
    ) -> None:
        self._requests = requests
        self._rng = rng
        self.families = families
        self._padded = padded
        """ChannelData is padded to 4 bytes, as a stream demands."""
        self.permissions, self.channels = Permissions(), Channels()

    def permit(self, now: float, peers: tuple[Address, ...]) -> list[TurnEvent]:
        """§10.1: let these peers through, and keep them let through."""
        events: list[TurnEvent] = []
        for peer in peers:
            if peer.family in self.families:
                self.permissions.want(now, peer)
            else:
                events.append(PermissionFailed(peer.ip, _FAMILY_MISMATCH))
        self.send_due(now)
        return events

    def bind_channel(self, now: float, peer: Address) -> list[TurnEvent]:
        """§12.1: bind a channel, and keep it bound; it includes the permission."""
        if peer.family in self.families and self.channels.want(now, peer) is None:
            return [ChannelFailed(peer, None), *self.permit(now, (peer,))]
        return self.permit(now, (peer,))

    def forget(self, peer: Address) -> None:
        """Let permission and channel of a peer expire."""
        self.permissions.forget(peer)
        self.channels.forget(peer)

    def channel_number(self, peer: Address) -> int | None:
        """The channel on which data for a peer may be sent now."""
        return self.channels.bound_number(peer)

    def encapsulate(self, peer: Address, data: bytes) -> bytes | None:
        """§11.1, §12.5: the bytes that carry ``data`` to a peer; None without a permission."""
        if not self.permissions.is_active(peer.ip):
            return None
        number = self.channels.bound_number(peer)
        if number is not None:
            return channel_data(number, data, padded=self._padded)
        attributes = (a.XOR_PEER_ADDRESS(peer), a.DATA(data))
        transaction_id = self._rng.getrandbits(96).to_bytes(12, "big")
        message = Message(Method.SEND, Class.INDICATION, transaction_id, attributes)
        return encode(message, fingerprint=False)

    def receive_channel_data(self, packet: bytes) -> list[TurnEvent]:
        """§12.6."""
        number_and_data = parse_channel_data(packet)
        if number_and_data is None:
            return []
        number, data = number_and_data
        peer = self.channels.peer_of(number)
        if peer is None or not self.permissions.is_wanted(peer.ip):
            return []
        return [DataReceived(peer, data)]

    def receive_indication(self, message: Message) -> list[TurnEvent]:
        """§11.4, §11.6."""
        peer, data, icmp = (
            message.get(a.XOR_PEER_ADDRESS),
            message.get(a.DATA),
            message.get(a.ICMP),
        )
        if message.method != Method.DATA or message.unknown_required or peer is None:
            return []
        if not self.permissions.is_wanted(peer.ip):
            return []
        if data is not None:
            return [DataReceived(peer, data)]
        return [] if icmp is None else [PeerUnreachable(peer, icmp)]

    def end_permit(self, now: float, answer: Answer, peers: tuple[Address, ...]) -> list[TurnEvent]:
        """A CreatePermission ended."""
        if answer.ending is Ending.SUCCESS:
            return self._grant(now, peers)
        if answer.ending is Ending.ERROR and len(peers) > 1:
            for peer in peers:  # one of them spoilt it for the others
                if self.permissions.is_wanted(peer.ip):
                    self._ask_permission(now, (peer,))
            return []
        return [PermissionFailed(ip, answer.error_code) for ip in self.permissions.fail(peers)]

    def end_bind(self, now: float, answer: Answer, channel: Channel) -> list[TurnEvent]:
        """A ChannelBind ended."""
        if answer.ending is Ending.SUCCESS:
            bound = ChannelBound(channel.peer, channel.number)
            news = self.channels.confirm(now, channel)
            return [*([bound] if news else []), *self._grant(now, (channel.peer,))]
        if not channel.is_wanted:
            return []
        # DEVIATION §12.3: after an unexpected 400 the allocation is not deleted and made anew;
        # data goes on in Send indications, and the call does not notice.
        if answer.ending is Ending.TIMEOUT:
            self.channels.retry(now, channel)
        else:
            self.channels.forget(channel.peer)
        return [ChannelFailed(channel.peer, answer.error_code)]

    def next_timeout(self) -> float | None:
        """When to call ``send_due``."""
        both = (self.permissions.next_timeout(), self.channels.next_timeout())
        return min((when for when in both if when is not None), default=None)

    def send_due(self, now: float) -> None:
        """Ask for, or renew, what is due."""
        for channel in self.channels.take_due(now):
            pair = (a.CHANNEL_NUMBER(channel.number), a.XOR_PEER_ADDRESS(channel.peer))
            self._requests.start(now, Method.CHANNEL_BIND, pair, channel)
        for peers in self.permissions.take_due(now):
            self._ask_permission(now, peers)

    def _ask_permission(self, now: float, peers: tuple[Address, ...]) -> None:
        addresses = tuple(a.XOR_PEER_ADDRESS(peer) for peer in peers)
        self._requests.start(now, Method.CREATE_PERMISSION, addresses, Permit(peers))

    def _grant(self, now: float, peers: tuple[Address, ...]) -> list[TurnEvent]:
        return [PermissionGranted(ip) for ip in self.permissions.grant(now, peers)]
