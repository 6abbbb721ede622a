"""Whole calls of two controllers in the virtual network."""

from __future__ import annotations

import pytest

from sipice.ice import AgentConfig
from sipice.session import SessionConfig, Trickle
from tests.session.conversation import Conversation
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
