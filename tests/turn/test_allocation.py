"""RFC 8656 §7.3, §7.4: what the answer to an Allocate means, against a server made by hand."""

from __future__ import annotations

import pytest

from sipice.net import Address
from sipice.turn import (
    Allocated,
    FamilyRefused,
    Loss,
    Lost,
    State,
    TurnConfig,
)
from tests.marks import rfc
from tests.simnet import wire
from tests.simnet.wire import Attr, Method
from tests.turn.script import (
    MAPPED,
    RELAYED,
    RELAYED_V6,
    Script,
)


@pytest.fixture
def script() -> Script:
    return Script()


@rfc("8656", "7.3", "rule", "8656-7.3-2")
def test_success_tells_the_relayed_and_the_mapped_address(script: Script) -> None:
    assert script.allocated(1200) == Allocated((RELAYED,), MAPPED, 1200.0)
    assert script.client.state is State.ALLOCATED
    assert script.client.next_timeout() == script.now + 1140


@pytest.mark.parametrize(("lifetime", "after"), [(100, 50), (30, 15), (8, 5), (600, 540)])
def test_a_short_allocation_is_refreshed_in_its_middle_but_not_all_the_time(
    script: Script, lifetime: int, after: float
) -> None:
    script.allocated(lifetime)
    assert script.client.next_timeout() == script.now + after


def test_an_allocation_of_no_time_is_lost_when_it_ends(script: Script) -> None:
    script.allocated(3)
    script.wait(3)
    assert script.event() == Lost(Loss.EXPIRED, retry_after=0.0)
    assert script.packets() == []


@pytest.mark.parametrize("code", [400, 403, 440, 441, 442, 420])
@rfc("8656", "7.4", "rule", "8656-7.4-1")
def test_a_refusal_is_final(script: Script, code: int) -> None:
    script.answer(script.challenged(), code)
    assert script.packets() == []
    assert script.event() == Lost(Loss.REFUSED, code)


@pytest.mark.parametrize("code", [486, 508])
@rfc("8656", "7.4", "SHOULD", "8656-7.4-3")
def test_a_full_server_is_left_alone_for_a_minute(script: Script, code: int) -> None:
    script.answer(script.challenged(), code)
    assert script.event() == Lost(Loss.CAPACITY, code, 60.0)


@rfc("8656", "7.4", "SHOULD", "8656-7.4-2")
def test_a_mismatch_is_met_on_three_ports_and_then_waited_for(script: Script) -> None:
    script.answer(script.challenged(), 437)
    assert script.event() == Lost(Loss.MISMATCH, 437, 0.0)
    for retry_after in (0.0, 120.0):
        script.client.allocate(script.now)
        script.answer(script.signed(Method.ALLOCATE), 437)
        assert script.event() == Lost(Loss.MISMATCH, 437, retry_after)
    script.client.allocate(script.now)
    script.grant(script.signed(Method.ALLOCATE))
    assert isinstance(script.event(), Allocated)


SWEEPING = TurnConfig(keepalive=None, sweep=True)


@pytest.mark.parametrize("code", [None, 437, 441])
def test_what_another_process_left_on_the_port_is_given_back(code: int | None) -> None:
    script = Script(SWEEPING)
    script.answer(script.challenged(), 437)
    request = script.signed(Method.REFRESH)
    assert request.get(Attr.LIFETIME) == bytes(4)
    assert script.events() == []
    script.answer(request, code)
    script.grant(script.signed(Method.ALLOCATE))
    assert isinstance(script.event(), Allocated)


def test_a_port_is_swept_once() -> None:
    script = Script(SWEEPING)
    script.answer(script.challenged(), 437)
    script.answer(script.signed(Method.REFRESH))
    script.answer(script.signed(Method.ALLOCATE), 437)
    assert script.event() == Lost(Loss.MISMATCH, 437, 0.0)
    assert script.packets() == []


def test_what_is_deleted_while_its_port_is_swept_is_not_asked_for_again() -> None:
    script = Script(SWEEPING)
    script.answer(script.challenged(), 437)
    script.client.delete(script.now)
    script.answer(script.signed(Method.REFRESH))
    assert script.event() == Lost(Loss.DELETED)
    assert script.packets() == []


def test_two_families_give_two_relayed_addresses() -> None:
    script = Script(TurnConfig(both_families=True))
    assert script.allocated(600, RELAYED, RELAYED_V6).relayed == (RELAYED, RELAYED_V6)


@rfc("8656", "7.3", "MUST NOT/SHOULD", "8656-7.3-3")
@pytest.mark.parametrize("code", [440, 508])
def test_of_two_families_one_may_be_refused(code: int) -> None:
    script = Script(TurnConfig(both_families=True))
    request = script.challenged()
    refused = b"\2\0" + wire.error_code(code, "no")[2:]
    pairs = [
        (Attr.XOR_RELAYED_ADDRESS, wire.xor_address(RELAYED, request.transaction)),
        (Attr.XOR_MAPPED_ADDRESS, wire.xor_address(MAPPED, request.transaction)),
        (Attr.ADDRESS_ERROR_CODE, refused),
    ]
    script.answer(request, None, [(int(kind), value) for kind, value in pairs])
    assert script.events() == [Allocated((RELAYED,), MAPPED, 600.0), FamilyRefused(6, code)]


@rfc("8656", "7.3", "MUST", "8656-7.3-1")
@pytest.mark.parametrize(
    "relayed",
    [(RELAYED_V6,), (RELAYED, RELAYED_V6), (Address(bytes(4), 5000),), (Address(RELAYED.ip, 0),)],
)
def test_an_allocation_that_cannot_be_used_is_deleted_and_not_tried_again(
    script: Script, relayed: tuple[Address, ...]
) -> None:
    script.grant(script.challenged(), 600, *relayed)
    request = script.signed(Method.REFRESH)
    assert request.get(Attr.LIFETIME) == bytes(4)
    assert script.events() == []
    script.answer(request, None, [(Attr.LIFETIME, bytes(4))])
    assert script.event() == Lost(Loss.UNUSABLE)


def test_success_without_a_relayed_address_cannot_be_used(script: Script) -> None:
    script.answer(script.challenged(), None)
    script.answer(script.signed(Method.REFRESH), 437)
    assert script.event() == Lost(Loss.UNUSABLE)
