"""A loopback pair per m= section: where a stack that binds its own sockets meets the ICE path.

The stack is told the pair as the peer's address. What it sends there leaves on the path, what comes
on the path goes to where the stack said that it listens.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable

from sipice.aio.udp import UdpEndpoint
from sipice.net import Address

HOST = "127.0.0.1"
HOST6 = "::1"
_TRIES = 64
_RTCP_TYPES = range(192, 224)
"""RFC 5761 §4: how RTCP is told from RTP on one port."""

log = logging.getLogger("sipice")

Send = Callable[[bytes], bool]


def bind_pair(host: str = HOST) -> tuple[UdpEndpoint, UdpEndpoint]:
    """An even port for RTP and the next one for RTCP (RFC 3550 §11). Raises OSError."""
    for _ in range(_TRIES):
        rtp = UdpEndpoint.bind(Address.parse(host, 0))
        try:
            if rtp.address.port % 2 == 0:
                return rtp, UdpEndpoint.bind(Address.parse(host, rtp.address.port + 1))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                rtp.release()
                raise
        rtp.release()
    raise OSError(errno.EADDRINUSE, f"no pair of free ports on {host}")


class Bridge:
    """The pair of one m= section; ``anchor`` is what the stack is told."""

    def __init__(self, pair: tuple[UdpEndpoint, UdpEndpoint], rtp: Send, rtcp: Send) -> None:
        """``rtp`` and ``rtcp`` send a packet of the stack on the path of their component."""
        self.anchor = tuple(endpoint.address for endpoint in pair)
        self._pair = pair
        self._out = rtp, rtcp
        self._stack: list[Address | None] = [None, None]
        self._heard: list[list[Address]] = [[], []]
        """Whom we listen to: where the stack hears, and one other port of its host."""
        self._in: list[Send | None] = [None, None]
        self.strangers = 0
        """Packets to the pair that are not the stack's."""
        for place, endpoint in enumerate(pair):
            endpoint.attach(self._taker(place), _ignore)

    def listens_at(self, addresses: tuple[Address | None, ...]) -> None:
        """Where the stack wants RTP, and RTCP if apart; None where it wants nothing now."""
        for place, endpoint in enumerate(self._pair):
            address = addresses[place] if place < len(addresses) else None
            if address is not None and address.family != endpoint.address.family:
                log.warning("media cannot go from %s to %s", endpoint.address, address)
                address = None
            if address == self._stack[place]:
                continue
            self._stack[place] = address
            self._in[place] = None if address is None else endpoint.sender(address)
            for source in self._heard[place]:
                endpoint.unroute(source)
            self._heard[place] = []
            if address is not None:
                self._hear(place, address)

    def deliver(self, component: int, data: bytes) -> None:
        """A packet from the path; RTCP that shares a port goes to the stack's port for it."""
        place = component - 1
        if place == 0 and self._in[1] is not None and len(data) > 1 and data[1] in _RTCP_TYPES:
            place = 1
        send = self._in[place]
        if send is not None:
            send(data)

    def close(self) -> None:
        """Give both ports back."""
        for endpoint in self._pair:
            endpoint.release()

    def _taker(self, place: int) -> Callable[[bytes, Address], None]:
        """A stack may send from another port, and from the loopback address if bound to all."""

        def take(data: bytes, source: Address) -> None:
            stack = self._stack[place]
            hosts = () if stack is None else (stack.ip, self.anchor[place].ip)
            if source.ip not in hosts or len(self._heard[place]) > 1:
                self.strangers += 1
                return
            self._hear(place, source)
            self._out[place](data)

        return take

    def _hear(self, place: int, source: Address) -> None:
        send = self._out[place]

        def forward(data: bytes) -> None:
            send(data)

        self._heard[place].append(source)
        self._pair[place].route(source, forward)


def _ignore(to: Address, data: bytes) -> None:
    """A stack that does not listen yet is no error."""
