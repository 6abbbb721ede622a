"""RFC 8656: the client of one allocation on a TURN server, sans-IO.

The owner carries bytes: what ``take_packets`` gives goes to ``server``, one datagram or piece of
stream each; what comes from there goes into ``receive``, one message each (a stream is cut by
``Framer.turn``). It calls ``handle_timeout`` at ``next_timeout``, the one deadline that it mirrors
in its own table: all of the client's (repeats, refresh, permissions, channels) stand behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import assert_never

from sipice.errors import StunDecodeError, UsageError
from sipice.net import Address
from sipice.stun import attributes as a
from sipice.stun.integrity import Key
from sipice.stun.longterm import LongTermCredentials
from sipice.stun.message import Class, Message, Method, decode
from sipice.stun.transaction import RTO
from sipice.turn.allocation import (
    loss_of,
    read_allocation,
    read_lifetime,
    refresh_after,
    refused_families,
)
from sipice.turn.channel import Channel
from sipice.turn.events import DataReceived, Loss, Lost, Redirected, TurnEvent
from sipice.turn.peers import Peers
from sipice.turn.requests import Answer, Ending, Permit, Requests, Step
from sipice.turn.snapshot import AllocationSnapshot

UDP = 17
"""The protocol number for REQUESTED-TRANSPORT."""
MAX_REDIRECTS = 5
"""Servers visited by redirection within that time."""
REDIRECT_MEMORY = 300.0
"""Seconds in which no server is visited twice by redirection (RFC 8489 §10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnConfig:
    """What to ask a server for."""

    family: int = 4
    """Of the relayed address, 4 or 6."""
    both_families: bool = False
    """A relayed address of each family; ``family`` is then 4."""
    lifetime: int | None = None
    """A wish in seconds; servers take 600 without one."""
    software: str | None = None
    """Told to the server in SOFTWARE (RFC 8489 §16.1.2 is why nothing is told by default)."""
    reliable: bool = False
    """The server is reached over TCP or TLS."""
    sweep: bool = False
    """After 437, delete what another process may have left on our port, and ask once more."""
    rto: float = RTO
    keepalive: float | None = 15.0
    """Seconds between Binding indications that keep the mapping of a NAT on the way to the server
    (RFC 8445 §11: Tr); refreshes alone are too rare for many. Not used over a stream."""


class State(Enum):
    """Where an allocation stands."""

    IDLE = auto()
    ALLOCATING = auto()
    ALLOCATED = auto()
    DELETING = auto()


class TurnClient:
    """One allocation; after ``Lost`` or ``Redirected`` it may be asked for again.

    The random bits of transaction ids come from ``rng``. The owner bounds the number of peers.
    """

    __slots__ = (
        "_config",
        "_credentials",
        "_deletion",
        "_events",
        "_expires_at",
        "_keepalive_at",
        "_mismatches",
        "_peers",
        "_refresh_at",
        "_requests",
        "_rng",
        "_visited",
        "server",
        "state",
    )

    def __init__(
        self, config: TurnConfig, server: Address, credentials: LongTermCredentials, rng: Random
    ) -> None:
        if config.both_families and config.family != 4:
            raise UsageError("both_families asks for IPv4 and IPv6; leave family at 4")
        self.server = server
        self._config = config
        self._credentials = credentials
        self._rng = rng
        self._requests = Requests(credentials, rng, reliable=config.reliable, rto=config.rto)
        self._events: list[TurnEvent] = []
        self._visited: dict[Address, float] = {}
        self._mismatches = 0
        self._deletion = Lost(Loss.DELETED)
        self._refresh_at: float | None = None
        self._expires_at: float | None = None
        self._keepalive_at: float | None = None
        self.state = State.IDLE
        self._peers = Peers(self._requests, rng, frozenset(), padded=config.reliable)

    # --- what the owner wants ---

    def allocate(self, now: float) -> None:
        """§7.1: ask for an allocation; ends in ``Allocated``, ``Redirected`` or ``Lost``."""
        if self.state is not State.IDLE:
            raise UsageError(f"the client is {self.state.name.lower()}; wait for Lost")
        config, attributes = self._config, [a.REQUESTED_TRANSPORT(UDP)]
        if config.lifetime is not None:
            attributes.append(a.LIFETIME(config.lifetime))
        if config.both_families:
            attributes.append(a.ADDITIONAL_ADDRESS_FAMILY(6))
        elif config.family == 6:  # §7.1: IPv4 is the default, and old servers know no other
            attributes.append(a.REQUESTED_ADDRESS_FAMILY(6))
        self.state, self._deletion = State.ALLOCATING, Lost(Loss.DELETED)
        attributes += self._software()
        self._requests.start(now, Method.ALLOCATE, tuple(attributes), Step.ALLOCATE)

    def permit(self, now: float, *peers: Address) -> None:
        """§10.1: let these peers through, and keep them let through; after ``Allocated`` only."""
        if self.state is State.ALLOCATED:
            self._events += self._peers.permit(now, peers)

    def bind_channel(self, now: float, peer: Address) -> None:
        """§12.1: bind a channel to a peer, and keep it bound; it includes the permission."""
        if self.state is State.ALLOCATED:
            self._events += self._peers.bind_channel(now, peer)

    def forget(self, peer: Address) -> None:
        """Let permission and channel of a peer expire."""
        self._peers.forget(peer)

    def delete(self, now: float) -> None:
        """§8: give the allocation back; ends in ``Lost(DELETED)``."""
        if self.state is State.ALLOCATED:
            self._delete(now, Loss.DELETED)
        elif self.state is State.ALLOCATING:
            self.state = State.DELETING  # once the answer tells that there is something to delete

    def encapsulate(self, peer: Address, data: bytes) -> bytes | None:
        """§11.1, §12.5: the bytes that carry ``data`` to a peer; None without a permission."""
        return self._peers.encapsulate(peer, data)

    def channel_number(self, peer: Address) -> int | None:
        """The channel on which data for a peer may be sent now."""
        return self._peers.channel_number(peer)

    @property
    def key(self) -> Key | None:
        """What requests and answers are sealed with; None before the first challenge."""
        return self._credentials.key

    def transport_failed(self) -> None:
        """The connection to the server is gone, and the allocation with it."""
        if self.state is not State.IDLE:
            self._lose(Lost(Loss.TRANSPORT, retry_after=0.0))

    # --- what comes from the server, and time ---

    def receive(self, now: float, packet: bytes) -> None:
        """One message from the server; anything that is none, or not expected, is dropped."""
        if not packet or packet[0] >= 0x40:
            self._events += self._peers.receive_channel_data(packet)
            return
        try:
            message = decode(packet)
        except StunDecodeError:
            return
        if message.message_class is Class.INDICATION:
            self._events += self._peers.receive_indication(message)
            return
        answer = self._requests.receive(now, message)
        if answer is not None:
            self._take_answer(now, answer)

    def peek(self, packet: bytes) -> DataReceived | None:
        """What a message from the server would bring from a peer; nothing is changed."""
        if packet and packet[0] >= 0x40:
            events = self._peers.receive_channel_data(packet)
        else:
            try:
                message = decode(packet)
            except StunDecodeError:
                return None
            if message.message_class is not Class.INDICATION:
                return None
            events = self._peers.receive_indication(message)
        return next((event for event in events if isinstance(event, DataReceived)), None)

    def next_timeout(self) -> float | None:
        """When to call ``handle_timeout``."""
        candidates = (
            self._requests.next_timeout(),
            self._peers.next_timeout(),
            self._refresh_at,
            self._expires_at,
            self._keepalive_at,
        )
        return min((when for when in candidates if when is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        for answer in self._requests.handle_timeout(now):
            self._take_answer(now, answer)
        if self._expires_at is not None and now >= self._expires_at:
            self._lose(Lost(Loss.EXPIRED, retry_after=0.0))
        if self._refresh_at is not None and now >= self._refresh_at:
            self._refresh_at = None
            self._refresh(now, Step.REFRESH, self._config.lifetime)
        if self._keepalive_at is not None and now >= self._keepalive_at:
            self._requests.indicate(Method.BINDING)
            self._schedule_keepalive(now)
        self._peers.send_due(now)

    def take_packets(self) -> list[bytes]:
        """What is to be sent to ``server``, in order."""
        outbox, self._requests.outbox = self._requests.outbox, []
        return outbox

    def take_events(self) -> list[TurnEvent]:
        """What happened, in order."""
        events, self._events = self._events, []
        return events

    def export(self, now: float) -> AllocationSnapshot | None:
        """What ``restore`` needs to go on with the allocation; None while there is none."""
        if self.state is not State.ALLOCATED or self._expires_at is None:
            return None
        credentials = self._credentials
        return AllocationSnapshot(
            server=self.server,
            realm=credentials.realm,
            nonce=credentials.nonce,
            algorithms=credentials.algorithms,
            families=tuple(sorted(self._peers.families)),
            expires_in=self._expires_at - now,
            refresh_in=0.0 if self._refresh_at is None else self._refresh_at - now,
            permissions=self._peers.permissions.export(now),
            channels=self._peers.channels.export(now),
        )

    @classmethod
    def restore(
        cls,
        config: TurnConfig,
        snapshot: AllocationSnapshot,
        credentials: LongTermCredentials,
        rng: Random,
        now: float,
    ) -> TurnClient:
        """A client that goes on with an allocation, from the local address that it was made from.

        ``credentials`` are the same, and fresh. What was under way is asked for again.
        """
        client = cls(config, snapshot.server, credentials, rng)
        if snapshot.realm is not None:
            credentials.adopt(snapshot.realm, snapshot.nonce, snapshot.algorithms)
        client._reset(State.ALLOCATED, frozenset(snapshot.families))
        client._peers.permissions.restore(now, snapshot.permissions)
        client._peers.channels.restore(now, snapshot.channels)
        client._expires_at = now + snapshot.expires_in
        client._refresh_at = now + snapshot.refresh_in
        client._schedule_keepalive(now)
        return client

    # --- answers ---

    def _take_answer(self, now: float, answer: Answer) -> None:
        if self.state is State.IDLE:
            return  # the allocation was lost by the answer before
        match answer.purpose:
            case Step.ALLOCATE:
                self._end_allocate(now, answer)
            case Step.SWEEP:
                self._end_sweep(now)
            case Step.DELETE:
                self._lose(self._deletion)  # §8.3: 437 is as good as success; silence may be
            case Step.REFRESH:
                self._end_refresh(now, answer)
            case Permit() | Channel() if answer.error_code == 437:
                self._lose(loss_of(answer))  # §5: there is no allocation any more
            case Permit(peers):
                self._events += self._peers.end_permit(now, answer, peers)
            case Channel() as channel:
                self._events += self._peers.end_bind(now, answer, channel)
            case _:
                assert_never(answer.purpose)

    def _end_allocate(self, now: float, answer: Answer) -> None:
        self._mismatches = self._mismatches + 1 if answer.error_code == 437 else 0
        if answer.message is not None and answer.ending is Ending.SUCCESS:
            self._take_allocation(now, answer.message)
        elif self.state is State.DELETING:
            self._lose(self._deletion)
        elif answer.message is not None and answer.error_code == 300:
            self._redirect(now, answer.message)
        elif self._config.sweep and self._mismatches == 1:
            self._refresh(now, Step.SWEEP, 0)
        else:
            self._lose(loss_of(answer, self._mismatches))

    def _end_sweep(self, now: float) -> None:
        if self.state is State.DELETING:
            self._lose(self._deletion)
        else:
            self.state = State.IDLE
            self.allocate(now)

    def _take_allocation(self, now: float, message: Message) -> None:
        config = self._config
        asked = frozenset({4, 6} if config.both_families else {config.family})
        allocated = read_allocation(message, asked)
        if self.state is State.DELETING:
            self._delete(now, Loss.DELETED)
        elif allocated is None:
            self._delete(now, Loss.UNUSABLE)  # §7.3
        else:
            self._reset(State.ALLOCATED, frozenset(one.family for one in allocated.relayed))
            self._schedule(now, allocated.lifetime)
            self._schedule_keepalive(now)
            missing = asked - {one.family for one in allocated.relayed}
            self._events += [allocated, *refused_families(message, missing)]

    def _redirect(self, now: float, message: Message) -> None:
        """RFC 8489 §10; that the message is authentic has been seen to."""
        visited = {s: at for s, at in self._visited.items() if now - at < REDIRECT_MEMORY}
        self._visited = {**visited, self.server: now}
        alternate = message.get(a.ALTERNATE_SERVER)
        if alternate is None:
            self._lose(Lost(Loss.REFUSED, 300))
        elif alternate in self._visited or len(self._visited) > MAX_REDIRECTS:
            self._lose(Lost(Loss.REDIRECT_LOOP, 300))
        else:
            self._reset(State.IDLE)
            self.server = alternate
            self._credentials.forget_challenge()
            self._events.append(Redirected(alternate, message.get(a.ALTERNATE_DOMAIN)))

    def _end_refresh(self, now: float, answer: Answer) -> None:
        if answer.ending is Ending.SUCCESS and answer.message is not None:
            self._schedule(now, read_lifetime(answer.message))
        else:
            self._lose(loss_of(answer))

    # --- steps ---

    def _reset(self, state: State, families: frozenset[int] = frozenset()) -> None:
        self.state = state
        self._requests.clear()
        self._peers = Peers(self._requests, self._rng, families, padded=self._config.reliable)
        self._refresh_at = self._expires_at = self._keepalive_at = None

    def _schedule(self, now: float, lifetime: float) -> None:
        self._expires_at = now + lifetime
        self._refresh_at = now + refresh_after(lifetime)

    def _schedule_keepalive(self, now: float) -> None:
        interval = self._config.keepalive
        if interval is not None and not self._config.reliable:
            self._keepalive_at = now + interval

    def _refresh(self, now: float, step: Step, lifetime: int | None) -> None:
        wish = () if lifetime is None else (a.LIFETIME(lifetime),)
        self._requests.start(now, Method.REFRESH, (*wish, *self._software()), step)

    def _delete(self, now: float, reason: Loss) -> None:
        self._reset(State.DELETING)
        self._deletion = Lost(reason)
        self._refresh(now, Step.DELETE, 0)

    def _lose(self, lost: Lost) -> None:
        self._reset(State.IDLE)
        self._events.append(lost)

    def _software(self) -> tuple[tuple[int, object], ...]:
        software = self._config.software  # §5: in Allocate and Refresh
        return () if software is None else (a.SOFTWARE(software),)
