"""Peers without ICE, and what an answered offer does to the agent."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import sdp
from sipice.ice import AgentConfig, CandidateType
from sipice.net import Address
from sipice.session import DescriptionReady, Direction, SessionConfig, SessionEvent, Trickle
from sipice.stun import is_stun
from tests.marks import rfc
from tests.session.solo import Solo, own_section, own_text, peer_text, quick, section
from tests.session.stack import Stack
from tests.simnet.call import ice_servers
from tests.simnet.host import Socket
from tests.simnet.nat import PORT_RESTRICTED, SYMMETRIC
from tests.simnet.party import Party
from tests.simnet.topology import OPEN, SiteKind, Topology, behind, build
from tests.simnet.world import Packet

OWN = own_text(own_section())
RTP = b"\x80\0"


@dataclass(slots=True)
class Heard:
    at: float
    source: Address
    data: bytes


class Phone:
    """A peer at host b without ICE: one socket for RTP, symmetric (RFC 4961)."""

    def __init__(self, topology: Topology, *, known: str | None = None) -> None:
        self.world = topology.world
        host = topology.b.host
        self.heard: list[Heard] = []
        self.socket: Socket = host.bind(host.ips[0], self._take)
        self.known = known or self.socket.address.host
        """What it believes its address to be."""
        self.to: Address | None = None

    def _take(self, packet: Packet) -> None:
        if not is_stun(packet.data):
            self.heard.append(Heard(self.world.now, packet.src, packet.data))

    def text(self, version: int = 1, *lines: str) -> bytes:
        body = section(self.socket.address.port, *lines, ice=False)
        return peer_text(body, ufrag=None, address=self.known, version=version)

    def learn(self, text: bytes) -> None:
        found = sdp.effective.default_destination(sdp.parse(text), 0)
        assert found is not None
        self.to = Address.parse(found.address, found.port)

    def say(self, number: int) -> None:
        assert self.to is not None
        self.socket.send(self.to, RTP + number.to_bytes(4, "big") + bytes(6))


def call(
    kind: SiteKind, *, turn: bool = False, phone_behind: SiteKind = OPEN, relayed: bool = True
) -> tuple[Topology, Party, Phone]:
    topology = build(kind, phone_behind, rtt=0.050)
    order = (CandidateType.RELAYED,) if relayed else ()
    config = SessionConfig(
        agent=AgentConfig(servers=ice_servers(topology, turn=turn)),
        trickle=Trickle.OFF,
        default_order=(*order, CandidateType.SERVER_REFLEXIVE, CandidateType.HOST),
    )
    party, phone = Party(topology.a.host, config), Phone(topology)

    def watch(event: SessionEvent) -> None:
        if isinstance(event, DescriptionReady) and event.direction is Direction.TO_PEER:
            phone.learn(event.sdp)

    party.watchers.append(watch)
    party.tell(party.controller.begin_offer, "", Stack("a").offer())
    topology.world.run(until=6.0)
    party.tell(party.controller.confirm, "phone")
    party.tell(party.controller.receive_answer, "phone", phone.text())
    return topology, party, phone


def talk(topology: Topology, party: Party, phone: Phone, seconds: float = 1.0) -> None:
    """Both hear the other's last packet."""
    world, begin = topology.world, topology.world.now
    for number in range(int(seconds / 0.020)):
        party.send_media(RTP + number.to_bytes(4, "big") + bytes(6), "phone")
        phone.say(number)
        world.run(until=world.now + 0.020)
    world.run(until=world.now + 0.5)
    last = int(seconds / 0.020) - 1
    heard = [one.data for one in phone.heard if one.at > begin]
    assert heard, "the phone hears nothing"
    assert int.from_bytes(heard[-1][2:6], "big") == last
    mine = [data for when, _, data in party.media if when > begin]
    assert mine, "we hear nothing"
    assert int.from_bytes(mine[-1][2:6], "big") == last


@rfc("8839", "4.3.3", "MUST", "8839-4.3.3-1")
@pytest.mark.parametrize("kind", [OPEN, behind(PORT_RESTRICTED)], ids=["open", "nat"])
def test_a_phone_without_ice_has_audio_both_ways_through_our_nat(kind: SiteKind) -> None:
    topology, party, phone = call(kind)
    talk(topology, party, phone)
    assert {one.source for one in phone.heard} == {phone.to}, "symmetric (RFC 4961)"


@rfc("5245", "5.1", "compat", "5245-5.1-2")
def test_a_relayed_default_has_its_permission_and_carries_the_call() -> None:
    topology, party, phone = call(behind(SYMMETRIC), turn=True)
    assert phone.to is not None
    assert phone.to.host == topology.turn.address.host
    talk(topology, party, phone)
    topology.world.run(until=topology.world.now + 700.0)
    talk(topology, party, phone)


def test_a_phone_behind_a_nat_is_followed_to_where_it_sends_from() -> None:
    topology, party, phone = call(OPEN, phone_behind=behind(PORT_RESTRICTED))
    assert phone.known.startswith("192.168.")
    phone.say(0)
    topology.world.run(until=topology.world.now + 0.5)
    talk(topology, party, phone)


def test_a_phone_behind_a_nat_that_is_picked_up_late_is_followed_then() -> None:
    """The window opens again with the answer proper, half a minute after its preview."""
    topology = build(OPEN, behind(PORT_RESTRICTED), rtt=0.050)
    party, phone = Party(topology.a.host, quick()), Phone(topology)
    party.tell(party.controller.begin_offer, "", Stack("a").offer())
    text = phone.text()
    party.tell(party.controller.receive_answer, "phone", text, final=False)
    phone.learn(party.all(DescriptionReady)[0].sdp)
    topology.world.run(until=30.0)
    party.tell(party.controller.confirm, "phone")
    party.tell(party.controller.receive_answer, "phone", text)
    topology.world.run(until=31.0)
    phone.say(0)
    topology.world.run(until=31.5)
    talk(topology, party, phone)


def test_a_phone_behind_a_nat_that_is_picked_up_late_without_an_answer_is_followed_then() -> None:
    """The answer came in a reliable 183; the 200 has none."""
    topology = build(OPEN, behind(SYMMETRIC), rtt=0.050)
    party, phone = Party(topology.a.host, quick()), Phone(topology)
    party.tell(party.controller.begin_offer, "", Stack("a").offer())
    party.tell(party.controller.receive_answer, "phone", phone.text())
    phone.learn(party.all(DescriptionReady)[0].sdp)
    topology.world.run(until=30.0)
    party.tell(party.controller.confirm, "phone")
    topology.world.run(until=31.0)
    phone.say(0)
    topology.world.run(until=31.5)
    talk(topology, party, phone)


def test_the_pick_up_leaves_a_phone_where_it_was_seen() -> None:
    topology = build(OPEN, behind(SYMMETRIC), rtt=0.050)
    party, phone = Party(topology.a.host, quick()), Phone(topology)
    party.tell(party.controller.begin_offer, "", Stack("a").offer())
    party.tell(party.controller.receive_answer, "phone", phone.text())
    phone.learn(party.all(DescriptionReady)[0].sdp)
    phone.say(0)
    topology.world.run(until=1.0)
    before = party.controller.media("phone", 0, 1)
    assert before.send is not None
    assert before.send.to.host != phone.known
    party.tell(party.controller.confirm, "phone")
    assert party.controller.media("phone", 0, 1) == before


@pytest.mark.parametrize("repeated", [True, False])
def test_a_pick_up_after_the_address_is_lost_raises_nothing(*, repeated: bool) -> None:
    """With the answer once more in the 2xx, or without."""
    solo = Solo(quick())
    solo.offer(OWN, "")
    text = peer_text(section(ice=False), ufrag=None)
    solo.controller.receive_answer(solo.now, "peer", text, final=not repeated)
    for base in solo.bases.values():
        solo.controller.remove_local_address(solo.now, base)
    solo.controller.confirm(solo.now, "peer")
    if repeated:
        assert solo.controller.receive_answer(solo.now, "peer", text) is None
    assert solo.controller.dialogs == ("peer",)


@pytest.mark.parametrize("hold", ["a=sendonly", "a=inactive"])
def test_the_mapping_stays_open_during_a_long_hold(hold: str) -> None:
    topology, party, phone = call(behind(PORT_RESTRICTED))
    talk(topology, party, phone)
    world = topology.world
    for version, line in ((2, hold), (3, "a=sendrecv")):
        party.tell(party.controller.receive_offer, "phone", phone.text(version, line))
        party.tell(party.controller.begin_answer, "phone", Stack("a").offer())
        world.run(until=world.now + 300.0)
    talk(topology, party, phone)


def test_where_the_phone_sends_from_survives_a_hold() -> None:
    topology, party, phone = call(OPEN, phone_behind=behind(PORT_RESTRICTED))
    phone.say(0)
    topology.world.run(until=topology.world.now + 0.5)
    before = party.controller.media("phone", 0, 1)
    party.tell(party.controller.receive_offer, "phone", phone.text(2, "a=sendonly"))
    party.tell(party.controller.begin_answer, "phone", Stack("a").offer())
    assert party.controller.media("phone", 0, 1) == before


def test_a_phone_that_moves_by_an_offer_is_followed() -> None:
    topology, party, phone = call(OPEN)
    talk(topology, party, phone)
    other = Phone(topology)
    other.to = phone.to
    party.tell(party.controller.receive_offer, "phone", other.text(2))
    party.tell(party.controller.begin_answer, "phone", Stack("a").offer())
    talk(topology, party, other)


def test_an_address_of_the_other_family_is_nowhere_for_our_default() -> None:
    solo = Solo(quick())
    solo.offer(OWN, "")
    text = peer_text(section(ice=False), ufrag=None).replace(
        b"c=IN IP4 198.51.100.7", b"c=IN IP6 2001:db8::7"
    )
    solo.answered(text)
    assert solo.controller.media("peer", 0, 1).send is None


def test_an_exchange_that_fails_in_the_middle_of_a_preview_leaves_the_path_alone() -> None:
    solo = Solo(quick())
    solo.offer(OWN, "")
    solo.answered(peer_text(section(ice=False), ufrag=None))
    path = solo.controller.media("peer", 0, 1)
    solo.offer(own_text(own_section(7000, "a=ptime:20")))
    solo.answered(peer_text(section(6200, ice=False), ufrag=None, version=2), final=False)
    assert solo.controller.media("peer", 0, 1) == path
    solo.controller.offer_failed(solo.now, "peer", 500)
    assert solo.controller.media("peer", 0, 1) == path
    solo.offer(own_text(own_section(7000, "a=ptime:20")))
    solo.answered(peer_text(section(6200, ice=False), ufrag=None, version=2))
    moved = solo.controller.media("peer", 0, 1).send
    assert moved is not None
    assert moved.to.port == 6200
