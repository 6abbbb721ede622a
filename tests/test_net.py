"""Addresses are packed bytes inside and text for people."""

from __future__ import annotations

import pytest

from sipice.net import SILENT, Address, Base, Transport


@pytest.mark.parametrize(
    ("host", "port", "text", "family"),
    [
        ("192.0.2.1", 5000, "192.0.2.1:5000", 4),
        ("2001:db8::1", 5000, "[2001:db8::1]:5000", 6),
        ("2001:0DB8:0:0::0001", 9, "[2001:db8::1]:9", 6),
    ],
)
def test_an_address_is_read_and_shown(host: str, port: int, text: str, family: int) -> None:
    address = Address.parse(host, port)
    assert str(address) == text
    assert address.family == family
    assert len(address.ip) == {4: 4, 6: 16}[family]


@pytest.mark.parametrize("host", ["", "example.com", "192.0.2", "192.0.2.256", "::g", "[::1]"])
def test_a_name_is_no_address(host: str) -> None:
    with pytest.raises(ValueError, match="is not an IP address"):
        Address.parse(host, 1)


def test_two_spellings_of_one_address_are_equal() -> None:
    assert Address.parse("::1", 1) == Address.parse("0:0:0:0:0:0:0:1", 1)


def test_a_port_bound_again_is_another_base() -> None:
    address = Address.parse("192.0.2.1", 5000)
    assert Base(1, Transport.UDP, address) != Base(2, Transport.UDP, address)


def test_a_component_without_a_path_sends_and_takes_nothing() -> None:
    assert SILENT.send is None
    assert not SILENT.receive
