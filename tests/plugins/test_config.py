from dataclasses import FrozenInstanceError

import pytest

from sipice.plugins.config import DEFAULT, PluginConfig


def test_the_default_binds_what_the_machine_has_and_gives_stacks_a_loopback_pair() -> None:
    assert PluginConfig() == DEFAULT
    assert DEFAULT.addresses is None
    assert DEFAULT.bridge
    assert not DEFAULT.session.agent.allow_loopback


def test_a_configuration_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        DEFAULT.bridge = False  # type: ignore[misc]
