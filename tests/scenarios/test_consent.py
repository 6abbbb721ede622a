"""RFC 7675 in long calls: consent is kept over slow paths and ends on dead ones."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sipice.ice import AgentConfig, Loss, PathBack, PathLost, PathQuiet, StreamFailed
from tests.marks import rfc
from tests.simnet.call import Call
from tests.simnet.talk import Talk
from tests.simnet.topology import OPEN, build


def connected(*, rtt: float = 0.050, seed: int = 0, config: AgentConfig | None = None) -> Call:
    made = Call(build(OPEN, OPEN, rtt=rtt, seed=seed), seed=seed, config=config).run()
    made.assert_connected()
    return made


def requests(made: Call, name: str, since: float) -> list[float]:
    return [
        line.now
        for line in made.world.trace.lines()
        if (line.where, line.what) == (name, "sends")
        and line.data[:2] == b"\0\1"
        and line.now >= since
    ]


@pytest.mark.parametrize("rtt", [0.0, 0.600, 3.0, 8.0])
@rfc("7675", "5.1", "MUST/SHOULD/MUST NOT", "7675-5.1-5")
def test_a_healthy_call_lives_however_long_its_path(rtt: float) -> None:
    made = connected(rtt=rtt)
    begin = made.world.now
    made.world.run(until=begin + 600.0)
    for peer in (made.a, made.b):
        assert peer.all(PathLost) == []
        assert peer.all(StreamFailed) == []
        assert peer.agent.media(0, 1).send is not None
        times = requests(made, peer.name, begin + 1.0)
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert len(times) > 80
        assert min(gaps) >= 4.0 - 1e-6
        assert max(gaps) <= 6.0 + 1e-6
        assert len({round(gap, 6) for gap in gaps}) > 20


@rfc("7675", "5.1", "MUST", "7675-5.1-3")
def test_a_path_that_is_cut_is_lost_after_thirty_seconds() -> None:
    made = connected()
    talk = Talk(made.a, made.b)
    made.world.run(until=20.0)
    made.topology.a.wan.cut = True
    made.world.run(until=70.0)
    for peer in (made.a, made.b):
        lost = peer.first(PathLost)
        assert lost is not None
        when, event = lost
        assert event.reason is Loss.CONSENT_EXPIRED
        # The last answer came up to 6 s and a round trip before the cut.
        assert 20.0 + 30.0 - 6.1 <= when <= 20.0 + 30.0
        quiet = peer.first(PathQuiet)
        assert quiet is not None
        assert quiet[0] <= 20.0 + 6.0 + 5.0 + 1e-6
        assert peer.agent.media(0, 1).send is None
    lines = made.world.trace.lines()
    last = max(line.now for line in lines if line.what == "sends" and line.data[:1] == b"\x80")
    assert last <= 50.0
    assert talk.withheld["a"] > 0


def test_media_never_leaves_without_consent_again() -> None:
    made = connected()
    made.topology.a.wan.cut = True
    made.world.run(until=60.0)
    made.topology.a.wan.cut = False
    made.world.run(until=120.0)
    for peer in (made.a, made.b):
        assert peer.agent.media(0, 1).send is None
        assert len(peer.all(PathLost)) == 1


def test_a_path_that_was_gone_for_a_while_comes_back() -> None:
    made = connected()
    made.world.run(until=20.0)
    made.topology.a.wan.cut = True
    made.world.run(until=40.0)
    made.topology.a.wan.cut = False
    made.world.run(until=100.0)
    for peer in (made.a, made.b):
        assert [type(event) for event in peer.all(PathQuiet)] == [PathQuiet]
        assert len(peer.all(PathBack)) == 1
        assert peer.all(PathLost) == []
        assert peer.agent.media(0, 1).send is not None


def test_one_direction_dead_ends_consent_on_both_sides() -> None:
    made = connected()
    made.topology.a.wan.down.cut = True
    made.world.run(until=60.0)
    assert made.a.all(PathLost)
    assert made.b.all(PathLost)


@pytest.mark.parametrize("seed", range(5))
def test_a_lossy_path_keeps_consent(seed: int) -> None:
    made = connected(seed=seed)
    for link in (made.topology.a.wan.up, made.topology.a.wan.down):
        link.loss = 0.05
    made.world.run(until=600.0)
    assert made.a.all(PathLost) == made.b.all(PathLost) == []


def test_without_consent_a_quiet_pair_is_kept_alive_by_indications() -> None:
    made = connected(config=AgentConfig(consent=False))
    begin = made.world.now
    made.world.run(until=begin + 300.0)
    assert made.watch.checker.judged["1 INDICATION"] == pytest.approx(40, abs=2)
    assert requests(made, "a", begin + 1.0) == []
