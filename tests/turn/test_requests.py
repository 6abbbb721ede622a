"""RFC 8489 §6, §9: how a request of the TURN client ends, against a server made by hand."""

from __future__ import annotations

from random import Random

import pytest

from sipice.stun import LongTermCredentials
from sipice.turn import (
    Allocated,
    Loss,
    Lost,
    State,
    TurnClient,
    TurnConfig,
)
from tests.marks import rfc
from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Method
from tests.turn.script import (
    KEY,
    NONCE,
    REALM,
    SERVER,
    Script,
)


@pytest.fixture
def script() -> Script:
    return Script()


@rfc("8489", "9.2.3.2", "SHOULD/MUST", "8489-9.2.3-2")
@rfc("8489", "9.2.5", "SHOULD", "8489-9.2.5-1")
@rfc("8656", "5", "MUST", "8656-5-1")
def test_after_401_it_asks_again_with_user_realm_and_nonce(script: Script) -> None:
    script.client.allocate(script.now)
    first = script.packet()
    script.challenge(first)
    second = script.signed(Method.ALLOCATE)
    assert second.transaction != first.transaction
    assert second.get(Attr.USERNAME) == b"user"
    assert second.get(Attr.REALM) == REALM.encode()
    assert second.get(Attr.REQUESTED_TRANSPORT) == b"\x11\0\0\0"


@rfc("8489", "5", "MUST", "8489-5-2")
@rfc("8489", "6.2.1", "SHOULD", "8489-6.2.1-1")
def test_without_an_answer_the_same_request_goes_out_seven_times(script: Script) -> None:
    script.client.allocate(script.now)
    script.wait(39.4)
    packets = script.packets()
    assert len(packets) == 7
    assert len({packet.raw for packet in packets}) == 1
    script.wait(0.1)
    assert script.event() == Lost(Loss.TIMEOUT, retry_after=0.0)
    assert script.client.state is State.IDLE
    assert script.client.next_timeout() is None


@rfc("8489", "6.2.2", "rule", "8489-6.2.2-2")
def test_over_a_stream_a_request_goes_out_once() -> None:
    script = Script(TurnConfig(reliable=True))
    script.client.allocate(script.now)
    script.wait(39.5)
    assert len(script.packets()) == 1
    assert script.event() == Lost(Loss.TIMEOUT, retry_after=0.0)


@rfc("8489", "9.2.5", "SHOULD", "8489-9.2.5-1")
@rfc("8656", "7.4", "rule", "8656-7.4-1")
def test_a_401_to_the_right_procedure_means_wrong_credentials(script: Script) -> None:
    script.challenge(script.challenged())
    assert script.packets() == []
    assert script.event() == Lost(Loss.CREDENTIALS, 401)


@rfc("8489", "5", "MUST", "8489-5-2")
@rfc("8489", "9.2.5", "MUST", "8489-9.2.5-2")
@rfc("8656", "8.3", "rule", "8656-8.3-1")
def test_a_stale_nonce_is_replaced_in_a_new_transaction(script: Script) -> None:
    script.allocated()
    script.wait(540)
    first = script.signed(Method.REFRESH)
    script.challenge(first, 438, b"another nonce")
    second = script.signed(Method.REFRESH)
    assert second.transaction != first.transaction
    script.answer(second, None, [(Attr.LIFETIME, (600).to_bytes(4))])
    assert script.events() == []


def test_a_nonce_that_is_always_stale_ends_the_attempt(script: Script) -> None:
    request = script.challenged()
    asked = 0
    while script.client.state is State.ALLOCATING:
        script.challenge(request, 438, f"nonce {asked}".encode())
        packets, asked = script.packets(), asked + 1
        if packets:
            request = packets[0]
    assert asked <= 5
    assert script.event() == Lost(Loss.CHALLENGE, 438)


@rfc("8489", "6.3.4", "rule", "8489-6.3.4-1")
def test_a_server_error_is_retried_four_times(script: Script) -> None:
    request = script.challenged()
    for _ in range(4):
        script.answer(request, 500)
        request = script.signed(Method.ALLOCATE)
    script.answer(request, 500)
    assert script.packets() == []
    assert script.event() == Lost(Loss.REFUSED, 500, 60.0)


@rfc("8489", "6.3.3", "rule", "8489-6.3.3-1")
@rfc("8489", "6.3.4", "rule", "8489-6.3.4-1")
@pytest.mark.parametrize("code", [None, 400])
def test_an_unknown_required_attribute_in_a_response_fails_it(
    script: Script, code: int | None
) -> None:
    script.answer(script.challenged(), code, [(0x7F00, b"")])
    assert script.event() == Lost(Loss.UNUSABLE)


@rfc("8489", "6.3.4", "rule", "8489-6.3.4-1")
def test_an_error_without_its_code_fails(script: Script) -> None:
    request = script.challenged()
    script.give(wire.build(request.method, Class.ERROR, request.transaction, key=KEY))
    assert script.event() == Lost(Loss.UNUSABLE)


@rfc("8489", "9.1.4", "MUST", "8489-9.1.4-1")
def test_answers_of_a_wrong_key_are_dropped_and_reported_in_the_end(script: Script) -> None:
    request = script.challenged()
    script.answer(request, None, key=b"another key")
    script.answer(request, 437, key=None)
    script.wait(0.5)
    assert script.signed(Method.ALLOCATE).raw == request.raw
    script.wait(39)
    assert script.event() == Lost(Loss.INTEGRITY)


def test_after_a_wrong_answer_the_right_one_is_still_taken(script: Script) -> None:
    request = script.challenged()
    script.answer(request, 437, key=b"another key")
    script.grant(request)
    assert isinstance(script.event(), Allocated)


@rfc("8489", "9.1.4", "MUST", "8489-9.1.4-1")
def test_over_a_stream_a_wrong_key_ends_it_at_once() -> None:
    script = Script(TurnConfig(reliable=True))
    script.answer(script.challenged(), None, key=b"another key")
    assert script.event() == Lost(Loss.INTEGRITY)


@rfc("8489", "9.2.5", "MUST", "8489-9.2.5-6")
def test_a_400_without_integrity_is_as_if_it_had_been_lost(script: Script) -> None:
    request = script.challenged()
    script.answer(request, 400, key=None)
    assert script.events() == []
    script.wait(39.5)
    assert script.event() == Lost(Loss.TIMEOUT, retry_after=0.0)


@rfc("8489", "9.2.5", "MUST NOT", "8489-9.2.5-3")
def test_a_challenge_that_lost_its_algorithms_is_not_met(script: Script) -> None:
    script.client.allocate(script.now)
    script.challenge(script.packet(), 401, b"obMatJos2AAAB" + NONCE)
    assert script.packets() == []
    assert script.event() == Lost(Loss.CHALLENGE, 401)


def test_responses_to_nothing_of_ours_are_dropped(script: Script) -> None:
    request = script.challenged()
    for method, transaction in ((Method.REFRESH, request.transaction), (request.method, bytes(12))):
        script.give(wire.build(method, Class.SUCCESS, transaction, key=KEY))
    assert script.events() == []
    assert script.client.state is State.ALLOCATING


def test_requests_of_the_server_are_dropped(script: Script) -> None:
    request = script.challenged()
    script.give(request.raw)
    assert script.events() == []
    assert script.packets() == []


def test_the_same_seed_makes_the_same_packets() -> None:
    packets = []
    for _ in range(2):
        client = TurnClient(TurnConfig(), SERVER, LongTermCredentials("user", "secret"), Random(7))
        client.allocate(5.0)
        packets.append(client.take_packets())
    assert packets[0] == packets[1]


@rfc("8489", "5", "MUST", "8489-5-2")
def test_transaction_ids_are_96_bits_of_the_generator_handed_in(script: Script) -> None:
    seen = Random(1)
    script.client.allocate(script.now)
    assert script.packet().transaction == seen.getrandbits(96).to_bytes(12)


@rfc("8489", "9.1.4", "MUST", "8489-9.1.4-2")
def test_a_response_sealed_in_another_way_than_its_request_is_dropped(script: Script) -> None:
    request = script.challenged()
    data = wire.build(request.method, Class.SUCCESS, request.transaction, sha256=KEY)
    script.give(data)
    assert script.events() == []
    script.grant(request)
    assert isinstance(script.event(), Allocated)
