"""The independent codec against the vectors of RFC 5769 and RFC 8489."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Method

REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001"
    "ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3"
    "f249c1b571a280280004e57a3bcf"
)
RESPONSE_V4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a6"
    "43000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
RESPONSE_V6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9"
    "faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)
PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"
SHA256 = bytes.fromhex(
    "000100902112a44278ad3433c6ad72c029da412e001e00204a3cf38fef6992bda952c6780417da0f24819415569e60"
    "b205c46e41407f1704001500296f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c394653"
    "547679363473410000000014000b6578616d706c652e6f726700001d000400020000001c0020b5c7bf005b6c52a21c"
    "51c5e892f81924136296cb927c43149309278cc6518e65"
)


def test_the_request_of_rfc_5769_is_read_and_verified() -> None:
    message = wire.parse(REQUEST)
    assert (message.method, message.cls) == (Method.BINDING, Class.REQUEST)
    assert message.get(Attr.USERNAME) == b"evtj:h6vY"
    assert message.get(Attr.PRIORITY) == bytes.fromhex("6e0001ff")
    assert wire.integrity_valid(message, PASSWORD)
    assert not wire.integrity_valid(message, PASSWORD + b"x")
    assert wire.fingerprint_valid(message)
    assert not wire.padding_is_zero(message)  # the vector pads with spaces


@pytest.mark.parametrize(
    ("vector", "place"),
    [
        (RESPONSE_V4, (bytes([192, 0, 2, 1]), 32853)),
        (RESPONSE_V6, (bytes.fromhex("20010db8123456780011223344556677"), 32853)),
    ],
)
def test_the_responses_of_rfc_5769_show_the_mapped_address(
    vector: bytes, place: wire.Place
) -> None:
    message = wire.parse(vector)
    assert message.cls is Class.SUCCESS
    assert message.address(Attr.XOR_MAPPED_ADDRESS) == place
    assert wire.xor_address(place, message.transaction) == message.get(Attr.XOR_MAPPED_ADDRESS)
    assert wire.integrity_valid(message, PASSWORD)
    assert wire.fingerprint_valid(message)


def test_the_corrected_vector_of_rfc_8489_verifies_with_sha_256() -> None:
    message = wire.parse(SHA256)
    user = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9"
    key = wire.long_term_key(user, "example.org", "TheMatrIX", sha256=True)
    assert wire.integrity_sha256_valid(message, key)
    assert message.get(Attr.USERHASH) == wire.user_hash(user, "example.org")


def test_the_vectors_are_built_again_byte_for_byte() -> None:
    message = wire.parse(RESPONSE_V6)
    pairs = [
        (kind, value)
        for kind, value, _ in message.attributes
        if kind not in {Attr.MESSAGE_INTEGRITY, Attr.FINGERPRINT, Attr.SOFTWARE}
    ]
    built = wire.build(message.method, message.cls, message.transaction, pairs, key=PASSWORD)
    again = wire.parse(built)
    assert again.address(Attr.XOR_MAPPED_ADDRESS) == message.address(Attr.XOR_MAPPED_ADDRESS)
    assert wire.integrity_valid(again, PASSWORD)
    assert wire.fingerprint_valid(again)


@pytest.mark.parametrize("bit", range(0, len(REQUEST) * 8, 5))
def test_every_flipped_bit_is_noticed(bit: int) -> None:
    flipped = bytearray(REQUEST)
    flipped[bit // 8] ^= 1 << bit % 8
    try:
        message = wire.parse(bytes(flipped))
    except wire.WireError:
        return
    assert not wire.fingerprint_valid(message)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("cls", list(Class))
def test_method_and_class_survive_the_type_field(method: Method, cls: Class) -> None:
    message = wire.parse(wire.build(method, cls, bytes(12)))
    assert (message.method, message.cls) == (method, cls)


def test_the_long_term_key_is_that_of_the_rfc() -> None:
    assert wire.long_term_key("user", "realm", "pass").hex() == "8493fbc53ba582fb4c044c456bdc40eb"


def test_the_foreign_eye_loads_nothing_of_ours() -> None:
    code = "import sys, tests.simnet.checker as c; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "tests.simnet.rules" in done.stdout
    assert not [name for name in done.stdout.split() if name.startswith("sipice")]
