"""RFC 8445 §5.1.1: one port for many sessions (one-port mode); needs RTP and RTCP on one port."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Protocol

from sipice.aio import interfaces
from sipice.aio.arrivals import SharedListener
from sipice.aio.bases import BaseCore, BaseDriver
from sipice.aio.interfaces import EVERYWHERE, InterfacePolicy, LocalAddress
from sipice.aio.mux import SharedSocket
from sipice.aio.tcp import bind_stream
from sipice.aio.udp import DEFAULT_OPTIONS, SocketOptions, UdpEndpoint
from sipice.errors import UsageError
from sipice.ice.candidate import BaseUse, TcpType
from sipice.net import Address


class SharedPort:
    """A UDP port, and with ``tcp`` a TCP port, that many sessions share.

    ``async with sipice.SharedPort(port=3478) as port``, then ``open_session(port=port, ...)`` for
    each session. There is a socket for each of ``addresses``, else for those of the machine that
    ``policy`` leaves; ``port`` 0 takes a free one for each.
    """

    def __init__(
        self,
        *,
        addresses: Sequence[str] | None = None,
        policy: InterfacePolicy = EVERYWHERE,
        port: int = 0,
        tcp: bool = False,
        sockets: SocketOptions = DEFAULT_OPTIONS,
    ) -> None:
        self._addresses = addresses
        self._policy = policy
        self._port = port
        self._has_tcp = tcp
        self._options = sockets
        self._open = ExitStack()
        self.udp: list[SharedSocket] = []
        self.tcp: list[SharedListener] = []

    async def __aenter__(self) -> SharedPort:
        if self._addresses is None:
            found = await interfaces.local_addresses(self._policy)
        else:
            found = [interfaces.explicit(host) for host in self._addresses]
        with ExitStack() as on_error:
            on_error.callback(self._open.close)
            for local in found:
                await self._bind(local)
            on_error.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    async def _bind(self, local: LocalAddress) -> None:
        address = Address(local.ip, self._port)
        endpoint = UdpEndpoint.bind(address, self._options, local.scope)
        self._open.callback(endpoint.release)
        self.udp.append(SharedSocket(endpoint, local.tier))
        if self._has_tcp:
            listener = SharedListener(bind_stream(address, self._options, local.scope))
            self._open.callback(listener.close)
            await listener.listen()
            self.tcp.append(listener)


class SharedBases:
    """The bases of one session on a shared port.

    With ``relays`` it has further sockets, for allocations alone: one belongs to a 5-tuple.
    """

    def __init__(
        self, port: SharedPort, core: BaseCore, driver: BaseDriver, *, relays: bool
    ) -> None:
        self._port = port
        self._relays = relays
        self._core = core
        self._driver = driver
        self._owners: dict[int, list[Owner]] = {}

    def open(self, stream: int, component: int, tcp: Collection[TcpType] = ()) -> None:
        """A base on each socket of the port; raises UsageError for a second component."""
        if component != 1:
            raise UsageError(
                "a shared port serves one component: offer a=rtcp-mux, and set components=1"
            )
        now, core, driver = self._driver.now(), self._core, self._driver
        owners = self._owners.setdefault(stream, [])
        for shared in self._port.udp:
            share, tier = shared.share(), shared.tier
            base = core.add_local_address(now, stream, 1, share.address, tier, BaseUse.SHARED)
            driver.add(base, share)
            owners.append(share)
            if self._relays:
                alone = shared.endpoint.sibling()
                base = core.add_local_address(now, stream, 1, alone.address, tier, BaseUse.RELAYS)
                driver.add(base, alone)
            if TcpType.ACTIVE in tcp:
                core.add_local_tcp(now, stream, 1, Address(share.address.ip, 0), TcpType.ACTIVE)
        for listener in self._port.tcp if TcpType.PASSIVE in tcp else ():
            part = listener.share(driver.streams)
            part.add(core.add_local_tcp(now, stream, 1, part.address, TcpType.PASSIVE))
            owners.append(part)

    def serve(self, stream: int, ufrag: str) -> None:
        """The peer gets to know this ufrag of ours: what names it belongs to this session."""
        for owner in self._owners[stream]:
            owner.serve(ufrag)


class Owner(Protocol):
    """A session's part of one shared socket."""

    def serve(self, ufrag: str) -> None:
        """What names this local ufrag is for this session."""
