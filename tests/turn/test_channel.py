"""RFC 8656 §12: channels, against a server made by hand."""

from __future__ import annotations

import itertools

import pytest

from sipice.net import Address
from sipice.turn import (
    ChannelBound,
    ChannelFailed,
    DataReceived,
    PermissionGranted,
    TurnConfig,
)
from tests.marks import rfc
from tests.simnet import wire
from tests.simnet.wire import Attr, Message, Method
from tests.turn.script import OTHER, PEER, Script, peers_of

SAME_HOST = Address(PEER.ip, 7001)
PEER_V6 = Address.parse("2001:db8::9", 7000)


@pytest.fixture
def script() -> Script:
    made = Script()
    made.allocated(36000)
    return made


def bind(script: Script, peer: Address = PEER) -> Message:
    script.client.bind_channel(script.now, peer)
    requests = [packet for packet in script.packets() if packet.method == Method.CHANNEL_BIND]
    assert len(requests) == 1
    return requests[0]


@rfc("8656", "12", "rule", "8656-12-1")
def test_each_peer_gets_a_number_of_its_own(script: Script) -> None:
    assert [script.bound(peer) for peer in (PEER, SAME_HOST)[:1]] == [0x4000]
    script.client.bind_channel(script.now, SAME_HOST)
    request = script.signed(Method.CHANNEL_BIND)
    assert request.get(Attr.CHANNEL_NUMBER) == b"\x40\x01\0\0"
    assert peers_of(request) == [SAME_HOST]
    script.answer(request)
    assert script.event() == ChannelBound(SAME_HOST, 0x4001)
    assert script.client.channel_number(SAME_HOST) == 0x4001


@rfc("8656", "12", "rule", "8656-12-4")
def test_until_it_is_confirmed_data_goes_on_in_send_indications(script: Script) -> None:
    script.permitted(PEER)
    request = bind(script)
    assert script.client.channel_number(PEER) is None
    data = script.client.encapsulate(PEER, b"x")
    assert data is not None
    assert wire.parse(data).method == Method.SEND
    script.answer(request)
    assert script.client.encapsulate(PEER, b"x") == bytes.fromhex("4000000178")


@rfc("8656", "12", "SHOULD", "8656-12-3")
def test_channel_data_is_accepted_before_the_confirmation(script: Script) -> None:
    script.permitted(PEER)
    bind(script)
    script.give(bytes.fromhex("4000000178"))
    assert script.event() == DataReceived(PEER, b"x")


@rfc("8656", "12.4", "rule", "8656-12.4-1")
@rfc("8656", "12.5", "MUST", "8656-12.5-1")
@pytest.mark.parametrize(
    ("packet", "data"),
    [("40000000", b""), ("4000000178", b"x"), ("4000000178000000", b"x"), ("40000001785a", b"x")],
)
def test_channel_data_has_the_length_it_says(script: Script, packet: str, data: bytes) -> None:
    script.bound(PEER)
    script.give(bytes.fromhex(packet))
    assert script.event() == DataReceived(PEER, data)


@rfc("8656", "12.6", "rule", "8656-12.6-1")
@pytest.mark.parametrize("packet", ["50000000", "7fff0000", "4000000278", "400000", "40010000"])
def test_channel_data_of_no_channel_or_cut_off_is_dropped(script: Script, packet: str) -> None:
    script.bound(PEER)
    script.give(bytes.fromhex(packet))
    assert script.events() == []


@rfc("8656", "12.5", "MUST", "8656-12.5-1")
def test_channel_data_on_a_stream_is_padded() -> None:
    script = Script(TurnConfig(reliable=True))
    script.allocated()
    script.bound(PEER)
    assert script.client.encapsulate(PEER, b"x") == bytes.fromhex("4000000178000000")


@rfc("8656", "12.1", "rule", "8656-12.1-1")
def test_binding_a_channel_includes_the_permission(script: Script) -> None:
    script.answer(bind(script))
    assert script.events() == [ChannelBound(PEER, 0x4000), PermissionGranted(PEER.ip)]
    assert script.client.encapsulate(PEER, b"x") == bytes.fromhex("4000000178")


@rfc("8656", "12.1", "rule", "8656-12.1-1")
@rfc("8656", "9", "rule", "8656-9-1")
def test_channels_are_bound_again_and_their_permissions_renewed_more_often(script: Script) -> None:
    script.bound(PEER)
    renewals = []
    for _ in range(1200):
        script.wait(1)
        for request in script.packets():
            renewals.append((script.now, Method(request.method)))
            script.answer(request)
    channel = [when for when, method in renewals if method == Method.CHANNEL_BIND]
    permission = [when for when, method in renewals if method == Method.CREATE_PERMISSION]
    assert [round(b - a) for a, b in itertools.pairwise(channel)] == [540]
    both = sorted([1000.0, *channel, *permission])
    assert max(b - a for a, b in itertools.pairwise(both)) < 300
    assert script.events() == []


@rfc("8656", "12", "MUST", "8656-12-2")
def test_a_number_is_never_given_to_another_peer(script: Script) -> None:
    script.bound(PEER)
    script.client.forget(PEER)
    assert script.client.channel_number(PEER) is None
    script.give(bytes.fromhex("4000000178"))
    assert script.events() == []
    script.wait(400)
    assert bind(script, OTHER).get(Attr.CHANNEL_NUMBER) == b"\x40\x01\0\0"
    assert bind(script, PEER).get(Attr.CHANNEL_NUMBER) == b"\x40\0\0\0"


def test_a_channel_forgotten_while_it_is_bound_is_no_news(script: Script) -> None:
    script.permitted(PEER)
    request = bind(script)
    script.client.forget(PEER)
    script.answer(request)
    assert script.events() == []
    script.wait(1000)
    assert script.packets() == []


@pytest.mark.parametrize("code", [400, 403, 508])
def test_a_channel_that_the_server_refuses_leaves_the_indications(
    script: Script, code: int
) -> None:
    script.permitted(PEER)
    script.answer(bind(script), code)
    assert script.event() == ChannelFailed(PEER, code)
    data = script.client.encapsulate(PEER, b"x")
    assert data is not None
    assert wire.parse(data).method == Method.SEND


def test_a_channel_without_an_answer_fails(script: Script) -> None:
    script.permitted(PEER)
    bind(script)
    script.wait(39.5)
    assert script.event() == ChannelFailed(PEER, None)


def test_a_server_whose_answer_was_lost_may_use_the_channel(script: Script) -> None:
    script.permitted(PEER)
    bind(script)
    script.wait(39.5)
    assert script.event() == ChannelFailed(PEER, None)
    script.give(bytes.fromhex("4000000178"))
    assert script.event() == DataReceived(PEER, b"x")


def test_a_channel_without_an_answer_is_bound_again_later(script: Script) -> None:
    script.bound(PEER)
    for _ in range(539):
        script.wait(1)
        for request in script.packets():
            script.answer(request)
    script.wait(41)
    assert ChannelFailed(PEER, None) in script.events()
    assert script.client.channel_number(PEER) is None
    script.packets()
    script.wait(30)
    again = next(packet for packet in script.packets() if packet.method == Method.CHANNEL_BIND)
    assert again.get(Attr.CHANNEL_NUMBER) == b"\x40\0\0\0"
    script.answer(again)
    assert ChannelBound(PEER, 0x4000) in script.events()


def test_after_4096_peers_there_are_no_more_channels(script: Script) -> None:
    peers = [Address(PEER.ip, port) for port in range(1, 4098)]
    script.permitted(*peers)
    for peer in peers:
        script.client.bind_channel(script.now, peer)
    assert script.event() == ChannelFailed(peers[-1], None)


def test_a_channel_forgotten_before_its_refusal_is_no_news(script: Script) -> None:
    script.permitted(PEER)
    request = bind(script)
    script.client.forget(PEER)
    script.answer(request, 403)
    assert script.events() == []


def test_a_channel_that_is_there_is_not_bound_again(script: Script) -> None:
    script.bound(PEER)
    script.client.bind_channel(script.now, PEER)
    assert script.packets() == []
