"""When an offer of ours has become necessary."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

import sdp
from sipice.ice import CandidateType, Role
from sipice.session import Reason, SessionFailed, StreamFailed, UpdateNeeded
from tests.marks import rfc
from tests.session.conversation import Conversation, Rules
from tests.session.solo import Solo, own_section, own_text, parsed, peer_text, quick, section
from tests.session.stack import MUX, Line, Stack
from tests.session.test_controller import config
from tests.simnet.nat import PORT_RESTRICTED
from tests.simnet.topology import BLOCKED, OPEN, behind, build

OWN = own_text(own_section())
HOME = behind(PORT_RESTRICTED)


def muxed() -> tuple[Stack, Stack]:
    return Stack("a", [Line(extra=MUX)]), Stack("b", [Line(extra=MUX)])


class Legacy(Conversation):
    """Both sides take the other for a peer of RFC 5245: ice2 is lost on the way."""

    def _arrive(self, sender: object, event: object) -> None:
        text = event.sdp.replace(b"a=ice-options:ice2\r\n", b"")  # type: ignore[attr-defined]
        super()._arrive(sender, event._replace(sdp=text))  # type: ignore[attr-defined, arg-type]


def reasons(call: Conversation) -> list[tuple[str, Reason]]:
    return [
        (party.name, event.reason)
        for party in (call.a, call.b)
        for event in party.all(UpdateNeeded)
    ]


@rfc("8839", "4.3.4", "MUST", "8839-4.3.4-1")
@rfc("8839", "4.4.1.2.2", "MUST", "8839-4.4.1.2.2-1")
@rfc("8839", "4.4.1.2.2", "MUST", "8839-4.4.1.2.2-2")
@rfc("8839", "4.2.1.2", "rule", "8839-4.2.1.2-2")
@rfc("8839", "4.4.3.1", "MUST", "8839-4.4.3.1-4")
@rfc("8839", "5.2", "MUST", "8839-5.2-1")
@rfc("8445", "6.1.2.2", "rule", "8445-6.1.2.2-4")
def test_a_legacy_peer_is_told_of_the_nominated_candidates_by_the_controlling_side() -> None:
    topology = build(OPEN, HOME, rtt=0.050)
    hosts_first = replace(config(topology), default_order=(CandidateType.HOST,))
    call = Legacy(topology, hosts_first, stacks=muxed()).connect().run(5.0)
    assert reasons(call) == [("a", Reason.NOMINATED)]
    offer = call.sent(call.a)[-1]
    pair = call.selected(call.a)
    (candidate,) = offer.media[0].candidates
    assert candidate.port == offer.media[0].port == pair.local.address.port
    (entry,) = offer.media[0].remote_candidates
    assert (entry.address, entry.port) == (pair.remote.address.host, pair.remote.address.port)
    (answer,) = call.sent(call.b)[-1].media[0].candidates
    assert (answer.address, answer.port) == (entry.address, entry.port)
    call.talk()
    assert call.refused == []


class Verbose(Legacy):
    """As baresip does: an updated offer names every candidate that was told, the used one last."""

    def _arrive(self, sender: object, event: object) -> None:
        text = event.sdp  # type: ignore[attr-defined]
        if text.startswith(b"v=") and b"\r\na=remote-candidates:" in text:
            told = [one for one in self.sent(self.b)[0].media[0].candidates if one.component == 1]
            used = sdp.parse(text).media[0].remote_candidates[0]
            assert (used.address, used.port) in [(one.address, one.port) for one in told]
            told.sort(key=lambda one: (one.address, one.port) == (used.address, used.port))
            head, _, rest = text.partition(b"a=remote-candidates:")
            all_of_them = " ".join(f"1 {one.address} {one.port}" for one in told)
            rest = rest.partition(b"\r\n")[2]
            text = b"%sa=remote-candidates:%s\r\n%s" % (head, all_of_them.encode(), rest)
        super()._arrive(sender, event._replace(sdp=text))  # type: ignore[attr-defined]


def test_an_updated_offer_that_names_more_candidates_than_it_uses_is_no_lost_pair() -> None:
    topology = build(OPEN, HOME, rtt=0.050)
    hosts_first = replace(config(topology), default_order=(CandidateType.HOST,))
    call = Verbose(topology, hosts_first, stacks=muxed()).connect().run(5.0)
    assert reasons(call) == [("a", Reason.NOMINATED)]
    pair = call.selected(call.a)
    (answer,) = call.sent(call.b)[-1].media[0].candidates
    assert (answer.address, answer.port) == (pair.remote.address.host, pair.remote.address.port)
    call.talk()


@rfc("8839", "4.3.4", "rule/MUST", "8839-4.3.4-2")
def test_a_peer_with_ice2_is_not_bothered_but_later_offers_are_aligned() -> None:
    topology = build(OPEN, HOME, rtt=0.050)
    hosts_first = replace(config(topology), default_order=(CandidateType.HOST,))
    call = Conversation(topology, hosts_first, stacks=muxed()).connect().run(2.0)
    assert reasons(call) == []
    call.reoffer(call.a)
    call.run(1.0)
    (candidate,) = call.sent(call.a)[-1].media[0].candidates
    assert candidate.port == call.selected(call.a).local.address.port


def test_nothing_is_needed_where_the_default_pair_was_nominated() -> None:
    call = Legacy(build(OPEN, OPEN, rtt=0.050), stacks=muxed()).connect().run(5.0)
    assert reasons(call) == []


@rfc("8839", "4.3.4", "MUST", "8839-4.3.4-3")
def test_a_stream_that_failed_is_removed_even_with_ice2() -> None:
    topology = build(OPEN, OPEN, rtt=0.050)
    lines = [Line(extra=MUX), Line(extra=MUX, port=7002)]
    stacks = Stack("a", lines), Stack("b", [])
    call = Conversation(topology, stacks=stacks)
    call.start()
    lost = {base.address for stream, _, base in call.a.bases if stream == 1}
    call.world.losses.append(lambda _, packet: packet.src in lost or packet.dst in lost)
    call.run(60.0)
    assert ("a", Reason.STREAM_FAILED) in reasons(call)
    assert [media.port for media in call.sent(call.a)[-1].media][1] == 0
    assert call.shown(call.a)[-1].media[1].port == 0, "our stack sees it in the answer"
    assert 1 in call.a.closed
    call.talk()
    for party in (call.a, call.b):
        assert [(one.stream, one.reason) for one in party.all(StreamFailed)] == [
            (1, "no check of a component succeeded")
        ]


def test_when_all_streams_fail_the_owner_is_told_once() -> None:
    topology = build(BLOCKED, OPEN, rtt=0.050)
    call = Conversation(topology, stacks=muxed(), rules=Rules(updates=False)).start().run(100.0)
    assert len(call.a.all(SessionFailed)) == 1
    assert reasons(call) == [("a", Reason.STREAM_FAILED)]


@rfc("6544", "11.1", "SHOULD", "6544-11.1-2")
@pytest.mark.parametrize("who", ["a", "b"])
def test_a_lost_path_is_restarted_by_who_lost_it(who: str) -> None:
    topology = build(OPEN, OPEN, rtt=0.050)
    call = Conversation(topology, stacks=muxed()).connect().run(5.0)
    party = call.a if who == "a" else call.b
    address = party.host.ips[0]
    party.host.interfaces[0].add("203.0.113.77")
    party.lose_address(address)
    call.run(8.0)
    assert (who, Reason.RESTART) in reasons(call)
    first, later = call.sent(party)[0], call.sent(party)[-1]
    assert sdp.effective.is_restart(first, later, 0)
    assert call.selected(party).local.address.host == "203.0.113.77"
    call.talk()


def test_who_revokes_consent_is_left_alone() -> None:
    from sipice.ice import Loss, PathLost
    from sipice.session import driving

    solo = Solo(quick())
    solo.offer(OWN, "")
    solo.answered(peer_text(section()))
    leg = solo.controller._leg
    lost = PathLost(0, 1, 1, Loss.CONSENT_REVOKED)
    driving._happened(leg, leg.dialogs["peer"], lost)
    solo.wait(0.1)
    assert solo.all(UpdateNeeded) == []


def test_a_restart_can_be_asked_for() -> None:
    solo = Solo(quick())
    solo.offer(OWN, "")
    solo.answered(peer_text(section()))
    solo.controller.request_restart(solo.now, "peer")
    assert [event.reason for event in solo.take() if isinstance(event, UpdateNeeded)][:1] == [
        Reason.REQUESTED
    ]
    later = parsed(solo.offer(OWN))
    assert sdp.effective.is_restart(parsed(solo.judge.sent["solo", ""][0]), later, 0)
    solo.controller.request_restart(solo.now, "nobody")


@rfc("8839", "4.4.3.1.1", "MUST", "8839-4.4.3.1.1-1")
@rfc("8839", "4.4", "MAY", "8839-4.4-1")
@rfc("3264", "8.3.1", "MUST/SHOULD NOT", "3264-8.3.1-1")
@pytest.mark.parametrize("who", ["a", "b"])
def test_media_goes_on_without_a_gap_while_ice_restarts(who: str) -> None:
    topology = build(HOME, HOME, rtt=0.050)
    call = Conversation(topology, config(topology), stacks=muxed()).connect().run(5.0)
    party = call.a if who == "a" else call.b
    roles = [one.controller._leg.dialogs[call.dialog(one)].agent.role for one in (call.a, call.b)]
    call.reoffer(party, restart=True)
    call.talk(5.0)
    for one in (call.a, call.b):
        times = [when for when, _, _ in one.media]
        assert max(b - a for a, b in pairwise(times)) < 0.045
    assert [one.controller._leg.dialogs[call.dialog(one)].agent.role for one in (call.a, call.b)
            ] == roles  # fmt: skip
    assert Role.CONTROLLING in roles


@pytest.mark.parametrize("status", [488, 491, 500])
def test_a_refused_restart_leaves_the_call_as_it_was(status: int) -> None:
    topology = build(HOME, HOME, rtt=0.050)
    call = Conversation(topology, config(topology), stacks=muxed()).connect().run(5.0)
    call.lost = lambda who, event: True
    call.reoffer(call.a, restart=True)
    call.run(1.0)
    call.lost = lambda who, event: False
    call.a.tell(call.a.controller.offer_failed, "b", status)
    call.talk(2.0)
    call.run(40.0)
    call.talk()
    call.reoffer(call.a)
    call.run(1.0)
    assert sdp.effective.is_restart(call.sent(call.a)[0], call.sent(call.a)[-1], 0) is False
    assert call.refused == []
