"""The controller as something to be driven: bases, flows, timeouts, media."""

from __future__ import annotations

import pytest

from sipice.errors import UsageError
from sipice.net import SILENT, Address, Base, Flow, Transport
from sipice.session import SessionCommand
from tests.session.solo import Solo, own_section, own_text, peer_text, quick, section

OWN = own_text(own_section())
STRANGER = Base(99, Transport.UDP, Address.parse("192.0.2.1", 1))


def agreed() -> Solo:
    solo = Solo(quick())
    solo.offer(OWN, "")
    solo.answered(peer_text(section(ice=False), ufrag=None))
    return solo


def test_inputs_about_unknown_things_do_nothing() -> None:
    solo = agreed()
    controller = solo.controller
    controller.receive_datagram(1.0, b"\x80" * 20, STRANGER, Address.parse("192.0.2.9", 9))
    controller.send_failed(1.0, STRANGER, Address.parse("192.0.2.9", 9), hard=True)
    controller.remove_local_address(1.0, STRANGER)
    for flow in (Flow(1), Flow(2)):
        controller.connection_opened(1.0, flow)
        controller.receive_stream(1.0, flow, b"x")
        controller.writable(1.0, flow)
        controller.connection_closed(1.0, flow)
    controller.ports_opened(1.0, 77)
    controller.media_sent(1.0, 77, 1)
    controller.end(1.0, "nobody")
    assert not controller.send(1.0, "nobody", 0, 1, b"\x80")
    assert controller.media("nobody", 0, 1) == SILENT
    assert controller.media("peer", 0, 9) == SILENT
    assert controller.streams("nobody") == ()
    assert solo.take() == []


def test_errors_of_the_caller_say_the_remedy() -> None:
    controller = agreed().controller
    with pytest.raises(UsageError, match="closed"):
        controller.add_local_address(1.0, 77, 1, Address.parse("192.0.2.1", 1))
    with pytest.raises(UsageError, match="not in use"):
        controller.connection_accepted(1.0, STRANGER, Address.parse("192.0.2.9", 9))


def test_media_goes_by_the_slow_path_too_and_puts_keepalives_off() -> None:
    solo = agreed()
    assert solo.controller.send(solo.now, "peer", 0, 1, b"\x80" * 20)
    before = solo.controller.next_timeout()
    assert before is not None
    solo.controller.media_sent(before - 1.0, 0, 1)
    solo.controller.media_sent(before - 1.0, 0, 2)
    assert solo.controller.next_timeout() == before + 14.0


def test_commands_are_of_the_agents_and_of_the_controller() -> None:
    solo = agreed()
    commands: list[SessionCommand] = solo.commands
    assert solo.opened == [0]
    assert commands


def test_time_does_not_run_backwards() -> None:
    solo = agreed()
    solo.controller.media_sent(100.0, 0, 1)
    solo.controller.media_sent(50.0, 0, 1)
    assert solo.controller._leg.now == 100.0
