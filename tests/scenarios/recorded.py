"""Sessions with their records: what replay, explanation and secrecy are tried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from sipice.ice import AgentConfig, Description, IceServer, Role
from sipice.net import Address
from sipice.trace import JsonLines, Tracer
from tests.simnet.call import Call, Exchange, Plan, ice_servers
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.topology import BLOCKED, FIREWALLED, OPEN, Topology, behind, build
from tests.simnet.world import Packet

HOME = behind(PORT_RESTRICTED)
HARD = behind(SYMMETRIC)
WRONG = "wrong-password-of-turn"
EPOCH = 1_767_225_600.0
Tracers = tuple[Tracer, Tracer]


class Session(NamedTuple):
    """The records of both ends, and every password that was used."""

    a: str
    b: str
    secrets: frozenset[str]


def _call(
    topology: Topology, tracers: Tracers, *, turn: bool | None = None, **more: object
) -> Call:
    servers = () if turn is None else ice_servers(topology, turn=turn)
    config = AgentConfig(servers=servers, trickle="plan" in more)
    arguments: dict[str, object] = {"config": config, "plan": Plan(signalling=0.030), **more}
    return Call(topology, tracers=tracers, **arguments)  # type: ignore[arg-type]


def _unjudged(made: Call) -> Call:
    """Not everything that happens here conforms."""
    made.world.sent.remove(made.watch.checker.sent)
    made.world.received.remove(made.watch.checker.received)
    return made


def _run(made: Call, until: float = 12.0) -> Call:
    made.run()
    made.world.run(until=until)
    return made


def connected(tracers: Tracers) -> Call:
    return _run(_call(build(OPEN, OPEN, rtt=0.050), tracers))


def lost_packet(tracers: Tracers) -> Call:
    made = _call(build(OPEN, OPEN, rtt=0.050), tracers)
    made.topology.a.wan.up.drop_next(1, match=lambda packet: packet.data[:2] == b"\0\1")
    return _run(made)


def lossy(tracers: Tracers) -> Call:
    topology = build(OPEN, OPEN, rtt=0.050, loss=0.2, seed=3)
    return _run(_call(topology, tracers, seed=3, streams=2, components=2), 60.0)


def conflict(tracers: Tracers) -> Call:
    return _run(_call(build(OPEN, OPEN, rtt=0.050), tracers, role_b=Role.CONTROLLING))


def trickle(tracers: Tracers) -> Call:
    plan = Plan(exchange=Exchange.TRICKLE, signalling=0.030)
    return _run(_call(build(HOME, HOME, rtt=0.050), tracers, turn=True, plan=plan))


def restart(tracers: Tracers) -> Call:
    made = _run(_call(build(OPEN, FIREWALLED, rtt=0.050), tracers), 4.0)
    made.restart()
    made.world.run(until=10.0)
    restart = made.b.prepare_restart()
    made.watch.announce(made.b, 0)
    made.world.run(until=11.0)
    made.b.tell(made.b.agent.rollback_restart, restart)
    made.world.run(until=12.0)
    return made


def failure(tracers: Tracers) -> Call:
    return _run(_call(build(HARD, HARD, rtt=0.050), tracers, turn=False))


def relayed(tracers: Tracers) -> Call:
    return _run(_call(build(HARD, HARD, rtt=0.050), tracers, turn=True), 40.0)


def relayed_restart(tracers: Tracers) -> Call:
    """Both sides ask their servers again, so one allocation takes the place of another."""
    made = _run(_call(build(HARD, HARD, rtt=0.050), tracers, turn=True), 8.0)
    made.restart(gather=True)
    made.world.run(until=30.0)
    return made


def consent_lost(tracers: Tracers) -> Call:
    made = _run(_call(build(OPEN, OPEN, rtt=0.050), tracers), 20.0)
    made.topology.a.wan.cut = True
    made.world.run(until=70.0)
    return made


def lite(tracers: Tracers) -> Call:
    config = AgentConfig(lite=True)
    return _run(_call(build(OPEN, HOME, rtt=0.050), tracers, config=config, config_b=AgentConfig()))


def one_way(tracers: Tracers) -> Call:
    """What a sends never arrives, what b sends does."""
    made = _call(build(OPEN, OPEN, rtt=0.050), tracers)
    made.topology.a.wan.up.cut = True
    return _run(made, 45.0)


def wrong_password(tracers: Tracers) -> Call:
    """Something on the way changed a=ice-pwd of the offer."""
    made = _unjudged(_call(build(OPEN, OPEN, rtt=0.050), tracers))
    tell = made.b.accept

    def accept(stream: int, description: Description) -> None:
        credentials = replace(description.credentials, pwd="0123456789abcdef01234567")
        tell(stream, replace(description, credentials=credentials))

    made.b.accept = accept  # type: ignore[method-assign]
    return _run(made, 45.0)


def silent_peer(tracers: Tracers) -> Call:
    """Nothing that b sends ever leaves it: it does no ICE, as far as a can see."""
    made = _call(build(OPEN, HOME, rtt=0.050), tracers, turn=False)

    def lose(host: str, packet: Packet) -> bool:
        return host == "b" and packet.dst.ip != made.topology.stun.address.ip

    made.world.losses.append(lose)
    return _run(made, 45.0)


def no_answer(tracers: Tracers) -> Call:
    """b has the offer and checks, its answer never comes back."""
    made = _call(build(OPEN, OPEN, rtt=0.050), tracers, plan=Plan(signalling=0.030, ringing=1e6))
    made.start()
    made.world.run(until=8.0)
    return made


def turn_refused(tracers: Tracers) -> Call:
    """A wrong TURN password where a relay would be the only way."""
    topology = build(HARD, HARD, rtt=0.050)
    servers = [_with_password(one, WRONG) for one in ice_servers(topology, turn=True)]
    return _run(_call(topology, tracers, config=AgentConfig(servers=tuple(servers))), 60.0)


def _with_password(server: IceServer, password: str) -> IceServer:
    return replace(server, password=password) if server.password else server


def other_family(tracers: Tracers) -> Call:
    made = _call(build(OPEN, OPEN, rtt=0.050), tracers)
    for site, address in ((made.topology.a, "203.0.113.21"), (made.topology.b, None)):
        if address is None:
            site.host.remove_address(site.host.ips[0])
            site.host.interfaces[0].add("2001:db8:a2::10")
    return _run(made, 45.0)


def connections(tracers: Tracers) -> Call:
    config = AgentConfig(ice_tcp=True)
    return _run(_call(build(BLOCKED, OPEN, rtt=0.050), tracers, config=config))


def hostile(tracers: Tracers) -> Call:
    """Everything that is not STUN, broken or sealed with another key comes in between."""
    made = _unjudged(_call(build(OPEN, OPEN, rtt=0.050), tracers))
    made.start()
    rng = Random(5)
    stranger = Address.parse("198.51.100.66", 6666)
    for number in range(40):
        made.world.run(until=number * 0.010)
        _, _, base = made.a.bases[0]
        sent = [line.data for line in made.world.trace.lines() if line.what == "sends"]
        data = bytearray(rng.choice(sent)) if sent and number % 3 else bytearray(rng.randbytes(30))
        if number % 2:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        made.a.tell(made.a.agent.receive_datagram, bytes(data), base, stranger)
    made.world.run(until=12.0)
    return made


ALL: dict[str, Callable[[Tracers], Call]] = {
    made.__name__.replace("_", "-"): made
    for made in (
        connected,
        lost_packet,
        lossy,
        conflict,
        trickle,
        restart,
        failure,
        relayed,
        relayed_restart,
        consent_lost,
        lite,
        one_way,
        wrong_password,
        silent_peer,
        no_answer,
        turn_refused,
        other_family,
        connections,
        hostile,
    )
}


def session(name: str) -> Session:
    """Run one of them."""
    lines: tuple[list[str], list[str]] = ([], [])
    made = ALL[name]((JsonLines(lines[0].append, epoch=EPOCH), JsonLines(lines[1].append)))
    made.a.tell(made.a.agent.close)
    secrets = {WRONG, *made.watch.checker.passwords.values()}
    for peer in (made.a, made.b):
        secrets |= {server.password for server in peer.config.servers if server.password}
    return Session("".join(lines[0]), "".join(lines[1]), frozenset(secrets))
