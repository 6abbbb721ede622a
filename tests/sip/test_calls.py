"""Whole calls: SIP stacks, taps, controllers and agents in the virtual network."""

from __future__ import annotations

from random import Random

import pytest

import sdp
from sipice.ice import AgentConfig
from sipice.session import Reason, SessionConfig, Trickle, UpdateNeeded
from sipice.sip.body import session_description
from sipice.sip.framing import StreamFramer
from sipice.sip.message import parse_message
from sipice.sip.outputs import Way
from sipice.sip.settings import TapConfig
from tests.simnet.call import ice_servers
from tests.simnet.host import Host
from tests.simnet.nat import PORT_RESTRICTED
from tests.simnet.topology import OPEN, SiteKind, Topology, behind, build, same_lan
from tests.sip.phones import Manners, Phone, phones
from tests.sip.taps import first_word

HOME = behind(PORT_RESTRICTED)


def config(topology: Topology, trickle: Trickle = Trickle.HALF) -> SessionConfig:
    return SessionConfig(agent=AgentConfig(servers=ice_servers(topology)), trickle=trickle)


def until(topology: Topology, a: Phone, b: Phone, limit: float = 30.0) -> None:
    world = topology.world
    world.run(until=world.now + limit, stop=lambda: a.sends() and b.sends())
    assert a.sends(), a.words()
    assert b.sends(), b.words()


def descriptions(phone: Phone) -> list[bytes]:
    found = [session_description(parse_message(data)) for data in phone.sent]
    return [body.data for body in found if body is not None]


EARLY = {
    "200": Manners(),
    "183-preview": Manners(early="preview", ringing=3.0),
    "183-reliable": Manners(early="reliable", ringing=3.0),
    "late": Manners(ringing=25.0),
    "challenged": Manners(challenge=True),
}


@pytest.mark.parametrize("trickle", Trickle)
@pytest.mark.parametrize("kinds", [(OPEN, OPEN), (HOME, HOME)], ids=["open", "nat"])
@pytest.mark.parametrize("how", EARLY)
def test_a_call_gets_its_media_path(
    how: str, kinds: tuple[SiteKind, SiteKind], trickle: Trickle
) -> None:
    topology = build(*kinds, rtt=0.050)
    manners = EARLY[how]
    callee = Manners(manners.early, manners.ringing, manners.challenge)
    a, b = phones(topology, config(topology, trickle), callee=callee)
    a.call()
    until(topology, a, b)
    topology.world.run(until=topology.world.now + 10)
    a.reinvite()
    topology.world.run(until=topology.world.now + 5)
    assert a.sends()
    assert b.sends()
    b.hang_up()
    topology.world.run(until=topology.world.now + 60)
    assert (a.closed, b.closed) == (1, 1)
    assert a.reports == b.reports == []
    assert a.tap.next_timeout() is b.tap.next_timeout() is None


def test_a_challenged_offer_leaves_with_the_identical_description() -> None:
    topology = build(HOME, HOME, rtt=0.050)
    a, b = phones(topology, config(topology), callee=Manners(challenge=True))
    a.call()
    until(topology, a, b)
    first, second = descriptions(a)[:2]
    assert first == second


def test_a_2xx_repeats_the_preview_byte_for_byte() -> None:
    topology = build(rtt=0.050)
    a, b = phones(topology, config(topology), callee=Manners(early="preview", ringing=3.0))
    a.call()
    topology.world.run(until=10.0)
    until(topology, a, b)
    assert len(set(descriptions(b))) == 1
    assert b.words().count("200 INVITE") == 1


@pytest.mark.parametrize("kinds", [(HOME, OPEN), (HOME, HOME)])
def test_candidates_travel_by_info(kinds: tuple[SiteKind, SiteKind]) -> None:
    topology = build(*kinds, rtt=0.200)
    manners = Manners(early="preview", ringing=5.0)
    a, b = phones(topology, config(topology, Trickle.FULL), callee=manners)
    a.call()
    until(topology, a, b)
    topology.world.run(until=topology.world.now + 10)
    for phone in (a, b):
        asked = phone.words().count("INFO")
        assert asked
        assert phone.others[0].words().count("200 INFO") >= asked
        assert not any(data.startswith(b"INFO") for data in phone.got), "not for the stack"


def test_the_nominated_candidates_reach_a_peer_that_has_no_ice2() -> None:
    """RFC 8839 §4.3.4: by an offer of the stack, UPDATE or INVITE as the peer allows."""
    for allow, method in (("INVITE, UPDATE", "UPDATE"), ("INVITE", "INVITE")):
        topology = same_lan(rtt=0.050)
        a, b = phones(topology, config(topology), callee=Manners(allow=allow))
        b.mangle = _legacy
        a.call()
        until(topology, a, b)
        topology.world.run(until=topology.world.now + 10)
        assert a.party is not None
        assert [one.reason for one in a.party.all(UpdateNeeded)] == [Reason.NOMINATED]
        assert a.words().count(method) == (2 if method == "INVITE" else 1)
        assert sdp.parse(descriptions(a)[-1]).media[0].remote_candidates


def test_the_tap_offers_where_the_stack_cannot_and_the_call_goes_on() -> None:
    topology = same_lan(rtt=0.050)
    a, b = phones(topology, config(topology), caller=Manners(reoffers=False))
    b.mangle = _legacy
    a.call()
    until(topology, a, b)
    topology.world.run(until=topology.world.now + 10)
    assert a.words().count("INVITE") == 2
    assert a.number == 1, "the stack has sent one"
    a.reinvite()
    topology.world.run(until=topology.world.now + 5)
    numbers = [parse_message(data).cseq for data in a.sent if data.startswith(b"INVITE")]
    assert [one.number for one in numbers if one] == [1, 2, 3]
    assert a.sends()
    assert b.sends()
    a.hang_up()
    topology.world.run(until=topology.world.now + 40)
    assert (a.closed, b.closed) == (1, 1)
    assert a.reports == b.reports == []


def _legacy(data: bytes) -> bytes:
    """The message of a peer of RFC 5245."""
    head, blank, body = data.partition(b"\r\n\r\n")
    lines = [one for one in body.split(b"\r\n") if not one.startswith(b"a=ice-options:")]
    body = b"\r\n".join(lines)
    length = b"Content-Length: %d" % len(body)
    fields = [length if one.startswith(b"Content-Length") else one for one in head.split(b"\r\n")]
    return b"\r\n".join(fields) + blank + body


def test_a_small_datagram_makes_the_controller_leave_candidates_out() -> None:
    topology = build(rtt=0.050)
    a, b = phones(topology, config(topology), caller_tap=TapConfig(datagram_size=1_000))
    a.call()
    until(topology, a, b)
    assert len(a.sent[0]) <= 1_000
    assert a.reports == []


def test_a_late_answer_finds_the_offer_alive() -> None:
    """The complaint of six projects: answers after 5 to 120 s."""
    for seconds in (5.0, 30.0, 120.0):
        topology = build(HOME, HOME, rtt=0.050)
        a, b = phones(topology, config(topology), callee=Manners(ringing=seconds))
        a.call()
        topology.world.run(until=seconds - 1)
        until(topology, a, b)


@pytest.mark.parametrize("trickle", Trickle)
@pytest.mark.parametrize("early", ["preview", "reliable", ""])
def test_one_of_three_forks_takes_the_call(early: str, trickle: Trickle) -> None:
    topology = build(HOME, HOME, rtt=0.050)
    settings = config(topology, trickle)
    a, b = phones(topology, settings, callee=Manners(early, ringing=20.0))
    callees = [b]
    for number, seconds in ((1, 3.0), (2, 22.0)):
        host = Host(topology.world, f"fork{number}")
        host.attach(topology.internet, [f"203.0.113.7{number}"])
        callees.append(Phone(host, settings, manners=Manners(early, ringing=seconds)))
        callees[-1].others = [a]
    a.others = callees
    winner = callees[1]
    a.call()
    topology.world.run(until=2.0)
    if early:
        assert set(a.controller.dialogs) == {one.name for one in callees}
    topology.world.run(until=5.0)
    until(topology, a, winner)
    assert a.talks_to == winner.name
    for loser in (b, callees[2]):
        loser.manners.rings = False
    topology.world.run(until=topology.world.now + 40)
    assert a.controller.dialogs == (winner.name,)
    assert a.sends()
    assert winner.sends()
    a.hang_up()
    topology.world.run(until=topology.world.now + 1)
    assert (a.closed, winner.closed) == (1, 1)


def test_each_fork_hears_of_candidates_and_paths_in_its_own_dialog() -> None:
    """Of a stack that can only speak in the fork that it has heard of last."""
    topology = build(HOME, HOME, rtt=0.200)
    settings = config(topology, Trickle.FULL)
    callee = Manners("reliable", ringing=20.0)
    a, b = phones(topology, settings, callee=callee, caller=Manners(forks=False))
    host = Host(topology.world, "fork")
    host.attach(topology.internet, ["203.0.113.71"])
    other = Phone(host, settings, manners=Manners("reliable", ringing=21.0))
    other.others, a.others = [a], [b, other]
    for phone in (b, other):
        phone.mangle = lambda data: data.replace(b"ice2", b"ice1")
    a.call()
    topology.world.run(until=15.0)
    for phone in (b, other):
        assert a.controller.is_connected(phone.name), "before anybody has picked up"
        asked = [one for one in map(parse_message, a.sent) if one.to_tag == phone.name]
        numbers = [one.cseq.number for one in asked if one.cseq and one.is_request]
        assert {"INFO", "PRACK", "UPDATE"} <= {one.method for one in asked}
        assert numbers == sorted(set(numbers)), "each number once, in order"
        assert phone.words().count("200 UPDATE") == 1
    assert a.reports == []
    other.manners.rings = False
    topology.world.run(until=25.0)
    a.reinvite()
    topology.world.run(until=topology.world.now + 2)
    assert first_word(a.got[-1]) == "200 INVITE", "and the stack may go on in its dialog"


@pytest.mark.parametrize("transport", ["TCP", "TLS", "WS"])
def test_over_a_stream_lengths_are_true_however_it_is_cut(transport: str) -> None:
    topology = build(HOME, HOME, rtt=0.050)
    callee = Manners("preview", ringing=2.0)
    a, b = phones(topology, config(topology, Trickle.FULL), callee=callee)
    rng = Random(transport)
    for phone in (a, b):
        phone.way = Way(transport, connection="one")
        _cut_up(phone, rng)
    a.call()
    until(topology, a, b)
    topology.world.run(until=topology.world.now + 10)
    a.reinvite()
    topology.world.run(until=topology.world.now + 2)
    a.hang_up()
    topology.world.run(until=topology.world.now + 60)
    assert (a.closed, b.closed) == (1, 1)
    assert a.reports == b.reports == []
    assert a.words().count("INVITE") == 2, "nothing is sent again over a stream"


def _cut_up(phone: Phone, rng: Random) -> None:
    """What the phone receives comes in pieces of any size, with keep-alives between messages."""
    framer, take = StreamFramer(), phone.receive

    def receive(data: bytes) -> None:
        stream = data + b"\r\n\r\n"
        while stream:
            size = rng.randint(1, 700)
            for message in framer.receive(stream[:size]):
                take(message)
            stream = stream[size:]

    phone.receiver = receive


def test_a_refresh_of_the_session_changes_nothing() -> None:
    """RFC 4028: a re-INVITE with the same description, an UPDATE without one."""
    topology = build(rtt=0.050)
    a, b = phones(topology, config(topology, Trickle.OFF))
    for phone in (a, b):
        phone.stack.silent_version = True
    a.call()
    until(topology, a, b)
    topology.world.run(until=topology.world.now + 5)
    a.reinvite()
    topology.world.run(until=topology.world.now + 2)
    first, events = descriptions(a)[-1], len(a.party.events) if a.party else 0
    a.reinvite()
    topology.world.run(until=topology.world.now + 2)
    assert descriptions(a)[-1] == first
    assert descriptions(b)[-1] == descriptions(b)[-2]
    assert a.party is not None
    kinds = {type(event).__name__ for _, event in a.party.events[events:]}
    assert kinds <= {"DescriptionReady", "MediaChanged"}, "nothing was gathered or checked"
    a.refresh()
    topology.world.run(until=topology.world.now + 2)
    assert a.words()[-1] == "UPDATE"
    assert a.sends()
    assert b.sends()


def test_a_storm_of_offers_does_not_disturb_the_call() -> None:
    topology = build(rtt=0.050)
    a, b = phones(topology, config(topology))
    a.call()
    until(topology, a, b)
    topology.world.run(until=topology.world.now + 5)
    for number in range(40):
        a.reinvite() if number % 3 else b.reinvite()
        topology.world.run(until=topology.world.now + 0.013)
    topology.world.run(until=topology.world.now + 60)
    assert a.sends()
    assert b.sends()
    assert (a.closed, b.closed) == (0, 0)
    a.reinvite()
    topology.world.run(until=topology.world.now + 2)
    assert first_word(a.got[-1]) == "200 INVITE", "and offers are possible again"
    for phone in (a, b):
        assert not [text for text in phone.reports if "rejected" in text]
