"""RFC 8489 where checks rely on it: repeated requests, and one kind of integrity."""

from __future__ import annotations

from sipice.ice import PairSelected
from sipice.stun import attributes as a
from tests.ice.harness import pair_of
from tests.marks import rfc
from tests.rfc.alone import Alone, requests, successes


@rfc("8489", "6.3.1", "MUST", "8489-6.3.1-2")
def test_a_repeated_request_gets_the_same_answer_and_does_nothing_twice() -> None:
    alone = Alone()
    alone.serve(0.1)
    request = alone.puppet.request(controlling=True, nominate=True)
    first = alone.receive(request)
    events = len(alone.side.events)
    second = alone.receive(request)
    assert [one.data for one in first] == [one.data for one in second]
    assert len(alone.side.events) == events
    assert len(alone.side.all(PairSelected)) == 1
    assert successes(first)


@rfc("8489", "6.3.1", "MUST", "8489-6.3.1-2")
def test_a_repeated_request_of_another_source_is_told_its_own_address() -> None:
    alone = Alone()
    request = alone.puppet.request(controlling=True)
    (one,) = successes(alone.receive(request))
    (other,) = successes(alone.receive(request, "10.0.0.3:7000"))
    assert str(one.message.get(a.XOR_MAPPED_ADDRESS)) == "10.0.0.2:6000"
    assert str(other.message.get(a.XOR_MAPPED_ADDRESS)) == "10.0.0.3:7000"


@rfc("8489", "9.1.5", "MUST", "8489-9.1.5-1")
def test_every_request_of_a_session_has_the_one_kind_of_integrity() -> None:
    """Checks, nominations, retransmissions and consent: MESSAGE-INTEGRITY alone."""
    wire = pair_of()
    wire.lose = lambda sent: sent.at < 0.6
    wire.connect().run(60.0)
    sent = requests(wire.log)
    assert len(sent) > 20
    for one in sent:
        assert one.message.integrity_at
        assert not one.message.integrity_sha256_at
