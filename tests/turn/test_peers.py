"""RFC 8656 §11: data from and to peers, against a server made by hand."""

from __future__ import annotations

import pytest

from sipice.net import Address
from sipice.stun.attributes import Icmp
from sipice.turn import (
    DataReceived,
    PeerUnreachable,
)
from tests.marks import rfc
from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Method
from tests.turn.script import OTHER, PEER, Script, data_indication, peers_of

SAME_HOST = Address(PEER.ip, 7001)
PEER_V6 = Address.parse("2001:db8::9", 7000)


@pytest.fixture
def script() -> Script:
    made = Script()
    made.allocated(36000)
    return made


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


def test_what_a_packet_carries_can_be_seen_before_it_is_taken(script: Script) -> None:
    script.permitted(PEER)
    for packet in (data_indication(OTHER, b"x"), b"", b"\0", bytes.fromhex("4000000178")):
        assert script.client.peek(packet) is None
    script.client.bind_channel(script.now, PEER)
    for packet in (data_indication(PEER, b"x"), bytes.fromhex("4000000178")):
        assert script.client.peek(packet) == DataReceived(PEER, b"x")
        assert script.events() == []


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
