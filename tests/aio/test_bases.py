"""One socket for each address, stream and component; a failing one stops no other."""

from __future__ import annotations

import asyncio
import errno

import pytest

from sipice.aio.bases import Bases
from sipice.aio.driver import Driver
from sipice.aio.interfaces import LocalAddress
from sipice.aio.udp import DEFAULT_OPTIONS, UdpEndpoint
from sipice.errors import UsageError
from sipice.ice import BaseUse, TcpType
from sipice.net import Address, Base, Transport
from tests.aio.doubles import ScriptedCore, spawn
from tests.marks import rfc

LOOPBACK = LocalAddress(bytes((127, 0, 0, 1)), "lo", 1)
SECOND = LocalAddress(bytes((127, 0, 0, 2)), "lo", 1)
MISSING = LocalAddress(bytes((192, 0, 2, 1)), "gone", 9)


class BaseCore(ScriptedCore):
    """A core that gives out bases."""

    def __init__(self) -> None:
        super().__init__()
        self.bases: list[tuple[int, int, Base, TcpType | None]] = []
        self.removed: list[Base] = []

    def add_local_address(
        self,
        now: float,
        stream: int,
        component: int,
        address: Address,
        tier: int = 0,
        use: BaseUse | None = None,
    ) -> Base:
        return self._add(stream, component, Transport.UDP, address, None)

    def add_local_tcp(
        self, now: float, stream: int, component: int, address: Address, tcptype: TcpType
    ) -> Base:
        return self._add(stream, component, Transport.TCP, address, tcptype)

    def remove_local_address(self, now: float, base: Base) -> None:
        self.removed.append(base)

    def _add(
        self,
        stream: int,
        component: int,
        transport: Transport,
        address: Address,
        tcptype: TcpType | None,
    ) -> Base:
        base = Base(len(self.bases) + 1, transport, address)
        self.bases.append((stream, component, base, tcptype))
        return base


class Rig:
    """Bases over real sockets."""

    def __init__(
        self,
        ports: tuple[int, int] | None = None,
        tcp: tuple[TcpType, ...] = (),
        core: BaseCore | None = None,
    ) -> None:
        self.core = core or BaseCore()
        self.driver: Driver[str] = Driver(self.core, lambda _: None, spawn=spawn)
        self.bases = Bases(
            self.core, self.driver, options=DEFAULT_OPTIONS, port_range=ports, tcp=tcp
        )


def test_each_component_gets_a_socket_on_each_address_in_order() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.bases.open([LOOPBACK, SECOND], [(0, 1), (0, 2)])
        found = [(s, c, base.address.host) for s, c, base, _ in rig.core.bases]
        assert found == [
            (0, 1, "127.0.0.1"),
            (0, 1, "127.0.0.2"),
            (0, 2, "127.0.0.1"),
            (0, 2, "127.0.0.2"),
        ]
        for _, _, base, _ in rig.core.bases:
            endpoint = rig.driver.endpoint(base)
            assert endpoint is not None
            assert endpoint.address == base.address
        rig.driver.stop()

    asyncio.run(scenario())


def test_an_address_that_cannot_be_bound_to_is_left_out() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.bases.open([MISSING, LOOPBACK], [(0, 1)])
        assert [base.address.ip for _, _, base, _ in rig.core.bases] == [LOOPBACK.ip]
        with pytest.raises(OSError, match="assign requested address"):
            Rig().bases.open([MISSING], [(0, 1)])
        rig.driver.stop()

    asyncio.run(scenario())


def test_ports_stay_in_their_range_until_it_is_used_up() -> None:
    async def scenario() -> None:
        probe = UdpEndpoint.bind(Address(LOOPBACK.ip, 0))
        first = probe.address.port
        probe.release()
        rig = Rig((first, first))
        rig.bases.open([LOOPBACK], [(0, 1)])
        assert rig.core.bases[0][2].address.port == first
        with pytest.raises(OSError, match=f"no port from {first} to {first} is free") as caught:
            Rig((first, first)).bases.open([LOOPBACK], [(0, 1)])
        assert caught.value.errno == errno.EADDRINUSE
        rig.driver.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize("ports", [(0, 5), (10, 9), (1, 70_000)])
def test_a_range_must_be_one(ports: tuple[int, int]) -> None:
    async def scenario() -> None:
        with pytest.raises(UsageError):
            Rig(ports)

    asyncio.run(scenario())


@rfc("6544", "5.1", "SHOULD", "6544-5.1-1")
def test_tcp_candidates_have_a_socket_where_others_connect_to_them() -> None:
    async def scenario() -> None:
        rig = Rig(tcp=(TcpType.ACTIVE, TcpType.PASSIVE, TcpType.SO))
        rig.bases.open([LOOPBACK], [(0, 1)])
        kinds = {kind: base for _, _, base, kind in rig.core.bases}
        assert kinds[TcpType.ACTIVE].address.port == 0
        ports = {kinds[kind].address.port for kind in (TcpType.PASSIVE, TcpType.SO)}
        assert len(ports - {0}) == 2, "on different ports"
        rig.driver.stop()
        assert rig.driver.is_idle

    asyncio.run(scenario())


def test_an_address_that_goes_takes_its_bases_with_it() -> None:
    async def scenario() -> None:
        rig = Rig()
        rig.bases.open([LOOPBACK, SECOND], [(0, 1), (0, 2)])
        rig.bases.lose([SECOND, MISSING])
        assert [base.address.ip for base in rig.core.removed] == [SECOND.ip] * 2
        rig.driver.stop()

    asyncio.run(scenario())


def test_a_core_that_refuses_an_address_leaves_no_socket() -> None:
    class Refusing(BaseCore):
        def add_local_address(
            self,
            now: float,
            stream: int,
            component: int,
            address: Address,
            tier: int = 0,
            use: BaseUse | None = None,
        ) -> Base:
            raise UsageError("not this one")

    async def scenario() -> None:
        rig = Rig(core=Refusing())
        with pytest.raises(UsageError):
            rig.bases.open([LOOPBACK], [(0, 1)])
        assert rig.driver.is_idle

    asyncio.run(scenario())
