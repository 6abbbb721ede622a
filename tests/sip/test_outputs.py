"""sipice.sip.outputs: values."""

from __future__ import annotations

import pytest

from sipice.sip.outputs import Way


@pytest.mark.parametrize(
    ("transport", "datagram"),
    [("UDP", True), ("udp", True), ("TCP", False), ("TLS", False), ("WS", False), ("WSS", False)],
)
def test_only_udp_loses_messages(transport: str, datagram: bool) -> None:
    assert Way(transport).is_datagram is datagram
