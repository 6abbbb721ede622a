from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from sipice.ice import AgentConfig, IceServer, ServerKind
from tests.ice.harness import address
from tests.marks import rfc


@rfc("8445", "14.2", "MUST", "8445-14.2-1")
@rfc("8445", "11", "MUST", "8445-11-1")
@rfc("8863", "4", "MUST", "8863-4-1")
@rfc("8445", "8.3.1", "SHOULD", "8445-8.3.1-1")
def test_defaults_are_those_of_the_standards() -> None:
    config = AgentConfig()
    assert (config.ta, config.rto, config.rc, config.rm) == (0.05, 0.5, 7, 16)
    assert config.pac == (63 + 16) * config.rto
    assert (config.tr, config.free_after, config.max_pairs) == (15.0, 3.0, 100)
    assert (config.consent_interval, config.consent_lifetime) == (5.0, 30.0)
    assert not config.allow_loopback


def test_a_configuration_does_not_change_and_shows_no_password() -> None:
    server = IceServer(ServerKind.TURN, address("192.0.2.1:3478"), username="u", password="secret")
    config = AgentConfig(servers=(server,))
    assert "secret" not in repr(config)
    with pytest.raises(FrozenInstanceError):
        config.ta = 0.02  # type: ignore[misc]
