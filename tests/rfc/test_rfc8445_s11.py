"""RFC 8445 §11: keepalives on the pairs that are used."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.ice import AgentConfig, Role
from sipice.stun import Message, Method
from tests.ice.harness import Sent, Wire, address, pair_of
from tests.marks import rfc
from tests.rfc.alone import OWN, PEER, Alone, is_indication, peers, successes

QUIET = AgentConfig(consent=False)
"""Without consent checks the keepalives are indications."""


def connected(config: AgentConfig = QUIET, *, components: int = 1) -> Wire:
    wire = pair_of(a_config=config, b_config=config, components=components).connect()
    wire.run(1.0)
    wire.log.clear()
    return wire


def indications(sent: list[Sent]) -> list[Sent]:
    return [one for one in sent if is_indication(one.message)]


@rfc("8445", "11", "MUST", "8445-11-1")
@rfc("8445", "11", "", "AT-36")
@rfc("8839", "6", "MUST", "8839-6-1")
def test_an_idle_pair_gets_one_packet_each_fifteen_seconds() -> None:
    wire = connected()
    wire.run(100.0)
    times = [sent.at for sent in indications(wire.log) if sent.side is wire.a]
    gaps = {round(later - earlier, 6) for earlier, later in pairwise(times)}
    assert gaps == {15.0}
    assert len(times) == 6
    assert all(is_indication(sent.message) for sent in wire.log)


@rfc("8445", "11", "MUST", "8445-11-1")
@rfc("8445", "11", "", "AT-36")
@pytest.mark.parametrize("by", ["send", "media_sent"])
def test_a_pair_that_carries_media_gets_no_keepalive_until_it_is_idle(by: str) -> None:
    wire = connected()
    for second in range(2, 60):
        wire.run(float(second))
        if by == "send":
            assert wire.a.agent.send(wire.now, 0, 1, b"\x80")
            wire.a.agent.take_commands()
        else:
            wire.a.agent.media_sent(wire.now, 0, 1)
    assert [sent for sent in indications(wire.log) if sent.side is wire.a] == []
    last = wire.now
    wire.run(last + 14.999)
    assert [sent for sent in indications(wire.log) if sent.side is wire.a] == []
    wire.run(last + 15.0)
    assert len([sent for sent in indications(wire.log) if sent.side is wire.a]) == 1


@rfc("8445", "11", "MUST", "8445-11-2")
def test_stun_keeps_every_selected_pair_open_by_default() -> None:
    """With consent its checks are the keepalives (RFC 7675 §4), else indications."""
    for config in (AgentConfig(), QUIET):
        wire = connected(config)
        wire.run(300.0)
        times = [sent.at for sent in wire.log if sent.side is wire.a]
        assert max(later - earlier for earlier, later in pairwise(times)) <= 15
        assert wire.a.agent.media(0, 1).send is not None


@rfc("8445", "11", "MUST NOT/SHOULD", "8445-11-3")
@rfc("8445", "11", "", "AT-36")
def test_a_keepalive_is_a_bare_indication_with_a_fingerprint() -> None:
    wire = connected()
    wire.run(20.0)
    sent = indications(wire.log)[0]
    message: Message = sent.message
    assert message.method == Method.BINDING
    assert not message.has_integrity
    assert message.has_fingerprint
    assert message.attributes == ()
    assert len(sent.data) == 28


@rfc("8445", "11", "rule", "8445-11-4")
def test_only_the_selected_pair_is_kept_alive() -> None:
    alone = Alone(config=QUIET, hosts=[OWN, "10.0.1.1:5000"], peers=peers(PEER, "10.0.0.2:6100"))
    alone.serve(1.0)
    alone.nominate(PEER)
    alone.serve(1.1)
    sent = indications(alone.run(100.0))
    assert len(sent) == 6
    assert {(str(one.source), str(one.to)) for one in sent} == {(OWN, PEER)}


@rfc("8445", "11", "rule", "8445-11-4")
def test_each_component_is_kept_alive() -> None:
    wire = connected(components=2)
    wire.run(16.5)
    sent = [one for one in indications(wire.log) if one.side is wire.a]
    assert sorted(one.to.port for one in sent) == [6000, 6001]


@rfc("8445", "11", "rule", "8445-11-4")
@pytest.mark.parametrize("end", ["stream", "session"])
@pytest.mark.parametrize("config", [AgentConfig(), QUIET])
def test_keepalives_stop_with_the_stream_or_the_session(config: AgentConfig, end: str) -> None:
    wire = connected(config)
    wire.run(20.0)
    if end == "stream":
        wire.a.agent.remove_stream(wire.now, 0)
    else:
        wire.a.agent.close(wire.now)
    wire.drain()
    wire.log.clear()
    assert wire.a.agent.next_timeout() is None
    wire.run(120.0)
    assert [sent for sent in wire.log if sent.side is wire.a] == []


@rfc("8445", "11", "rule", "8445-11-4")
def test_a_pair_that_is_valid_but_not_selected_yet_is_kept_alive_too() -> None:
    """§12.1 lets it carry data, and §11 speaks of pairs that are used for data."""
    alone = Alone(Role.CONTROLLED, QUIET)
    alone.serve(0.1)
    sent = indications(alone.run(40.0))
    assert len(sent) == 2


@rfc("8445", "11", "MUST", "8445-11-5")
@pytest.mark.parametrize("nominate", [False, True])
def test_a_check_after_completion_is_answered_and_touches_no_state(nominate: bool) -> None:
    alone = Alone()
    alone.serve(0.1)
    alone.nominate()
    alone.serve(10.0)
    table = alone.agent.media(0, 1)
    events = len(alone.side.events)
    (answer,) = successes(alone.ask(nominate=nominate))
    assert answer.to == address(PEER)
    assert alone.agent.media(0, 1) == table
    assert len(alone.side.events) == events


@rfc("8445", "11", "MUST NOT/SHOULD", "8445-11-3")
def test_an_indication_of_the_peer_is_never_answered() -> None:
    wire = connected()
    wire.run(15.5)
    sent = indications(wire.log)[0]
    wire.log.clear()
    wire.inject(wire.b, sent.source, sent.to, sent.data)
    wire.run(15.6)
    assert wire.log == []
