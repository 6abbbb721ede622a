"""Whole calls of two controllers in the virtual network."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sipice.ice import AgentConfig
from sipice.session import SessionConfig, Trickle
from tests.session.conversation import Conversation
from tests.session.solo import Solo, own_section, own_text, peer_text, quick, section
from tests.simnet.call import ice_servers
from tests.simnet.nat import PORT_RESTRICTED
from tests.simnet.topology import OPEN, Topology, behind, build

HOME = behind(PORT_RESTRICTED)


def config(topology: Topology, trickle: Trickle = Trickle.OFF, **more: object) -> SessionConfig:
    servers = ice_servers(topology)
    return SessionConfig(agent=AgentConfig(servers=servers, **more), trickle=trickle)  # type: ignore[arg-type]


@pytest.mark.parametrize("trickle", Trickle)
@pytest.mark.parametrize("kinds", [(OPEN, OPEN), (HOME, HOME)], ids=["open", "nat"])
def test_a_call_connects(kinds: tuple[object, object], trickle: Trickle) -> None:
    topology = build(*kinds, rtt=0.050)  # type: ignore[arg-type]
    call = Conversation(topology, config(topology, trickle)).connect()
    call.talk()
    call.run(10.0)
    call.talk()
    assert call.refused == []


def test_a_dialog_is_connected_when_every_component_may_send() -> None:
    call = Conversation(build(rtt=0.050), SessionConfig())
    assert not call.a.controller.is_connected("b"), "there is no such dialog"
    call.start()
    states = []
    for _ in range(100):
        call.run(0.01)
        sends = [
            call.a.controller.media("b", 0, component).send is not None for component in (1, 2)
        ]
        states.append(call.a.controller.is_connected("b"))
        assert states[-1] is all(sends)
    assert states[0] is False
    assert states[-1] is True


def test_what_carries_a_component_is_what_was_agreed() -> None:
    def sections(port: int, write: Callable[..., str]) -> str:
        media = (("audio", "a"), ("video", "v"), ("video", "x"))
        return "".join(
            write(port + 2 * at, f"a=mid:{mid}", "a=rtcp-mux", media=kind)
            for at, (kind, mid) in enumerate(media)
        )

    head = ("a=group:BUNDLE a v",)
    solo = Solo(quick())
    carrier = solo.controller.carrier
    assert carrier("peer", 1, 2) == (1, 2)
    solo.offer(own_text(sections(7000, own_section), head=head), "")
    assert carrier("", 1, 2) == (1, 2)
    answer = peer_text(sections(6000, section).replace("m=video 6004", "m=video 0"), head=head)
    solo.answered(answer)
    assert [carrier("peer", *place) for place in ((0, 1), (0, 2), (1, 1), (1, 2))] == [(0, 1)] * 4
    assert carrier("peer", 2, 1) is None
    assert carrier("peer", 7, 1) is None
