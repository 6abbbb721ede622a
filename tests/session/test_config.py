"""The configuration of a controller."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from sipice.net import Address
from sipice.session import SessionConfig, Trickle
from sipice.session.config import CONTAINERS


def test_the_defaults_suit_an_unknown_peer() -> None:
    config = SessionConfig()
    assert config.trickle is Trickle.HALF
    assert not config.mdns
    with pytest.raises(FrozenInstanceError):
        config.mdns = True  # type: ignore[misc]


@pytest.mark.parametrize(
    ("address", "virtual"), [("172.17.0.1", True), ("192.168.122.1", True), ("192.168.1.1", False)]
)
def test_bridges_of_containers_are_known(address: str, virtual: bool) -> None:
    ip = Address.parse(address, 0).ip
    assert any(network.contains(ip) for network in CONTAINERS) is virtual
