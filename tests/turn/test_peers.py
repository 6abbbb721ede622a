"""RFC 8656 §9 to §12: permissions, channels and data, against a server made by hand."""

from __future__ import annotations

import itertools

import pytest

from sipice.net import Address
from sipice.stun.attributes import Icmp
from sipice.turn import (
    ChannelBound,
    ChannelFailed,
    DataReceived,
    PeerUnreachable,
    PermissionFailed,
    PermissionGranted,
    TurnConfig,
)
from tests.marks import rfc
from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Message, Method
from tests.turn.script import OTHER, PEER, RELAYED, RELAYED_V6, Script

SAME_HOST = Address(PEER.ip, 7001)
PEER_V6 = Address.parse("2001:db8::9", 7000)
T = bytes(range(12))


@pytest.fixture
def script() -> Script:
    made = Script()
    made.allocated(36000)
    return made


def peers_of(message: Message) -> list[Address]:
    return [
        Address(*wire.unxor_address(value, message.transaction))
        for kind, value, _ in message.attributes
        if kind == Attr.XOR_PEER_ADDRESS
    ]


def data_indication(
    peer: Address | None, data: bytes | None, *more: tuple[int, bytes], method: int = Method.DATA
) -> bytes:
    pairs = [] if peer is None else [(int(Attr.XOR_PEER_ADDRESS), wire.xor_address(peer, T))]
    if data is not None:
        pairs.append((int(Attr.DATA), data))
    return wire.build(method, Class.INDICATION, T, [*pairs, *more], fingerprint=False)


# --- permissions ---


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


# --- data ---


@rfc("8656", "11.1", "MUST", "8656-11.1-1")
def test_data_goes_out_in_a_send_indication_once_there_is_a_permission(script: Script) -> None:
    script.client.permit(script.now, PEER)
    assert script.client.encapsulate(PEER, b"hello") is None
    script.answer(script.signed(Method.CREATE_PERMISSION))
    data = script.client.encapsulate(SAME_HOST, b"hello")
    assert data is not None
    message = wire.parse(data)
    assert (message.method, message.cls) == (Method.SEND, Class.INDICATION)
    assert peers_of(message) == [SAME_HOST]
    assert message.get(Attr.DATA) == b"hello"
    assert message.kinds() == [Attr.XOR_PEER_ADDRESS, Attr.DATA]  # §5: not authenticated


@rfc("8656", "11.4", "rule/SHOULD", "8656-11.4-1")
@pytest.mark.parametrize("data", [b"", b"hello"])
def test_data_comes_in_data_indications(script: Script, data: bytes) -> None:
    script.permitted(PEER)
    script.give(data_indication(SAME_HOST, data))
    assert script.event() == DataReceived(SAME_HOST, data)


@rfc("8656", "11.4", "rule/SHOULD", "8656-11.4-1")
@rfc("8489", "6.3.2", "rule", "8489-6.3.2-1")
@pytest.mark.parametrize(
    "indication",
    [
        data_indication(OTHER, b"no permission"),
        data_indication(PEER, None),
        data_indication(None, b"from nowhere"),
        data_indication(PEER, b"another method", method=Method.SEND),
        data_indication(PEER, b"unknown attribute", (0x7F00, b"")),
        b"",
        b"\xff\xff\xff\xff",
        b"\x00\x17\x00\x00 cut off",
    ],
)
def test_what_lacks_something_is_dropped(script: Script, indication: bytes) -> None:
    script.permitted(PEER)
    script.give(indication)
    assert script.events() == []
    assert script.packets() == []


@rfc("8656", "11.6", "rule", "8656-11.6-1")
def test_icmp_tells_that_a_peer_was_not_reached(script: Script) -> None:
    script.permitted(PEER)
    script.give(data_indication(PEER, None, (0x8004, bytes.fromhex("0000030400000578"))))
    assert script.event() == PeerUnreachable(PEER, Icmp(3, 4, bytes.fromhex("00000578")))


# --- channels ---


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


def test_after_4096_peers_there_are_no_more_channels(script: Script) -> None:
    peers = [Address(PEER.ip, port) for port in range(1, 4098)]
    script.permitted(*peers)
    for peer in peers:
        script.client.bind_channel(script.now, peer)
    assert script.event() == ChannelFailed(peers[-1], None)
