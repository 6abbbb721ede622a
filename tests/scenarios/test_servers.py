"""STUN and TURN: every pair of sites against the oracle, and servers that misbehave."""

from __future__ import annotations

from itertools import product

import pytest

from sipice.ice import AgentConfig, CandidateType, GatheringFinished, PathLost
from tests.marks import rfc
from tests.scenarios.test_matrix import SITES, verify
from tests.simnet.call import Call, Exchange, Plan, ice_servers
from tests.simnet.host import Host
from tests.simnet.nat import APD, PORT_RESTRICTED, SYMMETRIC
from tests.simnet.oracle import Kind, possible
from tests.simnet.servers import Manner
from tests.simnet.talk import PTIME, Talk
from tests.simnet.topology import BLOCKED, CLOUD, OPEN, SiteKind, Topology, behind, build
from tests.simnet.turn_auth import MD5, SHA256, Authenticator, Realm
from tests.simnet.turn_server import Policy, TurnServer, Vice
from tests.simnet.wire import Method

ENDLESS = {site for site in SITES if site.nat and site.nat.mapping is APD is not site.nat.filtering}
"""Two of these make a new peer-reflexive candidate with every check."""
HOME = behind(PORT_RESTRICTED)
HARD = behind(SYMMETRIC)


def call(
    topology: Topology,
    *,
    stun: bool = True,
    turn: bool = False,
    exchange: Exchange = Exchange.VANILLA,
    seed: int = 0,
    components: int = 1,
) -> Call:
    servers = ice_servers(topology, stun=stun, turn=turn)
    config = AgentConfig(servers=servers, trickle=exchange is not Exchange.VANILLA)
    plan = Plan(exchange=exchange, signalling=0.030)
    return Call(topology, config=config, plan=plan, seed=seed, components=components)


@pytest.mark.parametrize("a", SITES, ids=str)
@pytest.mark.parametrize("b", SITES, ids=str)
def test_with_stun_everything_possible_connects_directly(a: SiteKind, b: SiteKind) -> None:
    for exchange in (Exchange.VANILLA, Exchange.TRICKLE):
        made = call(build(a, b, rtt=0.050), exchange=exchange).run()
        verify(made, possible(a, b).best())


@pytest.mark.parametrize(
    ("a", "b"), [pair for pair in product(SITES, SITES) if not {*pair} <= ENDLESS], ids=str
)
def test_with_turn_everybody_who_gets_out_connects(a: SiteKind, b: SiteKind) -> None:
    made = call(build(a, b, rtt=0.050), turn=True).run()
    verify(made, possible(a, b).best(a_turn=True, b_turn=True))
    assert made.topology.turn.unpermitted == 0


@pytest.mark.parametrize("relayed", ["a", "b"])
@pytest.mark.parametrize("loss", [0.0, 0.05])
@pytest.mark.parametrize("exchange", list(Exchange))
def test_one_relay_is_enough(relayed: str, loss: float, exchange: Exchange) -> None:
    topology = build(HARD, HARD, rtt=0.050, loss=loss, seed=5)
    plain = AgentConfig(servers=ice_servers(topology), trickle=True)
    helped = AgentConfig(servers=ice_servers(topology, turn=True), trickle=True)
    configs = (helped, plain) if relayed == "a" else (plain, helped)
    plan = Plan(exchange=exchange, signalling=0.030)
    made = Call(topology, config=configs[0], config_b=configs[1], plan=plan).run()
    verify(made, Kind.ONE_RELAY)
    assert topology.turn.unpermitted == 0


@pytest.mark.parametrize("manner", list(Manner))
def test_a_bad_stun_server_does_not_harm_a_call_that_needs_none(manner: Manner) -> None:
    topology = build(OPEN, HOME, rtt=0.050)
    topology.stun.manner = manner
    made = call(topology).run()
    verify(made, Kind.DIRECT)


@pytest.mark.parametrize("manner", [Manner.DEAD, Manner.CONFUSED, Manner.ELSEWHERE])
def test_gathering_ends_at_its_deadline_when_a_server_is_silent(manner: Manner) -> None:
    topology = build(HOME, HOME)
    topology.stun.manner = manner
    made = call(topology)
    made.start()
    made.world.run(until=10.0)
    finished = made.a.first(GatheringFinished)
    assert finished is not None
    assert finished[0] == pytest.approx(5.0)


def test_an_old_server_that_speaks_rfc_3489_is_understood() -> None:
    topology = build(HOME, HOME, rtt=0.050)
    topology.stun.manner = Manner.OLD
    verify(call(topology).run(), Kind.DIRECT)


def test_a_slow_server_helps_when_candidates_trickle() -> None:
    topology = build(HOME, HOME, rtt=0.050)
    topology.stun.delay = 3.0
    made = call(topology, exchange=Exchange.TRICKLE).run()
    verify(made, Kind.DIRECT)
    assert made.completed_after() < 5.0


@pytest.mark.parametrize(
    "realm",
    [
        Realm(cookie=False),
        Realm(),
        Realm(algorithms=(MD5,)),
        Realm(algorithms=(SHA256, MD5)),
        Realm(algorithms=(SHA256,), anonymity=True),
        Realm(algorithms=(SHA256,), anonymity=True, printed_order=True),
        Realm(nonce_lifetime=20.0),
        Realm(nonce_lifetime=0.060),
    ],
    ids=lambda realm: f"{realm.features()}-{realm.cookie}-{realm.nonce_lifetime}",
)
def test_every_kind_of_realm_gives_a_relay(realm: Realm) -> None:
    topology = build(HARD, HARD, rtt=0.050)
    topology.turn.auth = Authenticator(realm, topology.world.rng)
    made = call(topology, turn=True).run()
    verify(made, Kind.ONE_RELAY)


@pytest.mark.parametrize(
    "policy",
    [
        Policy(vice=Vice.DEAD),
        Policy(vice=Vice.BAD_INTEGRITY),
        Policy(vice=Vice.NO_RELAY),
        Policy(vice=Vice.ALWAYS_STALE),
        Policy(vice=Vice.ALWAYS_UNAUTHORIZED),
        Policy(quota=0),
        Policy(ports=0),
        Policy(refuse_allocate=403),
        Policy(refuse_allocate=437),
        Policy(refuse_allocate=440),
        Policy(refuse_allocate=441),
        Policy(refuse_allocate=500),
    ],
    ids=lambda policy: f"{policy.vice.name}-{policy.refuse_allocate}-{policy.quota}-{policy.ports}",
)
def test_a_bad_turn_server_costs_only_the_relay(policy: Policy) -> None:
    topology = build(HOME, HOME, rtt=0.050, policy=policy)
    made = call(topology, turn=True).run()
    verify(made, Kind.DIRECT)
    requests = len(topology.turn.log)
    made.world.run(until=made.world.now + 30.0)
    assert requests <= 40
    assert len(topology.turn.log) - requests <= 10


def test_a_server_without_room_still_tells_the_mapped_address() -> None:
    topology = build(HOME, HOME, rtt=0.050, policy=Policy(quota=0))
    made = call(topology, stun=False, turn=True).run()
    verify(made, Kind.DIRECT)


def test_an_alternate_server_is_followed() -> None:
    topology = build(HARD, HARD, rtt=0.050)
    other = build_second_turn(topology)
    topology.turn.policy.alternate = other.address
    made = call(topology, turn=True)
    made.watch.checker.servers.add(other.address)
    verify(made.run(), Kind.ONE_RELAY)
    assert other.allocations
    assert not topology.turn.allocations


def build_second_turn(topology: Topology) -> TurnServer:
    host = Host(topology.world, "turn2")
    host.attach(topology.internet, "203.0.113.19")
    return TurnServer(host, realm=topology.turn.auth.realm)


@pytest.mark.parametrize("channels", [True, False])
@rfc("8656", "9", "rule", "8656-9-1")
@rfc("8656", "8", "MUST", "8656-8-1")
@rfc("8445", "7.2.1", "MUST", "8445-7.2.1-1")
def test_a_long_talk_through_a_relay(channels: bool) -> None:
    topology = build(HARD, HARD, rtt=0.050, policy=Policy(channels=channels))
    topology.turn.auth.realm.nonce_lifetime = 500.0
    made = call(topology, turn=True).run()
    verify(made, Kind.ONE_RELAY)
    talk = Talk(made.a, made.b, ptime=20.0)
    made.world.run(until=1_300.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert peer.all(PathLost) == []
        assert talk.longest_gap(peer, since=10.0) <= 20.0 + 1e-6
        assert talk.missing(peer) == 0
        assert peer.refused_media == 0
    assert topology.turn.unpermitted == 0
    assert_renewed(topology, Method.CREATE_PERMISSION, 300.0)
    assert_renewed(topology, Method.REFRESH, 600.0)


def assert_renewed(topology: Topology, method: Method, lifetime: float) -> None:
    """What expires was renewed in time, and not all the time."""
    times = [when for when, which, code in topology.turn.log if which == method and code == 0]
    assert times[0] <= lifetime
    assert 2 <= len(times) <= 40


@rfc("8656", "12", "rule", "8656-12-4")
def test_media_goes_on_when_a_channel_is_not_renewed() -> None:
    topology = build(HARD, HARD, rtt=0.050)
    made = call(topology, turn=True).run()
    topology.turn.policy.channels = False
    talk = Talk(made.a, made.b, ptime=5.0)
    made.world.run(until=700.0)
    talk.stop()
    for peer in (made.a, made.b):
        assert peer.all(PathLost) == []
        assert talk.longest_gap(peer, since=10.0) <= 5.0 + 1e-6
        path = peer.agent.media(0, 1).send
        assert path is not None
        assert path.channel is None


def test_media_uses_a_channel_soon_after_selection() -> None:
    made = call(build(HARD, HARD, rtt=0.050), turn=True).run()
    talk = Talk(made.a, made.b)
    made.world.run(until=made.world.now + 2.0)
    talk.stop()
    relayed = [
        peer
        for peer in (made.a, made.b)
        if (path := peer.agent.media(0, 1).send) is not None and path.relayed
    ]
    assert len(relayed) == 1
    path = relayed[0].agent.media(0, 1).send
    assert path is not None
    assert path.channel is not None
    assert 0x4000 <= path.channel <= 0x4FFF
    for peer in (made.a, made.b):
        assert talk.longest_gap(peer) <= 3 * PTIME


def test_a_restarted_turn_server_ends_the_path() -> None:
    topology = build(HARD, HARD, rtt=0.050)
    made = call(topology, turn=True).run()
    verify(made, Kind.ONE_RELAY)
    made.world.run(until=30.0)
    topology.turn.restart()
    made.world.run(until=120.0)
    assert made.a.all(PathLost)
    assert made.b.all(PathLost)
    made.restart()


def test_unused_allocations_are_given_back() -> None:
    topology = build(HOME, HOME, rtt=0.050)
    made = call(topology, turn=True).run()
    verify(made, Kind.DIRECT)
    assert topology.turn.allocations
    made.world.run(until=made.world.now + 10.0)
    assert not topology.turn.allocations


def test_no_relay_is_kept_after_the_end() -> None:
    topology = build(HARD, HARD, rtt=0.050)
    made = call(topology, turn=True).run()
    for peer in (made.a, made.b):
        peer.tell(peer.agent.close)
    made.world.run(until=made.world.now + 1.0)
    assert not topology.turn.allocations


def test_blocked_hosts_fail_whatever_helps() -> None:
    verify(call(build(BLOCKED, CLOUD), turn=True).run(), Kind.IMPOSSIBLE)


def test_the_relay_is_no_candidate_type_of_a_direct_call() -> None:
    made = call(build(HOME, HOME, rtt=0.050), turn=True).run()
    selected = made.a.selected()
    assert selected is not None
    assert selected.local.type in {CandidateType.SERVER_REFLEXIVE, CandidateType.PEER_REFLEXIVE}
