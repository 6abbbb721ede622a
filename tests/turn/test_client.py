"""RFC 8656 §7, §8: how an allocation comes, stays and goes, against a server made by hand."""

from __future__ import annotations

from random import Random

import pytest

from sipice.errors import UsageError
from sipice.net import Address
from sipice.stun import LongTermCredentials
from sipice.turn import (
    Allocated,
    FamilyRefused,
    Loss,
    Lost,
    Redirected,
    State,
    TurnClient,
    TurnConfig,
)
from tests.marks import rfc
from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Method
from tests.turn.script import (
    KEY,
    MAPPED,
    NONCE,
    PEER,
    REALM,
    RELAYED,
    RELAYED_V6,
    SERVER,
    Script,
)

ELSEWHERE = Address.parse("192.0.2.2", 3478)


@pytest.fixture
def script() -> Script:
    return Script()


@rfc("8656", "7.1", "MUST", "8656-7.1-1")
@rfc("8489", "9.2.3.1", "MUST", "8489-9.2.3-1")
def test_the_first_allocate_asks_for_udp_and_tells_nothing_of_the_user(script: Script) -> None:
    script.client.allocate(script.now)
    request = script.packet()
    assert (request.method, request.cls) == (Method.ALLOCATE, Class.REQUEST)
    assert request.get(Attr.REQUESTED_TRANSPORT) == b"\x11\0\0\0"
    assert request.kinds() == [Attr.REQUESTED_TRANSPORT, Attr.FINGERPRINT]


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


@rfc("8656", "7.3", "rule", "8656-7.3-2")
def test_success_tells_the_relayed_and_the_mapped_address(script: Script) -> None:
    assert script.allocated(1200) == Allocated((RELAYED,), MAPPED, 1200.0)
    assert script.client.state is State.ALLOCATED
    assert script.client.next_timeout() == script.now + 1140


def test_a_server_that_wants_no_credentials_is_served_too(script: Script) -> None:
    script.client.allocate(script.now)
    script.grant(script.packet())
    assert isinstance(script.event(), Allocated)


@rfc("8656", "8", "MUST", "8656-8-1")
@rfc("8656", "5", "MUST", "8656-5-2")
def test_it_is_refreshed_a_minute_before_its_end(script: Script) -> None:
    script.allocated()
    script.wait(539.9)
    assert script.packets() == []
    script.wait(0.1)
    request = script.signed(Method.REFRESH)
    assert request.get(Attr.USERNAME) == b"user"
    assert request.get(Attr.LIFETIME) is None
    assert request.get(Attr.REQUESTED_ADDRESS_FAMILY) is None
    script.answer(request, None, [(Attr.LIFETIME, (900).to_bytes(4))])
    script.wait(839.9)
    assert script.packets() == []
    script.wait(0.1)
    script.signed(Method.REFRESH)
    assert script.events() == []


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


def test_a_refresh_without_an_answer_loses_the_allocation(script: Script) -> None:
    script.allocated()
    script.wait(540 + 39.5)
    assert script.event() == Lost(Loss.TIMEOUT, retry_after=0.0)


# --- errors ---


@rfc("8489", "9.2.5", "SHOULD", "8489-9.2.5-1")
@rfc("8656", "7.4", "rule", "8656-7.4-1")
def test_a_401_to_the_right_procedure_means_wrong_credentials(script: Script) -> None:
    script.challenge(script.challenged())
    assert script.packets() == []
    assert script.event() == Lost(Loss.CREDENTIALS, 401)


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


@rfc("8489", "6.3.4", "rule", "8489-6.3.4-1")
def test_a_server_error_is_retried_four_times(script: Script) -> None:
    request = script.challenged()
    for _ in range(4):
        script.answer(request, 500)
        request = script.signed(Method.ALLOCATE)
    script.answer(request, 500)
    assert script.packets() == []
    assert script.event() == Lost(Loss.REFUSED, 500, 60.0)


@pytest.mark.parametrize("method", [Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND])
@rfc("8656", "5", "MUST", "8656-5-3")
@rfc("8656", "8.3", "rule", "8656-8.3-1")
def test_437_to_anything_else_means_that_the_allocation_is_gone(
    script: Script, method: Method
) -> None:
    script.allocated()
    if method == Method.REFRESH:
        script.wait(540)
    elif method == Method.CREATE_PERMISSION:
        script.client.permit(script.now, PEER)
    else:
        script.permitted(PEER)
        script.client.bind_channel(script.now, PEER)
    script.answer(script.signed(method), 437)
    assert script.event() == Lost(Loss.MISMATCH, 437, 0.0)
    assert script.client.encapsulate(PEER, b"x") is None
    assert script.client.next_timeout() is None


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


# --- integrity of responses ---


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


# --- redirection ---


def redirect(script: Script, server: Address | None, key: bytes | None = KEY) -> None:
    pairs = [] if server is None else [(Attr.ALTERNATE_SERVER, wire.plain_address(server))]
    pairs.append((Attr.ALTERNATE_DOMAIN, b"turn.example.org"))
    script.answer(script.challenged(), 300, list(pairs), key=key)


@rfc("8489", "10", "MUST", "8489-10-1")
def test_a_signed_redirection_is_followed_without_credentials(script: Script) -> None:
    redirect(script, ELSEWHERE)
    assert script.event() == Redirected(ELSEWHERE, "turn.example.org")
    assert script.client.server == ELSEWHERE
    assert script.client.state is State.IDLE
    script.client.allocate(script.now)
    assert script.packet().kinds() == [Attr.REQUESTED_TRANSPORT, Attr.FINGERPRINT]


@rfc("8489", "10", "MUST", "8489-10-1")
@pytest.mark.parametrize("key", [None, b"another key"])
def test_a_redirection_of_somebody_else_is_ignored(script: Script, key: bytes | None) -> None:
    redirect(script, ELSEWHERE, key)
    assert script.events() == []
    assert script.client.server == SERVER


@rfc("8489", "10", "MUST", "8489-10-1")
def test_a_redirection_before_credentials_is_ignored(script: Script) -> None:
    script.client.allocate(script.now)
    script.answer(
        script.packet(), 300, [(Attr.ALTERNATE_SERVER, wire.plain_address(ELSEWHERE))], key=None
    )
    assert script.events() == []


@rfc("8489", "10", "MUST", "8489-10-1")
@pytest.mark.parametrize("pause", [0, 299, 301])
def test_no_server_is_visited_twice_within_five_minutes(script: Script, pause: float) -> None:
    redirect(script, ELSEWHERE)
    script.events()
    script.wait(pause)
    redirect(script, SERVER)
    expected = Redirected(SERVER, "turn.example.org") if pause > 300 else None
    assert script.event() == (expected or Lost(Loss.REDIRECT_LOOP, 300))


def test_an_endless_chain_of_servers_ends(script: Script) -> None:
    for number in range(3, 20):
        redirect(script, Address.parse(f"192.0.2.{number}", 3478))
        event = script.event()
        if isinstance(event, Lost):
            break
    assert event == Lost(Loss.REDIRECT_LOOP, 300)
    assert number < 12


def test_a_redirection_to_nowhere_is_a_refusal(script: Script) -> None:
    redirect(script, None)
    assert script.event() == Lost(Loss.REFUSED, 300)


# --- families, wishes, and what cannot be used ---


@rfc("8656", "7.1", "MUST NOT", "8656-7.1-2")
@pytest.mark.parametrize(
    ("config", "kinds"),
    [
        (TurnConfig(), []),
        (TurnConfig(family=6), [(Attr.REQUESTED_ADDRESS_FAMILY, b"\2\0\0\0")]),
        (TurnConfig(both_families=True), [(Attr.ADDITIONAL_ADDRESS_FAMILY, b"\2\0\0\0")]),
    ],
)
def test_a_family_is_asked_for_in_one_way(
    config: TurnConfig, kinds: list[tuple[int, bytes]]
) -> None:
    script = Script(config)
    script.client.allocate(script.now)
    families = (Attr.REQUESTED_ADDRESS_FAMILY, Attr.ADDITIONAL_ADDRESS_FAMILY)
    asked = [(kind, value) for kind, value, _ in script.packet().attributes if kind in families]
    assert asked == kinds


def test_both_families_and_six_contradict_each_other() -> None:
    with pytest.raises(UsageError):
        Script(TurnConfig(family=6, both_families=True))


@rfc("8656", "7.1", "MAY", "8656-7.1-4")
@rfc("8656", "5", "SHOULD", "8656-5-4")
def test_a_wish_for_a_lifetime_and_the_software_are_told() -> None:
    script = Script(TurnConfig(lifetime=1800, software="sipice"))
    request = script.challenged()
    assert request.get(Attr.LIFETIME) == (1800).to_bytes(4)
    assert request.get(Attr.SOFTWARE) == b"sipice"
    script.grant(request, 600)
    script.wait(540)
    refresh = script.signed(Method.REFRESH)
    assert refresh.get(Attr.LIFETIME) == (1800).to_bytes(4)
    assert refresh.get(Attr.SOFTWARE) == b"sipice"


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


# --- the end ---


@rfc("8656", "8", "MUST", "8656-8-1")
@rfc("8656", "8.3", "rule", "8656-8.3-1")
@pytest.mark.parametrize("code", [None, 437])
def test_deletion_is_a_refresh_of_no_lifetime(script: Script, code: int | None) -> None:
    script.allocated()
    script.client.delete(script.now)
    script.client.delete(script.now)
    request = script.signed(Method.REFRESH)
    assert request.get(Attr.LIFETIME) == bytes(4)
    script.answer(request, code)
    assert script.event() == Lost(Loss.DELETED)
    assert script.client.next_timeout() is None


def test_deletion_without_an_answer_ends_too(script: Script) -> None:
    script.allocated()
    script.client.delete(script.now)
    script.wait(39.5)
    assert script.event() == Lost(Loss.DELETED)


def test_deletion_while_allocating_waits_for_the_answer(script: Script) -> None:
    request = script.challenged()
    script.client.delete(script.now)
    script.grant(request)
    deletion = script.signed(Method.REFRESH)
    assert deletion.get(Attr.LIFETIME) == bytes(4)
    script.answer(deletion)
    assert script.event() == Lost(Loss.DELETED)


def test_deletion_while_allocating_may_find_nothing_to_delete(script: Script) -> None:
    request = script.challenged()
    script.client.delete(script.now)
    script.answer(request, 486)
    assert script.event() == Lost(Loss.DELETED)


def test_the_loss_of_the_connection_loses_the_allocation(script: Script) -> None:
    script.client.transport_failed()
    assert script.events() == []
    script.allocated()
    script.client.transport_failed()
    assert script.event() == Lost(Loss.TRANSPORT, retry_after=0.0)


def test_after_a_loss_it_may_be_asked_for_again(script: Script) -> None:
    script.allocated(3)
    script.wait(3)
    script.events()
    script.client.allocate(script.now)
    script.grant(script.signed(Method.ALLOCATE))
    assert isinstance(script.event(), Allocated)


def test_two_allocations_at_once_are_the_callers_fault(script: Script) -> None:
    script.client.allocate(script.now)
    with pytest.raises(UsageError):
        script.client.allocate(script.now)


def test_a_late_timer_does_everything_and_asks_for_no_second_call(script: Script) -> None:
    script.allocated()
    script.permitted(PEER)
    script.client.handle_timeout(script.now + 599)
    assert {packet.method for packet in script.packets()} == {
        Method.REFRESH,
        Method.CREATE_PERMISSION,
    }
    after = script.client.next_timeout()
    assert after is not None
    assert after > script.now + 599


def test_the_same_seed_makes_the_same_packets() -> None:
    packets = []
    for _ in range(2):
        client = TurnClient(TurnConfig(), SERVER, LongTermCredentials("user", "secret"), Random(7))
        client.allocate(5.0)
        packets.append(client.take_packets())
    assert packets[0] == packets[1]
