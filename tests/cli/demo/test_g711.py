"""Both laws against values of ITU-T G.711 (tables 1a and 2a) and against themselves."""

import pytest

from sipice.cli.demo.g711 import Law, decode, encode


@pytest.mark.parametrize(
    ("law", "code", "sample"),
    [
        (Law.MU, 0xFF, 0),
        (Law.MU, 0x7F, 0),
        (Law.MU, 0x80, 32_124),
        (Law.MU, 0x00, -32_124),
        (Law.MU, 0xF0, 120),
        (Law.A, 0xD5, 8),
        (Law.A, 0x55, -8),
        (Law.A, 0xAA, 32_256),
        (Law.A, 0x2A, -32_256),
    ],
)
def test_known_codes(law: Law, code: int, sample: int) -> None:
    assert list(decode(bytes([code]), law)) == [sample]


@pytest.mark.parametrize("law", Law)
def test_every_code_comes_back(law: Law) -> None:
    codes = bytes(range(256))
    again = encode(decode(codes, law), law)
    assert decode(again, law) == decode(codes, law)


@pytest.mark.parametrize("law", Law)
def test_error_grows_with_the_signal_only(law: Law) -> None:
    for sample in range(-32_768, 32_768, 7):
        (heard,) = decode(encode([sample], law), law)
        assert abs(heard - sample) <= max(abs(sample) // 16, 16)
