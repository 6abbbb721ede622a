"""RFC 8656 §7, §8: how an allocation comes, stays and goes, against a server made by hand."""

from __future__ import annotations

import pytest

from sipice.errors import UsageError
from sipice.net import Address
from sipice.turn import (
    Allocated,
    Loss,
    Lost,
    Redirected,
    State,
    TurnConfig,
)
from tests.marks import rfc
from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Method
from tests.turn.script import (
    KEY,
    PEER,
    SERVER,
    Script,
)

ELSEWHERE = Address.parse("192.0.2.2", 3478)


@pytest.fixture
def script() -> Script:
    return Script()


@rfc("8656", "7.1", "MUST", "8656-7.1-3")
@rfc("8489", "16.1.2", "SHOULD", "8489-16.1.2-1")
@rfc("8656", "7.1", "MUST", "8656-7.1-1")
@rfc("8489", "9.2.3.1", "MUST", "8489-9.2.3-1")
def test_the_first_allocate_asks_for_udp_and_tells_nothing_of_the_user(script: Script) -> None:
    script.client.allocate(script.now)
    request = script.packet()
    assert (request.method, request.cls) == (Method.ALLOCATE, Class.REQUEST)
    assert request.get(Attr.REQUESTED_TRANSPORT) == b"\x11\0\0\0"
    assert request.kinds() == [Attr.REQUESTED_TRANSPORT, Attr.FINGERPRINT]


def test_a_server_that_wants_no_credentials_is_served_too(script: Script) -> None:
    script.client.allocate(script.now)
    script.grant(script.packet())
    assert isinstance(script.event(), Allocated)


@rfc("8656", "8.1", "rule", "8656-8.1-1")
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


def test_a_refresh_without_an_answer_loses_the_allocation(script: Script) -> None:
    script.allocated()
    script.wait(540 + 39.5)
    assert script.event() == Lost(Loss.TIMEOUT, retry_after=0.0)


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


@rfc("8489", "16.1.2", "SHOULD", "8489-16.1.2-1")
@rfc("8489", "6.1", "SHOULD", "8489-6.1-1")
@rfc("8656", "7.1", "MAY", "8656-7.1-4")
@rfc("8656", "5", "SHOULD", "8656-5-4")
def test_a_wish_for_a_lifetime_and_the_software_are_told() -> None:
    script = Script(TurnConfig(lifetime=1800, software="sipice", keepalive=None))
    request = script.challenged()
    assert request.get(Attr.LIFETIME) == (1800).to_bytes(4)
    assert request.get(Attr.SOFTWARE) == b"sipice"
    script.grant(request, 600)
    script.wait(540)
    refresh = script.signed(Method.REFRESH)
    assert refresh.get(Attr.LIFETIME) == (1800).to_bytes(4)
    assert refresh.get(Attr.SOFTWARE) == b"sipice"


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


@rfc("8489", "6.2.1", "SHOULD", "8489-6.2.1-1")
def test_between_refreshes_indications_keep_the_way_to_the_server_open() -> None:
    script = Script(TurnConfig(keepalive=15.0))
    script.allocated()
    script.wait(44.9)
    kept = script.packets()
    assert [(one.method, one.cls) for one in kept] == [(Method.BINDING, Class.INDICATION)] * 2
    assert kept[0].transaction != kept[1].transaction
    script.wait(0.1)
    assert len(script.packets()) == 1


def test_a_stream_needs_no_keepalive() -> None:
    script = Script(TurnConfig(keepalive=15.0, reliable=True))
    script.allocated()
    assert script.client.next_timeout() == script.now + 540


def test_two_requests_that_fail_at_once_lose_the_allocation_once(script: Script) -> None:
    script.allocated(100_000)
    script.wait(99_940 - 240)
    script.permitted(PEER)
    script.wait(240 + 39.5)
    assert script.event() == Lost(Loss.TIMEOUT, retry_after=0.0)
