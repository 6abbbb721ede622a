"""The addresses of candidates."""

from __future__ import annotations

import ipaddress

import pytest

from sdp.lint.addresses import is_private
from tests.marks import rfc
from tests.sdp.lint.examples import codes

ICE = (
    "m=audio 9 RTP/AVP 0\na=rtcp-mux\na=ice-options:ice2\na=ice-ufrag:8hhY\n"
    "a=ice-pwd:asd88fgpdd777uzjYhagZg\n"
)


@rfc("8839", "5.1", "MUST NOT / MUST", "8839-5.1-1")
@rfc("mdns", "Processing", "rule", "mdns-recv-1")
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", []),
        ("2001:db8::1", []),
        ("1f4712db-ea17-4bcf-a596-105139dfd8bf.local", ["ICE220"]),
        ("a.b.local", ["ICE221"]),
        ("turn.example.org", ["ICE221"]),
        ("192.0.2.256", ["ICE222"]),
        ("$L-PRIV-1.IP", ["ICE222"]),
        ("2001:db8:::1", ["ICE222"]),
        ("[2001:db8::1]", ["ICE223"]),
        ("2001:db8::1%eth0", ["ICE224"]),
        ("fe80::1%eth0", ["ICE224", "ICE304"]),
        ("fe80::1", ["ICE225", "ICE304"]),
        ("127.1.2.3", ["ICE226"]),
        ("::1", ["ICE226"]),
        ("0.0.0.0", ["ICE227"]),
        ("::", ["ICE227"]),
        ("233.252.0.1", ["ICE227"]),
        ("255.255.255.255", ["ICE227"]),
        ("ff02::1", ["ICE227"]),
        ("fec0::1", ["ICE228", "ICE304"]),
        ("::192.0.2.1", ["ICE228"]),
        ("::ffff:192.0.2.1", ["ICE228"]),
        ("10.0.0.1", ["ICE304"]),
    ],
)
def test_each_kind_of_address_has_its_rule(address: str, expected: list[str]) -> None:
    assert codes(f"{ICE}a=candidate:1 1 UDP 2130706431 {address} 5004 typ host\n") == expected


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("10.1.2.3", True),
        ("172.31.0.1", True),
        ("172.32.0.1", False),
        ("192.168.0.1", True),
        ("100.64.0.1", True),
        ("169.254.1.1", True),
        ("fd00::1", True),
        ("fe80::1", True),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
    ],
)
def test_private_means_reachable_in_its_own_network_only(address: str, private: bool) -> None:
    assert is_private(ipaddress.ip_address(address)) is private
