"""Names in ``.local``, between two members of the group on the loopback interface."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from tests.aio.namespace import in_namespace
from tests.capabilities import needs, require

require("mdns")

import sipice
from sipice.aio.mdns import Mdns, is_hidden
from sipice.ice import AgentConfig, Role
from sipice.net import Address
from sipice.session.mapping import to_sdp
from tests.marks import rfc

LOOPBACK = ["127.0.0.1"]
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.local"


@rfc("mdns", "Gathering", "MUST", "mdns-gather-1")
@rfc("mdns", "Gathering", "SHOULD", "mdns-gather-2")
def test_an_address_gets_one_name_that_others_can_resolve() -> None:
    four, six = Address.parse("192.0.2.1", 0).ip, Address.parse("2001:db8::1", 0).ip

    async def run() -> None:
        async with Mdns(LOOPBACK) as ours, Mdns(LOOPBACK) as theirs:
            name, other = await ours.publish(four), await ours.publish(six)
            assert re.fullmatch(UUID4, name)
            assert name != other
            assert await ours.publish(four) == name
            assert await theirs.resolve(name) == four
            assert await theirs.resolve(other.upper()) == six

    asyncio.run(run())


@needs("netns")
@rfc("mdns", "Gathering", "SHOULD", "mdns-gather-2")
def test_without_multicast_names_are_drawn_all_the_same() -> None:
    [name, found] = in_namespace("""
        from sipice.aio.mdns import Mdns
        async def main():
            async with Mdns() as nowhere:
                name = await nowhere.publish(bytes(4))
                print(name)
                print(await nowhere.resolve(name))
        asyncio.run(main())
    """)
    assert re.fullmatch(UUID4, name)
    assert found == "None"


@rfc("mdns", "Processing", "SHOULD", "mdns-recv-2")
def test_a_name_that_nobody_knows_or_that_is_no_uuid_is_not_resolved() -> None:
    async def run() -> None:
        async with Mdns(LOOPBACK) as mdns:
            nobody = "01234567-89ab-4cde-8f01-23456789abcd.local"
            assert await mdns.resolve(nobody, 0.3) is None
            assert await mdns.resolve("printer.local", 30.0) is None

    asyncio.run(asyncio.wait_for(run(), 10))


@rfc("mdns", "Processing", "rule", "mdns-recv-1")
def test_only_names_of_one_label_in_local_are_resolved() -> None:
    hidden = "1f4712db-ea17-4bcf-a596-105139dfd8bf"
    assert is_hidden(f"{hidden}.local")
    assert not is_hidden(f"{hidden}.a.local")
    assert not is_hidden(f"{hidden}.local.")
    assert not is_hidden(f"{hidden}.example")


@rfc("mdns", "Encoding", "MUST", "mdns-enc-1")
def test_a_session_shows_names_instead_of_addresses_and_connects_by_them() -> None:
    config = AgentConfig(allow_loopback=True)

    async def run() -> None:
        async with (
            Mdns(LOOPBACK) as ours,
            Mdns(LOOPBACK) as theirs,
            sipice.open_session(
                role=Role.CONTROLLING, addresses=LOOPBACK, config=config, mdns=ours
            ) as one,
            sipice.open_session(role=Role.CONTROLLED, addresses=LOOPBACK, config=config) as two,
        ):
            await asyncio.gather(one.gather(), two.gather())
            shown = one.description()
            assert shown.defaults == (), "no name stands in c="
            (candidate,) = shown.candidates
            text = to_sdp(candidate).to_bytes().decode()
            assert "127.0.0.1" not in text
            assert is_hidden(text.split()[4])
            ip = await theirs.resolve(candidate.name)
            assert ip is not None
            known = candidate._replace(
                address=Address(ip, candidate.address.port), name="", hidden=True
            )
            await two.set_remote(replace(shown, candidates=(known,)))
            await one.set_remote(two.description())
            path, back = await asyncio.gather(one.path(), two.path())
            assert path.to == two.description().candidates[0].address
            assert back.to == known.address

    asyncio.run(asyncio.wait_for(run(), 20))
