"""Options that name servers."""

from __future__ import annotations

from tests.capabilities import require

require("cli")

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
