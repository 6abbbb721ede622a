"""RFC 8445 §5.1.1.1: which addresses of a machine become host candidates, and in which order."""

from __future__ import annotations

import asyncio

import pytest

from sipice.aio.interfaces import Found, InterfacePolicy, choose, local_addresses
from sipice.ice.destination import Network
from sipice.net import Address
from tests.aio.namespace import in_namespace
from tests.capabilities import needs
from tests.marks import rfc

TEMPORARY, DADFAILED, DEPRECATED, TENTATIVE, PERMANENT, STABLE = 0x1, 0x8, 0x20, 0x40, 0x80, 0x800


def has(name: str, *addresses: str | tuple[str, int], scope: int = 2) -> list[Found]:
    """What an interface has: ``address/prefix``, with flags where they matter."""
    found = []
    for one in addresses:
        text, flags = one if isinstance(one, tuple) else (one, PERMANENT)
        network = Network.parse(text)
        found.append(Found(network.ip, name, scope, network.bits, flags))
    return found


def chosen(*found: list[Found], policy: InterfacePolicy | None = None) -> list[str]:
    listed = [one for some in found for one in some]
    result = choose(listed, policy or InterfacePolicy())
    return [Address(one.ip, 0).host for one in result]


@rfc("8445", "5.1.1.1", "SHOULD", "8445-5.1.1.1-1")
def test_all_addresses_are_taken_in_the_order_of_their_interfaces() -> None:
    eth1 = has("eth1", "10.0.0.1/8", scope=3)
    eth0 = has("eth0", "192.0.2.1/24", "2001:db8::1/64", "192.0.2.2/24", scope=2)
    expected = ["192.0.2.1", "2001:db8::1", "192.0.2.2", "10.0.0.1"]
    assert chosen(eth1, eth0) == chosen(eth0, eth1) == expected


@rfc("8445", "5.1.1.1", "MUST NOT", "8445-5.1.1.1-6")
@rfc("8445", "5.1.1.1", "MUST NOT", "8445-5.1.1.1-7")
@rfc("8445", "5.1.1.1", "SHOULD NOT", "8445-5.1.1.1-8")
@pytest.mark.parametrize(
    "address", ["127.0.0.1/8", "::1/128", "::192.0.2.1/96", "fec0::1/64", "::ffff:192.0.2.1/96"]
)
def test_what_can_be_no_candidate_is_left_out(address: str) -> None:
    assert chosen(has("eth0", address)) == []


def test_loopback_is_there_when_asked_for() -> None:
    policy = InterfacePolicy(allow_loopback=True)
    assert chosen(has("lo", "127.0.0.1/8"), policy=policy) == ["127.0.0.1"]


@rfc("8445", "5.1.1.1", "MUST NOT", "8445-5.1.1.1-9")
def test_beside_a_temporary_address_no_trackable_one_of_its_network_is_used() -> None:
    eth0 = has(
        "eth0",
        ("2001:db8:1::aaaa/64", TEMPORARY),
        "2001:db8:1::5054:ff:fe00:1/64",
        ("2001:db8:1::bbbb/64", STABLE),
        "2001:db8:2::5054:1/64",
    )
    other = has("eth1", "2001:db8:1::7/64", scope=3)
    assert chosen(eth0, other) == [
        "2001:db8:1::aaaa",
        "2001:db8:2::5054:1",  # another network
        "2001:db8:1::7",  # another interface
    ]


@rfc("8445", "5.1.1.1", "MUST NOT", "8445-5.1.1.1-9")
@rfc("8445", "19.1", "RECOMMENDED", "8445-19.1-1")
def test_beside_an_address_that_hides_the_host_no_link_local_one_is_used() -> None:
    policy = InterfacePolicy(link_local=True)
    link_local = "fe80::5054:ff:fe00:1/64"
    trackable = has("eth0", "2001:db8::1/64", link_local)
    assert chosen(trackable, policy=policy) == ["2001:db8::1", "fe80::5054:ff:fe00:1"]
    hidden = has("eth0", ("2001:db8::1/64", STABLE), link_local)
    assert chosen(hidden, policy=policy) == ["2001:db8::1"]


def test_link_local_addresses_are_used_on_demand_only() -> None:
    eth0 = has("eth0", "169.254.7.7/16", "fe80::1/64", "192.0.2.1/24")
    assert chosen(eth0) == ["192.0.2.1"]
    everything = InterfacePolicy(link_local=True)
    assert chosen(eth0, policy=everything) == ["169.254.7.7", "fe80::1", "192.0.2.1"]


@pytest.mark.parametrize("flags", [DEPRECATED, TENTATIVE, DADFAILED, TEMPORARY | DEPRECATED])
def test_addresses_that_are_not_or_no_longer_to_be_used_are_left_out(flags: int) -> None:
    eth0 = has("eth0", ("2001:db8::1/64", flags), "2001:db8::2/64")
    assert chosen(eth0) == ["2001:db8::2"]


def test_interfaces_and_networks_can_be_named_and_excluded() -> None:
    eth0 = has("eth0", "192.0.2.1/24", "198.51.100.1/24")
    wlan0 = has("wlan0", "203.0.113.1/24", scope=3)

    def left(**fields: tuple[str, ...]) -> list[str]:
        networks = {k: tuple(map(Network.parse, v)) for k, v in fields.items() if "net" in k}
        names = {k: v for k, v in fields.items() if "net" not in k}
        return chosen(eth0, wlan0, policy=InterfacePolicy(**names, **networks))  # type: ignore[arg-type]

    assert left(interfaces=("eth*",)) == ["192.0.2.1", "198.51.100.1"]
    assert left(exclude_interfaces=("eth?",)) == ["203.0.113.1"]
    assert left(networks=("192.0.2.0/24", "203.0.113.1")) == ["192.0.2.1", "203.0.113.1"]
    assert left(exclude_networks=("192.0.0.0/8",)) == ["198.51.100.1", "203.0.113.1"]


def test_one_family_can_be_asked_for() -> None:
    eth0 = has("eth0", "192.0.2.1/24", "2001:db8::1/64")
    assert chosen(eth0, policy=InterfacePolicy(families=(4,))) == ["192.0.2.1"]
    assert chosen(eth0, policy=InterfacePolicy(families=(6,))) == ["2001:db8::1"]


@rfc("8421", "3", "should", "8421-3-1")
def test_containers_and_tunnels_come_last_and_preferred_interfaces_first() -> None:
    docker0 = has("docker0", "172.17.0.1/16", scope=2)
    eth0 = has("eth0", "2002:c000:201::1/64", "192.0.2.1/24", scope=3)
    wlan0 = has("wlan0", "203.0.113.1/24", scope=4)
    everything = docker0, eth0, wlan0
    last = ["172.17.0.1", "2002:c000:201::1"]
    assert chosen(*everything) == ["192.0.2.1", "203.0.113.1", *last]
    policy = InterfacePolicy(preferred=("wlan*",))
    assert chosen(*everything, policy=policy) == ["203.0.113.1", "192.0.2.1", *last]
    listed = choose([one for some in everything for one in some], policy)
    assert [one.tier for one in listed] == [0, 1, 2, 2]


def test_this_machine_has_loopback_addresses_and_tells_their_interface() -> None:
    policy = InterfacePolicy(allow_loopback=True, networks=(Network.parse("127.0.0.1"),))
    found = asyncio.run(local_addresses(policy))
    assert [(one.ip, one.scope > 0) for one in found] == [(b"\x7f\0\0\1", True)]
    assert str(found[0]).startswith("127.0.0.1 (lo")


@needs("netns")
def test_changes_are_told_as_they_happen() -> None:
    told = in_namespace("""
        from pyroute2 import IPRoute
        from sipice.aio.interfaces import InterfacePolicy, watch
        with IPRoute() as route:
            route.link("set", index=1, state="up")
        def change(what):
            with IPRoute() as route:
                route.addr(what, index=1, address="192.0.2.9", prefixlen=32)
        async def main():
            seen = []
            async def see():
                async for change in watch(InterfacePolicy()):
                    seen.append(change)
                    print(*[f"+{one}" for one in change.came], *[f"-{one}" for one in change.gone])
                    if len(seen) == 2:
                        return
                    await asyncio.to_thread(change_later, "del")
            async with asyncio.TaskGroup() as group:
                task = group.create_task(see())
                await asyncio.sleep(0.3)
                await asyncio.to_thread(change, "add")
        def change_later(what):
            change(what)
        asyncio.run(asyncio.wait_for(main(), 20))
    """)
    assert told == ["+192.0.2.9 (lo)", "-192.0.2.9 (lo)"]


@needs("netns")
def test_a_change_before_the_watch_began_is_not_missed() -> None:
    told = in_namespace("""
        from pyroute2 import IPRoute
        from sipice.aio.interfaces import InterfacePolicy, watch
        async def main():
            async for change in watch(InterfacePolicy(), known=[]):
                print(*change.came)
                return
        with IPRoute() as route:
            route.link("set", index=1, state="up")
            route.addr("add", index=1, address="192.0.2.9", prefixlen=32)
        asyncio.run(asyncio.wait_for(main(), 20))
    """)
    assert told == ["192.0.2.9 (lo)"]
