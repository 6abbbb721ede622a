"""Which frames pass the delaying cable at once."""

from __future__ import annotations

import pytest

from tests.lab.wire import resolves_addresses

MACS = bytes(12)
IPV6 = bytes(6)


@pytest.mark.parametrize(
    ("frame", "passes"),
    [
        (MACS + b"\x08\x06" + bytes(28), True),
        (MACS + b"\x08\x00" + bytes(40), False),
        (MACS + b"\x86\xdd" + IPV6 + b"\x11" + bytes(60), False),
        (MACS + b"\x86\xdd" + IPV6 + b"\x3a" + bytes(33) + bytes([135]) + bytes(20), True),
        (MACS + b"\x86\xdd" + IPV6 + b"\x3a" + bytes(33) + bytes([128]) + bytes(20), False),
        (MACS + b"\x86\xdd" + IPV6, False),
    ],
    ids=["arp", "ipv4", "udp over ipv6", "neighbour solicitation", "echo", "cut"],
)
def test_only_address_resolution_is_neither_late_nor_lost(frame: bytes, passes: bool) -> None:
    assert resolves_addresses(frame) is passes
