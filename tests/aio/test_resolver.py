"""RFC 8489 §8.1: names of servers by SRV, A and AAAA, against a name server on loopback."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from sipice.aio.resolver import Resolver, Unresolved
from sipice.ice.uri import ServerUri
from sipice.net import Address, QueryKind, Resolve
from tests.aio.dns import name_server, watched_name_server
from tests.marks import rfc

NO_HOSTS = Path("/nonexistent")


def look_up(
    *uris: str, records: list[str], silent: str = "", failing: str = "", lifetime: float = 5.0
) -> list[tuple[Address, ...] | Unresolved]:
    async def run() -> list[tuple[Address, ...] | Unresolved]:
        async with name_server(*records, silent=silent, failing=failing) as server:
            resolver = Resolver(server, lifetime=lifetime, hosts=NO_HOSTS)
            queries = [ServerUri.parse(uri).query for uri in uris]
            return await asyncio.gather(*(resolver.look_up(query) for query in queries))

    return asyncio.run(run())


def texts(found: tuple[Address, ...] | Unresolved) -> list[str]:
    assert not isinstance(found, Unresolved), found
    return [str(one) for one in found]


def why(found: tuple[Address, ...] | Unresolved) -> str:
    assert isinstance(found, Unresolved)
    return found.why


@rfc("8489", "8.1", "MUST", "8489-8.1-1")
def test_a_name_with_a_port_is_asked_for_both_families() -> None:
    records = ["stun.test A 192.0.2.1", "stun.test AAAA 2001:db8::1"]
    [found] = look_up("stun:stun.test:3479", records=records)
    assert texts(found) == ["[2001:db8::1]:3479", "192.0.2.1:3479"]


@rfc("8489", "8.1", "MUST", "8489-8.1-1")
@rfc("8445", "5.1.1.2", "RECOMMENDED", "8445-5.1.1.2-2")
def test_without_a_port_srv_records_tell_host_and_port_by_priority() -> None:
    records = [
        "_turn._udp.example.test SRV 20 0 3500 second.test.|10 0 3499 first.test.",
        "example.test A 192.0.2.9",
        "first.test A 192.0.2.1",
        "second.test A 192.0.2.2",
    ]
    [found] = look_up("turn:example.test", records=records)
    assert texts(found) == ["192.0.2.1:3499", "192.0.2.2:3500"]


@rfc("8489", "8.1", "MUST", "8489-8.1-1")
def test_without_srv_records_the_name_itself_is_asked_with_the_default_port() -> None:
    records = ["turn.test A 192.0.2.1"]
    plain, tls = look_up("turn:turn.test", "turns:turn.test", records=records)
    assert texts(plain) == ["192.0.2.1:3478"]
    assert texts(tls) == ["192.0.2.1:5349"]


def test_a_service_that_is_not_offered_is_said_so() -> None:
    records = ["_stun._udp.no.test SRV 0 0 0 .", "no.test A 192.0.2.1"]
    [found] = look_up("stun:no.test", records=records)
    assert why(found) == "no.test says by its SRV record _stun._udp.no.test that it has no server"


def test_the_reason_of_a_failure_is_one_clear_sentence() -> None:
    records = ["text.test TXT nothing"]
    gone, empty, broken, dead = look_up(
        "stun:gone.test:1", "stun:text.test:1", "stun:broken.test:1", "stun:dead.test:1",
        records=records, failing="broken.test", silent="dead.test", lifetime=0.3,
    )  # fmt: skip
    assert why(gone) == "gone.test does not exist (DNS)"
    assert why(empty) == "text.test has no A or AAAA record"
    assert why(broken) == "broken.test: the DNS servers failed or refused"
    assert why(dead) == "dead.test: no answer from DNS within 0.3 s"


def test_a_dead_name_does_not_delay_the_others() -> None:
    async def run() -> float:
        async with name_server("good.test A 192.0.2.1", silent="dead.test") as server:
            resolver = Resolver(server, hosts=NO_HOSTS)
            async with asyncio.TaskGroup() as group:
                dead = group.create_task(resolver.look_up(Resolve(QueryKind.HOST, "dead.test", 1)))
                begun = time.monotonic()
                assert await resolver.look_up(Resolve(QueryKind.HOST, "good.test", 1))
                taken = time.monotonic() - begun
                dead.cancel()
            return taken

    assert asyncio.run(run()) < 1.0


def test_one_silent_family_does_not_hold_up_the_other() -> None:
    begun = time.monotonic()
    [found] = look_up(
        "stun:half.test:1", records=["half.test A 192.0.2.1"], silent="AAAA half.test"
    )
    assert texts(found) == ["192.0.2.1:1"]
    assert time.monotonic() - begun < 2.0


def test_literals_and_the_hosts_file_need_no_server(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# comment\n192.0.2.7  Box.test box # more\n2001:db8::7 box\nnonsense\n")
    resolver = Resolver(Address.parse("127.0.0.1", 9), lifetime=0.2, hosts=hosts)

    async def run(uri: str) -> tuple[Address, ...] | Unresolved:
        return await resolver.look_up(ServerUri.parse(uri).query)

    assert texts(asyncio.run(run("stun:[2001:db8::1]"))) == ["[2001:db8::1]:3478"]
    assert texts(asyncio.run(run("turn:192.0.2.1:99"))) == ["192.0.2.1:99"]
    assert texts(asyncio.run(run("stun:box:1"))) == ["192.0.2.7:1", "[2001:db8::7]:1"]
    assert texts(asyncio.run(run("stun:box.TEST:1"))) == ["192.0.2.7:1"]


def test_a_network_that_swallows_srv_queries_costs_a_second_and_a_half() -> None:
    begun = time.monotonic()
    [found] = look_up(
        "stun:stun.test", records=["stun.test A 192.0.2.1"], silent="SRV _stun._udp.stun.test"
    )
    assert texts(found) == ["192.0.2.1:3478"]
    assert 1.0 < time.monotonic() - begun < 3.0


def test_an_answer_is_kept_for_its_time_to_live() -> None:
    async def run() -> None:
        async with watched_name_server("stun.test A 192.0.2.1") as (server, asked):
            resolver = Resolver(server, hosts=NO_HOSTS)
            query = ServerUri.parse("stun:stun.test:1").query
            assert await resolver.look_up(query) == await resolver.look_up(query)
            assert sorted(asked) == ["A stun.test", "AAAA stun.test"]

    asyncio.run(run())


def test_the_name_servers_of_the_system_are_read_anew_when_they_change(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    resolver = Resolver(lifetime=0.2, hosts=NO_HOSTS, configuration=file)
    query = Resolve(QueryKind.HOST, "stun.test", 1)

    async def run() -> tuple[str, str]:
        before = why(await resolver.look_up(query))
        file.write_text("nameserver 127.0.0.1\n", encoding="utf-8")
        return before, why(await resolver.look_up(query))

    before, after = asyncio.run(run())
    assert before == "stun.test: no DNS server is configured on this machine"
    assert after != before
