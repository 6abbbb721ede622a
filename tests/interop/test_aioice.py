"""aioice whole, over loopback sockets, in both roles: an engine that nobody here wrote."""

from __future__ import annotations

import asyncio

import pytest

from tests.capabilities import require
from tests.marks import rfc

require("aioice")

from sipice.ice import PairSelected, Role
from tests.loopback import Endpoint, Theirs, tell_them, their_description


async def connected(role: Role, components: int) -> tuple[Endpoint, Theirs]:
    """Both sides after ICE has completed on both."""
    ours, theirs = Endpoint(role), Theirs(role is Role.CONTROLLED, components=components)
    ours.open(components)
    await theirs.gather_candidates()
    await tell_them(theirs, ours.description())
    ours.connect(their_description(theirs))
    async with asyncio.timeout(10):
        await theirs.connect()
        assert await ours.done
    return ours, theirs


@rfc("8445", "8.1.1")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("components", [1, 2])
def test_both_select_the_same_pair_and_data_flows_both_ways(role: Role, components: int) -> None:
    async def scenario() -> None:
        ours, theirs = await connected(role, components)
        selected = [e for e in ours.events if isinstance(e, PairSelected)]
        assert {event.component for event in selected} == set(range(1, components + 1))
        for event in selected:
            pair = theirs._nominated[event.component]
            local = ("127.0.0.1", event.path.base.address.port)
            assert pair.remote_addr == local
            assert pair.local_addr == ("127.0.0.1", event.path.peer.port)
        assert ours.agent.role is role
        await theirs.sendto(b"\x80ping", 1)
        assert ours.agent.send(asyncio.get_running_loop().time(), 0, 1, b"\x80pong")
        ours.pump()
        async with asyncio.timeout(5):
            assert await theirs.recvfrom() == (b"\x80pong", 1)
        ours.close()
        await theirs.close()

    asyncio.run(scenario())


@rfc("8445", "7.3.1.1")
def test_two_agents_that_both_believe_to_control_settle_it() -> None:
    async def scenario() -> None:
        ours, theirs = Endpoint(Role.CONTROLLING), Theirs(ice_controlling=True)
        ours.open()
        await theirs.gather_candidates()
        await tell_them(theirs, ours.description())
        ours.connect(their_description(theirs))
        async with asyncio.timeout(10):
            await theirs.connect()
            assert await ours.done
        assert (ours.agent.role is Role.CONTROLLING) != theirs.ice_controlling
        ours.close()
        await theirs.close()

    asyncio.run(scenario())
