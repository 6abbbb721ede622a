from dataclasses import FrozenInstanceError

import pytest

from sipice.errors import UsageError
from sipice.ice import AgentConfig, IceServer, NamedServer, ServerKind, ServerUri
from sipice.net import Address
from sipice.plugins.config import DEFAULT, PluginConfig
from sipice.session import SessionConfig


def test_the_default_binds_what_the_machine_has_and_gives_stacks_a_loopback_pair() -> None:
    assert PluginConfig() == DEFAULT
    assert DEFAULT.addresses is None
    assert DEFAULT.bridge
    assert not DEFAULT.session.agent.allow_loopback


def test_a_configuration_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        DEFAULT.bridge = False  # type: ignore[misc]


def test_servers_by_name_come_behind_those_of_the_agent() -> None:
    own = IceServer(ServerKind.STUN, Address.parse("192.0.2.1", 3478))
    session = SessionConfig(agent=AgentConfig(servers=(own,)))
    config = PluginConfig(
        session=session, servers=("turn:turn.example",), username="u", password="secret"
    )
    servers = config.for_controllers().agent.servers
    turn = NamedServer(ServerUri.parse("turn:turn.example"), "u", "secret")
    assert servers == (own, turn)
    assert "secret" not in repr(config)


def test_what_names_no_server_is_refused() -> None:
    with pytest.raises(UsageError, match="names no server"):
        PluginConfig(servers=("turn.example",)).for_controllers()
