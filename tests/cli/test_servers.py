"""Options that name servers."""

from __future__ import annotations

from tests.capabilities import require

require("cli")

import base64
import hmac
import time
from pathlib import Path

import pytest

from sipice.cli.servers import ServerOptions, servers_of
from sipice.errors import UsageError


def test_the_first_line_of_the_file_is_the_password_of_all(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("secret\nnot this\n", encoding="utf-8")
    first, second = servers_of(["turn:a", "turns:b"], ServerOptions("user", str(file)))
    assert (first.username, first.password, second.password) == ("user", "secret", "secret")
    assert "secret" not in repr(first)
    file.write_text("", encoding="utf-8")
    assert servers_of(["stun:a"], ServerOptions("", str(file)))[0].password == ""


@pytest.mark.parametrize(
    "text", ["192.0.2.53", "192.0.2.53:53", "2001:db8::53", "[2001:db8::53]:53"]
)
def test_a_name_server_is_an_address_with_or_without_a_port(text: str) -> None:
    assert ServerOptions(dns=text).resolver() is not None


@pytest.mark.parametrize("text", ["dns.example", "192.0.2.53:x", ":53", ""])
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="is no address of a name server"):
        ServerOptions(dns=text).resolver()


def test_of_a_shared_secret_credentials_for_an_hour_are_made(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("shared\n", encoding="utf-8")
    options = ServerOptions("alice", secret_file=str(secret))
    (server,) = servers_of(["turn:a"], options)
    expires, name = server.username.split(":")
    assert name == "alice"
    assert abs(int(expires) - time.time() - 3600) < 60
    mac = hmac.new(b"shared", server.username.encode(), "sha1").digest()
    assert base64.b64decode(server.password) == mac
    with pytest.raises(UsageError, match="either --password-file or --secret-file"):
        servers_of(["turn:a"], options._replace(password_file=str(secret)))
