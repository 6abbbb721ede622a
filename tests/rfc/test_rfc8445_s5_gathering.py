"""RFC 8445 §5.1.1: which candidates are gathered, from whom, and how they are kept."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.errors import UsageError
from sipice.ice import AgentConfig, CandidateType, GatheringFinished, Role
from sipice.net import Address
from sipice.stun import decode
from tests.ice.harness import Puppet, Side, address, remote
from tests.marks import rfc
from tests.rfc.servers import (
    DELAY,
    KEY,
    NONCE,
    REALM,
    STUN,
    STUN_TOO,
    TURN,
    TURN_TOO,
    Asked,
    Desk,
    stun,
    turn,
    with_servers,
)
from tests.simnet import wire
from tests.simnet.wire import Attr, Method

HOST, OTHER = address("10.0.0.5:5000"), address("192.168.7.5:5000")
MAPPED, MAPPED_TOO = address("203.0.113.7:41000"), address("203.0.113.8:41000")
SRFLX, RELAYED = CandidateType.SERVER_REFLEXIVE, CandidateType.RELAYED


def desk(
    config: AgentConfig, *hosts: str, role: Role = Role.CONTROLLED, components: int = 1
) -> Desk:
    side = Side("a", role, hosts or ["10.0.0.5:5000"], config, components=components)
    return Desk(side, mapped={HOST: MAPPED, OTHER: MAPPED_TOO})


def ended_at(made: Desk) -> float | None:
    return made.side.when(GatheringFinished)


# §5.1.1.1: host candidates


@rfc("8445", "5.1.1.1", "SHOULD", "8445-5.1.1.1-5")
@rfc("8445", "5.1.1.1", "SHOULD", "8445-5.1.1.1-1")
def test_components_are_numbered_from_1_upwards_without_gaps() -> None:
    made = desk(AgentConfig(), "10.0.0.5:5000", "192.168.7.5:5000", components=3)
    candidates = made.side.agent.local_description(0).candidates
    assert sorted(c.component for c in candidates) == [1, 1, 2, 2, 3, 3]
    for component in (0, 4):
        with pytest.raises(UsageError, match="components 1 to 3"):
            made.side.bind(0.0, address("10.0.0.5:7000"), component=component)


@rfc("8445", "5.1.1.1", "MUST NOT", "8445-5.1.1.1-6")
@rfc("8445", "5.1.1.1", "MUST NOT", "8445-5.1.1.1-7")
@rfc("8445", "5.1.1.1", "SHOULD NOT", "8445-5.1.1.1-8")
@rfc("8445", "5.1.1.1", "", "AT-55")
@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:5000",
        "127.9.9.9:5000",
        "[::1]:5000",
        "[::192.0.2.1]:5000",
        "[fec0::1]:5000",
        "[feff::1]:5000",
        "[::ffff:192.0.2.1]:5000",
    ],
)
def test_loopback_site_local_mapped_and_compatible_addresses_are_no_candidates(text: str) -> None:
    side = Side("a", Role.CONTROLLING, ["10.0.0.5:5000"])
    with pytest.raises(UsageError, match=r"5\.1\.1\.1"):
        side.bind(0.0, address(text))
    (only,) = side.agent.local_description(0).candidates
    assert only.address == HOST


# §5.1.1.2: server-reflexive and relayed candidates


@rfc("8445", "5.1.1.2", "SHOULD", "8445-5.1.1.2-1")
@rfc("8445", "5.1.1.2", "MAY/SHOULD", "8445-5.1.1.2-3")
def test_each_host_candidate_asks_each_server() -> None:
    made = desk(with_servers(stun(), turn()), "10.0.0.5:5000", "192.168.7.5:5000").gather()
    first = {asked.message.transaction: asked for asked in reversed(made.asked)}.values()
    assert {(asked.base.address, asked.server) for asked in first} == {
        (HOST, STUN),
        (HOST, TURN),
        (OTHER, STUN),
        (OTHER, TURN),
    }
    assert {c.address for c in made.candidates(SRFLX)} == {MAPPED, MAPPED_TOO}
    assert len(made.candidates(RELAYED)) == 2


@rfc("8445", "5.1.1.2", "SHOULD", "8445-5.1.1.2-1")
def test_without_servers_only_host_candidates_are_gathered() -> None:
    made = desk(AgentConfig()).gather()
    assert {c.type for c in made.side.agent.local_description(0).candidates} == {CandidateType.HOST}
    assert made.asked == []
    assert ended_at(made) == 0.0


@rfc("8445", "5.1.1.2", "SHOULD", "8445-5.1.1.2-1")
@rfc("8445", "5.1.1.2", "", "AT-56")
def test_ipv6_addresses_ask_servers_that_have_ipv6() -> None:
    six, far = address("[2001:db8::9]:3478"), address("[2001:db8:7::7]:41000")
    made = desk(with_servers(stun(), stun(six)), "10.0.0.5:5000", "[2001:db8:1::5]:5000")
    made.mapped[address("[2001:db8:1::5]:5000")] = far
    made.gather()
    assert {(asked.base.address.family, asked.server) for asked in made.asked} == {
        (4, STUN),
        (6, six),
    }
    assert {c.address for c in made.candidates(SRFLX)} == {MAPPED, far}


@rfc("8445", "5.1.1.2", "rule", "8445-5.1.1.2-4")
def test_a_binding_request_to_a_server_is_not_authenticated_and_redirects_are_ignored() -> None:
    made = desk(with_servers(stun()))
    alternate = (int(Attr.ALTERNATE_SERVER), wire.plain_address(STUN_TOO))

    def redirecting(asked: Asked) -> bytes:
        mapped = wire.xor_address(MAPPED, asked.message.transaction)
        return made.reply(asked, None, (Attr.XOR_MAPPED_ADDRESS, mapped), alternate)

    made.answer = redirecting
    made.gather()
    (asked,) = made.asked
    for kind in (Attr.USERNAME, Attr.MESSAGE_INTEGRITY, Attr.PRIORITY, Attr.ICE_CONTROLLED):
        assert not asked.message.has(kind)
    assert [(c.address, c.server) for c in made.candidates(SRFLX)] == [(MAPPED, STUN)]


@rfc("8445", "5.1.1.2", "MUST", "8445-5.1.1.2-5")
def test_a_server_of_old_that_sends_mapped_address_only_is_understood() -> None:
    made = desk(with_servers(stun()))
    old = (int(Attr.MAPPED_ADDRESS), wire.plain_address(MAPPED))
    made.answer = lambda asked: wire.build(
        Method.BINDING, wire.Class.SUCCESS, asked.message.transaction, [old], fingerprint=False
    )
    made.gather()
    assert [c.address for c in made.candidates(SRFLX)] == [MAPPED]


@rfc("8445", "5.1.1.2", "SHOULD", "8445-5.1.1.2-6")
def test_an_allocation_is_asked_for_with_long_term_credentials() -> None:
    made = desk(with_servers(turn())).gather()
    first, second = made.requests(Method.ALLOCATE)
    assert not first.message.has(Attr.MESSAGE_INTEGRITY)
    assert second.message.get(Attr.USERNAME) == b"user"
    assert second.message.get(Attr.REALM) == REALM.encode()
    assert second.message.get(Attr.NONCE) == NONCE
    assert wire.integrity_valid(second.message, KEY)


@rfc("8445", "5.1.1.2", "SHOULD NOT", "8445-5.1.1.2-7")
@pytest.mark.parametrize("ta", [0.020, 0.050])
def test_new_transactions_with_servers_are_ta_apart_the_retry_after_a_challenge_too(
    ta: float,
) -> None:
    hosts = ("10.0.0.5:5000", "192.168.7.5:5000")
    made = desk(with_servers(stun(), turn(), ta=ta), *hosts).gather(0.45)
    new: dict[bytes, float] = {}
    for asked in made.asked:
        new.setdefault(asked.message.transaction, asked.at)
    assert len(new) == 6
    assert min(b - a for a, b in pairwise(new.values())) >= ta - 1e-9


@rfc("8445", "5.1.1.2", "rule", "8445-5.1.1.2-8")
@rfc("8445", "5.1.1.2", "rule", "8445-5.1.1.2-10")
def test_an_allocation_gives_a_reflexive_and_a_relayed_candidate() -> None:
    made = desk(with_servers(turn())).gather()
    ((reflexive,), (relayed,)) = made.candidates(SRFLX), made.candidates(RELAYED)
    assert reflexive.address == MAPPED
    assert reflexive.base is not None
    assert reflexive.base.address == HOST
    assert reflexive.related == HOST
    assert relayed.address == Address(TURN.ip, 45_000)
    assert relayed.base is not None
    assert relayed.base.address == relayed.address
    assert relayed.related == MAPPED


@rfc("8445", "5.1.1.2", "rule", "8445-5.1.1.2-10")
def test_the_base_of_a_reflexive_candidate_is_the_host_that_asked() -> None:
    made = desk(with_servers(stun()), "10.0.0.5:5000", "192.168.7.5:5000").gather()
    bases = {c.address: c.base.address for c in made.candidates(SRFLX) if c.base is not None}
    assert bases == {MAPPED: HOST, MAPPED_TOO: OTHER}


@rfc("8445", "5.1.1.2", "SHOULD", "8445-5.1.1.2-9")
@pytest.mark.parametrize("code", [486, 508])
def test_a_server_without_room_for_a_relay_is_asked_for_the_mapped_address(code: int) -> None:
    made = desk(with_servers(turn()))

    def full(asked: Asked) -> bytes | None:
        signed = asked.message.has(Attr.MESSAGE_INTEGRITY)
        is_allocate = asked.message.method == Method.ALLOCATE
        return made.reply(asked, code) if signed and is_allocate else made.usual(asked)

    made.answer = full
    made.gather()
    (binding,) = made.requests(Method.BINDING)
    assert binding.server == TURN
    assert [c.address for c in made.candidates(SRFLX)] == [MAPPED]
    assert made.candidates(RELAYED) == []
    assert ended_at(made) is not None


@rfc("8445", "5.1.1.2", "MUST", "8445-5.1.1.2-11")
def test_a_relayed_candidate_that_is_a_host_candidate_is_dropped() -> None:
    """A TURN server on the same machine may hand out our own address."""
    made = desk(with_servers(turn()))
    made.relayed[HOST, TURN] = HOST
    made.gather()
    assert made.candidates(RELAYED) == []
    assert len(made.candidates(CandidateType.HOST)) == 1


@rfc("8445", "5.1.3", "SHOULD", "8445-5.1.3-1")
@rfc("8445", "5.1.3", "", "AT-21")
def test_without_a_nat_the_reflexive_candidate_is_redundant() -> None:
    made = desk(with_servers(stun()))
    made.mapped.clear()
    made.gather()
    assert made.candidates(SRFLX) == []
    assert ended_at(made) is not None


@rfc("8445", "5.1.3", "SHOULD", "8445-5.1.3-1")
@rfc("8445", "5.1.3", "", "AT-21")
def test_what_two_servers_saw_alike_is_one_candidate_with_the_higher_priority() -> None:
    made = desk(with_servers(stun(), stun(STUN_TOO))).gather()
    (only,) = made.candidates(SRFLX)
    assert only.server == STUN, "the first server has the higher preference"
    assert only.priority == 1694498815


@rfc("8445", "5.1.3", "SHOULD", "8445-5.1.3-1")
@rfc("8445", "5.1.3", "", "AT-21")
def test_an_address_seen_through_another_network_is_kept_beside_the_host_candidate() -> None:
    """Appendix B.2: equal transport addresses, different bases."""
    made = desk(AgentConfig(servers=(stun(),)), "10.0.1.100:2498", "192.168.1.100:3344")
    c, vpn = address("10.0.1.100:2498"), address("192.168.1.100:3344")
    made.mapped = {vpn: c}
    made.gather()
    same = [x for x in made.side.agent.local_description(0).candidates if x.address == c]
    assert [(x.type, x.base and x.base.address) for x in same] == [
        (CandidateType.HOST, c),
        (SRFLX, vpn),
    ]


# §5.1.1.3: foundations


@rfc("8445", "5.1.1.3", "rule", "8445-5.1.1.3-1")
@rfc("8445", "5.1.1.3", "", "AT-19")
def test_foundations_are_equal_for_equal_type_base_address_and_server() -> None:
    servers = (stun(), stun(STUN_TOO), turn(), turn(TURN_TOO))
    hosts = ("10.0.0.5:5000", "192.168.7.5:5000")
    made = desk(with_servers(*servers, ta=0.020), *hosts, components=2)
    port = iter(range(41_000, 42_000))

    def symmetric(asked: Asked) -> bytes | None:
        made.mapped[asked.base.address] = Address(MAPPED.ip, next(port))
        return made.usual(asked)

    made.answer = symmetric
    made.gather(2.0)
    candidates = made.side.agent.local_description(0).candidates
    assert len(candidates) == 2 * (2 + 2 * 2 + 2 * 2 + 2 * 2)
    by_key: dict[tuple[object, ...], set[str]] = {}
    for c in candidates:
        assert c.base is not None
        server = None if c.server is None else c.server.ip
        by_key.setdefault((c.type, c.base.address.ip, server), set()).add(c.foundation)
    assert [len(found) for found in by_key.values()] == [1] * len(by_key)
    assert len(set.union(*by_key.values())) == len(by_key)
    kinds = {key[0] for key in by_key}
    assert kinds == {CandidateType.HOST, SRFLX, RELAYED}


# §5.1.1.4: keeping candidates alive


def idle_call(made: Desk) -> Desk:
    """Ringing: the peer's description is still to come."""
    made.gather()
    made.asked.clear()
    return made.run(62.0)


@rfc("8445", "5.1.1.4", "MUST", "8445-5.1.1.4-1")
def test_a_reflexive_candidate_is_kept_alive_while_ice_has_not_completed() -> None:
    made = idle_call(desk(with_servers(stun())))
    again = made.requests(Method.BINDING)
    assert {asked.server for asked in again} == {STUN}
    instants = [asked.at for asked in again]
    assert [round(b - a) for a, b in pairwise([DELAY, *instants])] == [15, 15, 15, 15]


@rfc("8445", "5.1.1.4", "MUST", "8445-5.1.1.4-1")
def test_an_allocation_is_refreshed_before_it_ends_while_ice_has_not_completed() -> None:
    made = desk(with_servers(turn())).gather()
    made.asked.clear()
    made.run(1300.0)
    refreshes = [asked.at for asked in made.requests(Method.REFRESH)]
    assert len(refreshes) >= 2
    assert max(b - a for a, b in pairwise([0.0, *refreshes])) < 600


@rfc("8445", "5.1.1.4", "MUST", "8445-5.1.1.4-1")
def test_after_completion_the_server_is_not_asked_any_more() -> None:
    made = desk(with_servers(stun()))
    made.gather()
    puppet = Puppet(made.side, candidates=[remote()])
    agent, base = made.side.agent, made.side.bases[HOST]
    agent.set_remote_description(made.now, 0, puppet.description)
    made.run(1.1)
    agent.receive_datagram(1.1, puppet.request(controlling=True, nominate=True), base, puppet.host)
    made.run(1.2)
    check = [command for command in made.direct if command.data[:2] == b"\0\1"][-1]
    answer = puppet.success(decode(check.data), MAPPED)
    agent.receive_datagram(1.2, answer, base, puppet.host)
    made.run(1.2)
    assert made.side.selected() is not None
    made.asked.clear()
    made.run(25.0)
    assert made.asked == []
