"""What a record holds of a packet is enough to make one that means the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.ice import Candidate, CandidateType, TcpType
from sipice.ice.recorded import from_candidate, from_packet, to_address, to_candidate, to_packet
from sipice.net import Address, Base, Transport
from sipice.stun import Class, Key, Message, Method, decode, encode, verify_integrity
from sipice.stun import attributes as a
from tests.stun.strategies import KEY, addresses, messages

OTHER = Key.short_term("another password")
plain = messages.filter(lambda message: message.get(a.DATA) is None)
"""Media in DATA is not kept."""


def through_json(packet: bytes, key: Key | None) -> bytes:
    fields = json.loads(json.dumps(from_packet(packet, lambda _: key)))
    return to_packet(fields, lambda _: key)


@given(plain, st.sampled_from([None, KEY]), st.booleans(), st.booleans())
def test_a_message_comes_back_with_the_same_attributes(
    message: Message, key: Key | None, sha256: bool, fingerprint: bool
) -> None:
    data = encode(message, key, sha256=sha256, fingerprint=fingerprint)
    again = decode(through_json(data, KEY))
    assert again == decode(data)
    assert again.has_fingerprint == fingerprint
    assert again.has_integrity == (key is not None)
    assert key is None or verify_integrity(again, KEY)


@given(messages)
def test_a_wrong_seal_stays_wrong_and_an_unknown_one_is_told(message: Message) -> None:
    data = encode(message, OTHER)
    fields = from_packet(data, lambda _: KEY)
    assert fields["integrity"] == "wrong"
    assert not verify_integrity(decode(to_packet(dict(fields), lambda _: KEY)), KEY)
    assert from_packet(data, lambda _: None)["integrity"] == "unknown"


def test_no_mac_is_recorded() -> None:
    data = encode(Message(Method.BINDING, Class.REQUEST, bytes(12), (a.USERNAME("a:b"),)), KEY)
    at = decode(data).integrity_at
    text = json.dumps(from_packet(data, lambda _: KEY))
    assert data[at + 4 : at + 24].hex() not in text
    assert '"integrity": "ok"' in text


@given(st.binary(max_size=60))
def test_any_packet_can_be_recorded_and_keeps_its_kind(data: bytes) -> None:
    again = through_json(data, KEY)
    assert from_packet(again, lambda _: KEY).keys() == from_packet(data, lambda _: KEY).keys()


def test_media_is_recorded_by_its_size_only() -> None:
    fields = from_packet(b"\x80secret voice", lambda _: None)
    assert fields == {"media": 13, "first": 128}


@pytest.mark.parametrize("channel", [True, False])
def test_what_a_relay_carries_is_judged_by_itself(channel: bool) -> None:
    inner = encode(Message(Method.BINDING, Class.REQUEST, bytes(12), (a.USERNAME("a:b"),)), KEY)
    if channel:
        data = b"\x40\x00" + len(inner).to_bytes(2, "big") + inner
    else:
        data = encode(Message(Method.DATA, Class.INDICATION, bytes(12), (a.DATA(inner),)))
    fields = json.loads(json.dumps(from_packet(data, lambda _: KEY)))
    found = fields["load"] if channel else dict(fields["attributes"])["DATA"]
    assert found["integrity"] == "ok"
    assert to_packet(fields, lambda _: KEY) == data


@given(addresses)
def test_an_address_comes_back(address: Address) -> None:
    assert to_address(str(address)) == address


def test_a_candidate_comes_back_with_its_base() -> None:
    base = Base(3, Transport.TCP, Address.parse("192.0.2.1", 9))
    candidate = Candidate(
        1,
        CandidateType.SERVER_REFLEXIVE,
        Address.parse("2001:db8::1", 9),
        17,
        "f",
        Transport.TCP,
        base,
        related=Address.parse("192.0.2.1", 9),
        tcptype=TcpType.ACTIVE,
        server=Address.parse("192.0.2.9", 3478),
    )
    fields = json.loads(json.dumps(from_candidate(candidate)))
    assert to_candidate(fields, {3: base}) == candidate
