from __future__ import annotations

from dataclasses import FrozenInstanceError
from math import nan
from typing import Any

import pytest

from sipice.errors import UsageError
from sipice.ice import AgentConfig, IceServer, NamedServer, ServerKind, ServerUri
from tests.ice.harness import address
from tests.marks import rfc

TURN = address("192.0.2.9:3478")


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


@rfc("8445", "14.2", "MUST NOT", "8445-14.2-2")
@rfc("8445", "14.3", "SHOULD/MUST NOT", "8445-14.3-1")
@rfc("8445", "11", "MUST", "8445-11-1")
@rfc("7675", "5.1", "MUST", "7675-5.1-3")
@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("ta", 0.005, 0.0049),
        ("rto", 0.5, 0.49),
        ("rc", 1, 0),
        ("rm", 1, 0),
        ("tr", 15.0, 14.9),
        ("consent_lifetime", 30.0, 30.1),
    ],
)
def test_what_a_standard_forbids_is_refused_with_the_field_its_value_and_the_remedy(
    name: str, allowed: float, refused: float
) -> None:
    def made(value: float) -> AgentConfig:
        fields: dict[str, Any] = {name: value}
        return AgentConfig(**fields)

    assert getattr(made(allowed), name) == allowed
    with pytest.raises(UsageError, match=rf"^{name} is {refused:g}, .*RFC.* {allowed:g}( s)?$"):
        made(refused)
    with pytest.raises(UsageError):
        made(nan)


@pytest.mark.parametrize(
    ("username", "password", "why"),
    [
        ("user", "", "one of them is empty"),
        ("", "secret", "one of them is empty"),
        ("a\u0000b", "secret", "cannot be prepared"),
    ],
)
def test_credentials_that_no_server_could_accept_are_refused_at_once(
    username: str, password: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        IceServer(ServerKind.TURN, TURN, username=username, password=password)
    with pytest.raises(UsageError, match=why):
        NamedServer(ServerUri.parse("turn:a.example"), username, password)
    assert IceServer(ServerKind.TURN, TURN).password == ""
