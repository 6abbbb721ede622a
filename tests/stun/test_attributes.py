"""RFC 8489 §14 and RFC 8656 §18: the table against the registry, and values that are malformed."""

from __future__ import annotations

import pytest

from sipice.net import Address
from sipice.stun import Class, Message, Method, StunDecodeError, decode, encode
from sipice.stun import attributes as a
from tests.data import iana_stun
from tests.marks import rfc
from tests.stun.strategies import VALUES


def test_every_row_is_what_the_registry_says() -> None:
    for number, row in a.TABLE.items():
        name, defined_in = iana_stun.ATTRIBUTES[number]
        assert (row.number, row.name) == (number, name)
        assert row.rfc.split()[0] == str(defined_in)


def test_every_attribute_of_stun_ice_and_turn_has_a_row_or_is_computed() -> None:
    ours = {
        n for n, (_, defined_in) in iana_stun.ATTRIBUTES.items() if defined_in in (8489, 8445, 8656)
    }
    computed = {a.MESSAGE_INTEGRITY, a.MESSAGE_INTEGRITY_SHA256, a.FINGERPRINT}
    of_nat_discovery = {a.OTHER_ADDRESS.number}  # RFC 5780; the request of it is none of ours
    assert set(a.TABLE) | computed == ours | of_nat_discovery
    assert not set(a.TABLE) & computed


def test_every_row_is_drawn_by_the_property_tests() -> None:
    assert set(VALUES) == set(a.TABLE.values())


def test_error_codes_methods_and_algorithms_are_those_of_the_registry() -> None:
    assert a.REASONS.items() <= iana_stun.ERRORS.items()
    names = {m.value: m.name.replace("_", "").lower() for m in Method}
    assert names.items() <= {n: name.lower() for n, name in iana_stun.METHODS.items()}.items()


def carrying(number: int, raw: bytes) -> Message:
    """The message that has an attribute with these bytes, as decoded."""
    padded = raw + bytes(-len(raw) % 4)
    body = number.to_bytes(2, "big") + len(raw).to_bytes(2, "big") + padded
    header = b"\0\1" + len(body).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(range(12))
    return decode(header + body)


@pytest.mark.parametrize(
    ("row", "raw"),
    [
        (a.MAPPED_ADDRESS, "0001"),
        (a.MAPPED_ADDRESS, "00011234 01020304 05"),
        (a.XOR_MAPPED_ADDRESS, "00021234 01020304"),
        (a.USERNAME, "ff"),
        (a.USERNAME, "61" * 764),
        (a.ERROR_CODE, "000004"),
        (a.ERROR_CODE, "00000201"),
        (a.ERROR_CODE, "00000701"),
        (a.ERROR_CODE, "00000464"),
        (a.UNKNOWN_ATTRIBUTES, "7f00 01"),
        (a.PRIORITY, "000001"),
        (a.PRIORITY, "0000000001"),
        (a.ICE_CONTROLLING, "00000001"),
        (a.USERHASH, "00"),
        (a.PASSWORD_ALGORITHM, "0001"),
        (a.PASSWORD_ALGORITHM, "00010004 00"),
        (a.PASSWORD_ALGORITHM, "00010000 00020000"),
        (a.PASSWORD_ALGORITHMS, "00010000 000200"),
        (a.CHANNEL_NUMBER, "4000"),
        (a.REQUESTED_ADDRESS_FAMILY, "01"),
        (a.RESERVATION_TOKEN, "01"),
        (a.ICMP, "0000"),
        (a.ADDRESS_ERROR_CODE, "01000001"),
    ],
)
@rfc("8489", "14.1", "MUST", "8489-14.1-1")
@rfc("8489", "14.8", "MUST", "8489-14.8-1")
def test_a_malformed_value_makes_the_message_none(row: a.Attribute[object], raw: str) -> None:
    with pytest.raises(StunDecodeError):
        carrying(row.number, bytes.fromhex(raw))


@rfc("8489", "14.1", "MUST", "8489-14.1-1")
def test_the_first_byte_of_an_address_is_ignored() -> None:
    message = carrying(a.MAPPED_ADDRESS.number, bytes.fromhex("ff0100500a000001"))
    assert message.get(a.MAPPED_ADDRESS) == Address.parse("10.0.0.1", 80)


@rfc("8489", "6.3.3", "rule", "8489-6.3.3-2")
def test_an_address_of_an_unsupported_family_is_as_if_it_were_not_there() -> None:
    message = carrying(a.XOR_MAPPED_ADDRESS.number, bytes.fromhex("0003005001020304"))
    assert message.get(a.XOR_MAPPED_ADDRESS) is None
    assert message.get_all(a.XOR_MAPPED_ADDRESS) == []


@rfc("8489", "14.8", "MUST", "8489-14.8-1")
def test_reserved_bits_of_error_code_are_ignored() -> None:
    message = carrying(a.ERROR_CODE.number, bytes.fromhex("fffffc57ff"))
    assert message.get(a.ERROR_CODE) == a.ErrorCode(487, "\ufffd")


@rfc("8489", "14.3", "MUST", "8489-14.3-1")
def test_user_names_up_to_763_bytes_are_read() -> None:
    assert carrying(a.USERNAME.number, b"x" * 763).get(a.USERNAME) == "x" * 763


@rfc("8656", "18.1, 18.6, 18.8", "MUST", "8656-18-1")
@pytest.mark.parametrize(
    ("attribute", "sent", "received", "value"),
    [
        (a.CHANNEL_NUMBER, "40010000", "4001ffff", 0x4001),
        (a.REQUESTED_TRANSPORT, "11000000", "11ffffff", 17),
        (a.REQUESTED_ADDRESS_FAMILY, "02000000", "02ffffff", 6),
    ],
)
def test_reserved_bytes_are_sent_as_zero_and_ignored(
    attribute: a.Attribute[int], sent: str, received: str, value: int
) -> None:
    message = Message(Method.ALLOCATE, Class.REQUEST, bytes(12), (attribute(value),))
    assert encode(message, fingerprint=False)[-4:].hex() == sent
    assert carrying(attribute.number, bytes.fromhex(received)).get(attribute) == value


@rfc("8656", "18.12", "rule", "8656-18.12-1")
def test_address_error_code_names_a_family_and_an_error() -> None:
    message = carrying(a.ADDRESS_ERROR_CODE.number, bytes.fromhex("02000428") + b"no")
    assert message.get(a.ADDRESS_ERROR_CODE) == a.AddressError(6, a.ErrorCode(440, "no"))


def test_icmp_has_type_and_code_of_8_bits_each() -> None:
    message = carrying(a.ICMP.number, bytes.fromhex("0000030405060708"))
    assert message.get(a.ICMP) == a.Icmp(3, 4, bytes.fromhex("05060708"))


def test_padding_of_any_value_is_accepted_and_zero_is_sent() -> None:
    message = Message(Method.BINDING, Class.REQUEST, bytes(12), (a.USERNAME("a:bcd"),))
    data = encode(message, fingerprint=False)
    assert data[-3:] == bytes(3)
    assert decode(data[:-3] + b"   ") == message


def test_odd_bytes_in_what_only_people_read_are_replaced() -> None:
    assert carrying(a.SOFTWARE.number, b"a\xff").get(a.SOFTWARE) == "a\ufffd"
