"""RFC 7983 §7: STUN, DTLS, ChannelData, RTP and RTCP on one port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.stun import Protocol, StunDecodeError, classify, decode, encode, is_stun
from tests.marks import rfc
from tests.stun import strategies, vectors

RTP = bytes.fromhex("80000001 00000000 12345678") + bytes(160)


@pytest.mark.parametrize("name", vectors.ALL)
def test_vectors_are_stun(name: str) -> None:
    assert classify(vectors.raw(name)) is Protocol.STUN
    assert classify(memoryview(vectors.raw(name))) is Protocol.STUN


@pytest.mark.parametrize(
    ("first", "protocol"),
    [
        (0, Protocol.UNKNOWN),
        (3, Protocol.UNKNOWN),
        (4, Protocol.UNKNOWN),
        (15, Protocol.UNKNOWN),
        (16, Protocol.ZRTP),
        (19, Protocol.ZRTP),
        (20, Protocol.DTLS),
        (63, Protocol.DTLS),
        (64, Protocol.CHANNEL_DATA),
        (79, Protocol.CHANNEL_DATA),
        (80, Protocol.UNKNOWN),
        (127, Protocol.UNKNOWN),
        (128, Protocol.RTP),
        (191, Protocol.RTP),
        (192, Protocol.UNKNOWN),
        (255, Protocol.UNKNOWN),
    ],
)
@rfc("8656", "12", "rule")
def test_the_first_byte_names_the_protocol(first: int, protocol: Protocol) -> None:
    assert classify(bytes((first,)) + RTP[1:]) is protocol


@pytest.mark.parametrize(
    ("second", "protocol"),
    [
        (0, Protocol.RTP),
        (96, Protocol.RTP),
        (191, Protocol.RTP),
        (192, Protocol.RTCP),
        (200, Protocol.RTCP),
        (223, Protocol.RTCP),
        (224, Protocol.RTP),
    ],
)
def test_the_second_byte_tells_rtcp_from_rtp(second: int, protocol: Protocol) -> None:
    assert classify(bytes((0x80, second)) + RTP[2:]) is protocol


@given(st.binary(min_size=12, max_size=60), st.integers(128, 191))
def test_rtp_is_never_taken_for_stun(data: bytes, first: int) -> None:
    packet = bytes((first,)) + data[1:]
    assert not is_stun(packet)
    assert classify(packet) in (Protocol.RTP, Protocol.RTCP)


@given(
    st.one_of(st.binary(max_size=60), strategies.messages.map(encode)).flatmap(strategies.mutations)
)
@rfc("8489", "6.3", "rule", "8489-6.3-1")
def test_what_is_not_stun_is_not_decoded(data: bytes) -> None:
    if is_stun(data):
        return
    with pytest.raises(StunDecodeError):
        decode(data)


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\x80\0\0", b"\x80" + bytes(10), b"\x80\xc8" + bytes(5)]
)
def test_fragments_are_nothing(data: bytes) -> None:
    assert classify(data) is Protocol.UNKNOWN


@rfc("8656", "12.6", "rule", "8656-12.6-1")
def test_truncated_channel_data_is_nothing_and_empty_channel_data_is_some() -> None:
    assert classify(bytes.fromhex("40000000")) is Protocol.CHANNEL_DATA
    assert classify(bytes.fromhex("4000000401")) is Protocol.UNKNOWN


@pytest.mark.parametrize(
    "header",
    [
        "00010000 2112a443 000102030405060708090a0b",
        "00010004 2112a442 000102030405060708090a0b",
        "00010002 2112a442 000102030405060708090a0b 0000",
        "00010000 2112a442 000102030405060708090a",
        "04010000 2112a442 000102030405060708090a0b",
    ],
)
@rfc("8489", "6.3", "rule", "8489-6.3-1")
def test_cookie_length_and_first_bits_make_stun(header: str) -> None:
    assert classify(bytes.fromhex(header)) is Protocol.UNKNOWN
