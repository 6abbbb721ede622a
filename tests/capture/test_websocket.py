"""WebSocket messages of one direction: masks, fragments, compression, and nonsense."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.capture.websocket import (
    MAX_MESSAGE,
    MessageReader,
    UnreadableError,
    deflate_of,
    is_upgrade,
)
from tests.capabilities import needs
from tests.capture.writer import UPGRADE, UPGRADED, websocket

pytestmark = needs("cli")

MASK = b"\x01\xfe\x7a\x33"
TEXT = b"OPTIONS sip:a SIP/2.0\r\n\r\n" * 9


def test_masked_messages_of_a_client_and_plain_ones_of_a_server() -> None:
    client, server = MessageReader(from_client=True), MessageReader(from_client=False)
    assert client.receive(websocket(TEXT, mask=MASK)) == [TEXT]
    assert server.receive(websocket(b"short") + websocket(TEXT, opcode=2)) == [b"short", TEXT]
    assert not client.pending


def test_a_fragmented_message_is_joined_and_control_frames_between_are_not_its_parts() -> None:
    reader = MessageReader(from_client=False)
    assert reader.receive(websocket(TEXT[:50], fin=False)) == []
    assert reader.pending
    assert reader.receive(websocket(b"ping", opcode=9)) == []
    assert reader.receive(websocket(TEXT[50:90], opcode=0, fin=False)) == []
    assert reader.receive(websocket(TEXT[90:], opcode=0)) == [TEXT]
    assert not reader.pending


def test_bytes_that_are_not_utf8_are_given_as_they_are() -> None:
    reader = MessageReader(from_client=False)
    assert reader.receive(websocket(b"\xff\xfe")) == [b"\xff\xfe"]


@pytest.mark.parametrize("takeover", [True, False])
def test_messages_compressed_by_agreement_are_unpacked(takeover: bool) -> None:
    agreed = "permessage-deflate" + ("" if takeover else "; server_no_context_takeover")
    reader = MessageReader(from_client=False, deflate=agreed)
    packer = zlib.compressobj(wbits=-15)
    for _ in range(3):
        packed = (packer.compress(TEXT) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        assert reader.receive(websocket(packed, opcode=0x41)) == [TEXT]
        packer = packer if takeover else zlib.compressobj(wbits=-15)


def test_compressed_data_cannot_grow_without_bound() -> None:
    reader = MessageReader(from_client=False, deflate="permessage-deflate")
    packer = zlib.compressobj(9, wbits=-15)
    bomb = packer.compress(bytes(MAX_MESSAGE * 8)) + packer.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(UnreadableError, match="mebibyte"):
        reader.receive(websocket(bomb[:-4], opcode=0x41))


@pytest.mark.parametrize(
    "data",
    [
        websocket(b"x"),
        websocket(b"x", mask=MASK, opcode=3),
        websocket(b"x", mask=MASK, opcode=0x41),
        websocket(b"x" * 130, mask=MASK, opcode=9),
    ],
    ids=["unmasked", "opcode", "reserved bit", "long ping"],
)
def test_frames_that_a_client_must_not_send_are_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        MessageReader(from_client=True).receive(data)


@pytest.mark.parametrize(
    "agreed",
    ["permessage-deflate; server_max_window_bits=99", "permessage-deflate; client_max_window_bits"],
)
def test_nonsense_that_was_agreed_on_is_unreadable(agreed: str) -> None:
    with pytest.raises(UnreadableError):
        MessageReader(from_client=True, deflate=agreed)


def test_the_heads_of_http_tell_what_was_agreed_on() -> None:
    assert is_upgrade(UPGRADE)
    assert is_upgrade(UPGRADED)
    assert not is_upgrade(b"GET / HTTP/1.1\r\nHost: upgrade: websocket\r\n\r\n")
    assert deflate_of(UPGRADED) == ""
    line = b"Sec-WebSocket-Extensions: x-other; a=1, permessage-deflate; server_no_context_takeover"
    head = UPGRADED.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n")
    assert deflate_of(head) == "permessage-deflate; server_no_context_takeover"


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 50))
def test_any_split_gives_the_same_messages(messages: list[bytes], step: int) -> None:
    stream = b"".join(websocket(message, mask=MASK) for message in messages)
    reader = MessageReader(from_client=True)
    found = [
        m for at in range(0, len(stream), step) for m in reader.receive(stream[at : at + step])
    ]
    assert found == messages


@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_arbitrary_bytes_are_messages_or_unreadable(
    data: bytes, client: bool, packed: bool
) -> None:
    reader = MessageReader(from_client=client, deflate="permessage-deflate" if packed else "")
    try:
        messages = reader.receive(data)
    except UnreadableError:
        return
    assert all(isinstance(message, bytes) for message in messages)
