"""One UDP port for many sessions.

What comes belongs to a session by the transaction it answers, else by the ufrag in USERNAME (RFC
8445 §7.3), else by a source that the session's media table lists: an agent has validated it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sipice.aio.udp import UdpEndpoint
from sipice.errors import StunDecodeError
from sipice.net import Address
from sipice.stun import is_stun
from sipice.stun.attributes import USERNAME
from sipice.stun.check import CheckRequest, CheckResponse, parse_check
from sipice.stun.message import Class

T = TypeVar("T")

MAX_EXPECTED = 256
EXPECTED_FOR = 60.0
"""So many requests of one session, so many seconds back, may still be answered."""
MAX_UFRAGS = 4
"""Generations of one stream that are reachable: of restarts that were begun and given up, too."""


class SharedSocket:
    """One UDP socket and the sessions behind it."""

    def __init__(self, endpoint: UdpEndpoint, tier: int = 0) -> None:
        self.endpoint = endpoint
        self.tier = tier
        """See interfaces.LocalAddress."""
        self.unknown = 0
        """Datagrams that belonged to nobody."""
        self.by_ufrag: dict[str, Share] = {}
        self.by_transaction: dict[bytes, Share] = {}
        self.by_source: dict[Address, Share] = {}
        endpoint.attach(self._received, self._refused)

    def share(self) -> Share:
        """One more session's part."""
        return Share(self)

    def _received(self, data: bytes, source: Address) -> None:
        owner = self._find(data, source)
        if owner is None:
            self.unknown += 1
        else:
            owner.receive(data, source)

    def _refused(self, to: Address, sent: bytes) -> None:
        owner = self.by_transaction.get(sent[8:20])
        if owner is not None:
            owner.refuse(to, sent)

    def _find(self, data: bytes, source: Address) -> Share | None:
        if not is_stun(data):
            return None  # what the sources of media send went by their routes
        if data[0] & 1:  # a response; requests and indications have this bit of the class at zero
            return self.by_transaction.get(data[8:20])
        ufrag = local_ufrag(data)
        return self.by_source.get(source) if ufrag is None else self.by_ufrag.get(ufrag)


class Share:
    """One session's part of a shared socket; implements ``Endpoint``."""

    __slots__ = (
        "_expected",
        "_loop",
        "_on_datagram",
        "_on_refused",
        "_shared",
        "_sources",
        "_ufrags",
    )

    def __init__(self, shared: SharedSocket) -> None:
        self._shared = shared
        self._loop = asyncio.get_running_loop()
        self._expected: dict[bytes, float] = {}
        """When each request was first sent."""
        self._sources: set[Address] = set()
        self._ufrags: list[str] = []
        self._on_datagram: Callable[[bytes, Address], None] | None = None
        self._on_refused: Callable[[Address, bytes], None] | None = None

    @property
    def address(self) -> Address:
        """See Endpoint."""
        return self._shared.endpoint.address

    def serve(self, ufrag: str) -> None:
        """See Owner."""
        serve(self, ufrag, self._ufrags, self._shared.by_ufrag)

    def attach(
        self,
        on_datagram: Callable[[bytes, Address], None],
        on_refused: Callable[[Address, bytes], None],
    ) -> None:
        """See Endpoint."""
        self._on_datagram, self._on_refused = on_datagram, on_refused

    def send(self, data: bytes, to: Address) -> bool:
        """See Endpoint."""
        if not data[0] & 1 and not data[1] & 0x10 and is_stun(data):
            self._expect(data[8:20])
        return self._shared.endpoint.send(data, to)

    def sender(self, to: Address) -> Callable[[bytes], bool]:
        """See Endpoint."""
        return self._shared.endpoint.sender(to)

    def route(self, source: Address, deliver: Callable[[bytes], None]) -> None:
        """See Endpoint; of two sessions with one peer address the later one gets its media."""
        self._sources.add(source)
        self._shared.by_source[source] = self
        self._shared.endpoint.route(source, deliver)

    def unroute(self, source: Address) -> None:
        """See Endpoint."""
        self._sources.discard(source)
        if self._shared.by_source.get(source) is self:
            del self._shared.by_source[source]
            self._shared.endpoint.unroute(source)

    def release(self) -> None:
        """See Endpoint; the shared socket stays."""
        self._on_datagram = self._on_refused = None
        for ufrag in self._ufrags:
            del self._shared.by_ufrag[ufrag]
        self._ufrags.clear()
        for identifier in self._expected:
            del self._shared.by_transaction[identifier]
        self._expected.clear()
        for source in list(self._sources):
            self.unroute(source)

    def receive(self, data: bytes, source: Address) -> None:
        """A datagram for this session."""
        if self._on_datagram is not None:
            self._on_datagram(data, source)

    def refuse(self, to: Address, sent: bytes) -> None:
        """An ICMP error about a message of this session."""
        if self._on_refused is not None:
            self._on_refused(to, sent)

    def _expect(self, identifier: bytes) -> None:
        expected = self._expected
        if identifier in expected:
            return  # a retransmission
        now = self._loop.time()
        while expected:
            oldest, at = next(iter(expected.items()))
            if len(expected) < MAX_EXPECTED and now - at < EXPECTED_FOR:
                break
            del expected[oldest], self._shared.by_transaction[oldest]
        expected[identifier] = now
        self._shared.by_transaction[identifier] = self


def serve(owner: T, ufrag: str, served: list[str], by_ufrag: dict[str, T]) -> None:
    """Give ``owner`` what names ``ufrag``; of many the oldest is given up."""
    if ufrag not in served:
        served.append(ufrag)
        by_ufrag[ufrag] = owner
        if len(served) > MAX_UFRAGS:
            del by_ufrag[served.pop(0)]


def local_ufrag(data: bytes) -> str | None:
    """Our side of USERNAME in a check; None for anything else."""
    if not is_stun(data):
        return None
    try:
        message = parse_check(data)
    except StunDecodeError:
        return None
    if isinstance(message, CheckRequest):
        username: str | None = message.username
    elif isinstance(message, CheckResponse) or message.message_class is not Class.REQUEST:
        return None
    else:
        username = message.get(USERNAME)
    return None if username is None else username.partition(":")[0]
