"""RFC 8656 §9, §10: permissions, against a server made by hand."""

from __future__ import annotations

import pytest

from sipice.net import Address
from sipice.turn import (
    PermissionFailed,
    PermissionGranted,
    TurnConfig,
)
from tests.marks import rfc
from tests.simnet.wire import Method
from tests.turn.script import OTHER, PEER, RELAYED, RELAYED_V6, Script, data_indication, peers_of

SAME_HOST = Address(PEER.ip, 7001)
PEER_V6 = Address.parse("2001:db8::9", 7000)


@pytest.fixture
def script() -> Script:
    made = Script()
    made.allocated(36000)
    return made


@rfc("8656", "10.1", "MUST", "8656-10.1-1")
def test_several_peers_are_let_through_by_one_request(script: Script) -> None:
    script.client.permit(script.now, PEER, SAME_HOST, OTHER)
    request = script.signed(Method.CREATE_PERMISSION)
    assert peers_of(request) == [PEER, OTHER]
    script.answer(request)
    assert script.events() == [PermissionGranted(PEER.ip), PermissionGranted(OTHER.ip)]


def test_a_peer_that_is_let_through_is_not_asked_for_again(script: Script) -> None:
    script.permitted(PEER)
    script.client.permit(script.now, PEER, SAME_HOST)
    assert script.packets() == []


@rfc("8656", "3.7", "MUST", "8656-3.7-1")
def test_many_peers_go_in_requests_that_fit_into_any_packet(script: Script) -> None:
    peers = [Address(bytes((10, 0, 0, n)), 1) for n in range(40)]
    script.client.permit(script.now, *peers)
    requests = script.packets()
    assert [peer for request in requests for peer in peers_of(request)] == peers
    assert all(len(request.raw) <= 548 for request in requests)


@rfc("8656", "9", "rule", "8656-9-1")
def test_permissions_are_renewed_before_300_seconds_whatever_the_traffic(script: Script) -> None:
    script.permitted(PEER)
    script.wait(10)
    script.permitted(OTHER)
    script.wait(229.9)
    script.give(data_indication(PEER, b"x"))
    assert script.packets() == []
    script.wait(0.1)
    request = script.signed(Method.CREATE_PERMISSION)
    assert peers_of(request) == [PEER, OTHER]  # together, 10 s early for one of them
    script.answer(request)
    script.wait(239.9)
    assert script.packets() == []
    script.wait(0.1)
    script.signed(Method.CREATE_PERMISSION)


def test_a_peer_that_the_server_refuses_does_not_spoil_the_others(script: Script) -> None:
    script.client.permit(script.now, PEER, OTHER)
    script.answer(script.signed(Method.CREATE_PERMISSION), 403)
    first, second = script.packets()
    assert (peers_of(first), peers_of(second)) == ([PEER], [OTHER])
    script.answer(first, 403)
    script.answer(second)
    assert script.events() == [PermissionFailed(PEER.ip, 403), PermissionGranted(OTHER.ip)]
    assert script.client.encapsulate(PEER, b"x") is None


def test_a_permission_without_an_answer_fails(script: Script) -> None:
    script.permitted(PEER)
    script.wait(240 + 39.5)
    assert script.event() == PermissionFailed(PEER.ip, None)
    assert script.client.encapsulate(PEER, b"x") is None


@rfc("8656", "10.1", "MUST", "8656-10.1-1")
def test_a_peer_of_another_family_is_not_asked_for(script: Script) -> None:
    script.client.permit(script.now, PEER_V6)
    script.client.bind_channel(script.now, PEER_V6)
    assert script.packets() == []
    assert script.events() == [PermissionFailed(PEER_V6.ip, 443)] * 2


def test_an_allocation_of_both_families_has_peers_of_both() -> None:
    script = Script(TurnConfig(both_families=True))
    script.allocated(600, RELAYED, RELAYED_V6)
    script.permitted(PEER, PEER_V6)
    assert script.client.encapsulate(PEER_V6, b"x") is not None


def test_a_forgotten_peer_is_not_renewed(script: Script) -> None:
    script.permitted(PEER, SAME_HOST)
    script.client.forget(PEER)
    assert script.client.encapsulate(SAME_HOST, b"x") is not None
    script.client.forget(SAME_HOST)
    script.client.forget(SAME_HOST)
    assert script.client.encapsulate(SAME_HOST, b"x") is None
    script.give(data_indication(PEER, b"x"))
    script.wait(1000)
    assert script.packets() == []
    assert script.events() == []


def test_a_peer_forgotten_while_it_is_asked_for_is_not_granted(script: Script) -> None:
    script.client.permit(script.now, PEER, OTHER)
    request = script.signed(Method.CREATE_PERMISSION)
    script.client.forget(PEER)
    script.answer(request, 403)
    assert peers_of(script.signed(Method.CREATE_PERMISSION)) == [OTHER]


def test_without_an_allocation_nothing_is_asked_for() -> None:
    script = Script()
    script.client.permit(script.now, PEER)
    script.client.bind_channel(script.now, PEER)
    assert script.packets() == []
    assert script.client.encapsulate(PEER, b"x") is None


@rfc("8489", "6.2", "SHOULD", "8489-6.2-1")
def test_no_more_than_ten_requests_are_under_way(script: Script) -> None:
    peers = [Address(bytes((10, 0, 0, n)), 1) for n in range(15)]
    script.client.permit(script.now, *peers)
    script.answer(script.packet())
    for peer in peers:
        script.client.bind_channel(script.now, peer)
    first = script.packets()
    assert len(first) == 10
    script.answer(first[0])
    assert len(script.packets()) == 1
