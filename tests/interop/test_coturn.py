"""Sessions through coturn over UDP, TCP and TLS, on the loopback interface of this machine."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.capabilities import needs, require

require("cli", "coturn", "openssl")

from sipice.aio.resolver import Resolver
from sipice.aio.session import Session
from sipice.ice import (
    AgentConfig,
    CandidateType,
    NamedServer,
    RelayLost,
    Role,
    ServerFailed,
    ServerUri,
)
from sipice.net import Address
from sipice.turn import time_limited
from tests.aio.certificate import NAME, client_context, make
from tests.aio.dns import name_server
from tests.cli.run import run

IP = f"127.{1 + os.getpid() % 250}.{1 + os.getpid() // 250 % 250}.20"
SECOND = IP.removesuffix("20") + "21"
PORT, TLS_PORT = 34_780, 34_790
USER, PASSWORD = "user", "a secret of coturn"
SECRET = "shared with coturn"
PATIENCE = 20.0
ONLY_RELAY = frozenset({CandidateType.RELAYED})


@dataclass(frozen=True)
class Coturn:
    """A running server."""

    certificate: Path

    def named(self, uri: str, password: str = PASSWORD, *families: int) -> NamedServer:
        return NamedServer(ServerUri.parse(uri), USER, password, families or (4,))


@pytest.fixture(scope="module")
def coturn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    folder = tmp_path_factory.mktemp("coturn")
    pem = make(folder)
    options = [
        f"--listening-ip={IP}", f"--listening-ip={SECOND}", "--relay-ip=::1",
        f"--listening-port={PORT}", f"--alt-listening-port={PORT + 1}",
        f"--tls-listening-port={TLS_PORT}", f"--alt-tls-listening-port={TLS_PORT + 1}",
        "--lt-cred-mech", f"--user={USER}:{PASSWORD}", f"--cert={pem}", f"--pkey={pem}",
    ]  # fmt: skip
    with _running(folder, options, PORT, TLS_PORT):
        yield Coturn(folder)


@pytest.fixture
def secret_coturn(tmp_path: Path) -> Iterator[Address]:
    """One that takes time-limited credentials; its address."""
    options = [
        f"--listening-ip={IP}", f"--listening-port={PORT + 2}", "--no-tls",
        "--use-auth-secret", f"--static-auth-secret={SECRET}",
    ]  # fmt: skip
    with _running(tmp_path, options, PORT + 2):
        yield Address.parse(IP, PORT + 2)


@contextmanager
def _running(folder: Path, options: list[str], *ports: int) -> Iterator[None]:
    common = [
        "-n", "--no-cli", "--fingerprint", "--allow-loopback-peers", "--no-dtls", "--realm=test",
        f"--relay-ip={IP}", f"--log-file={folder / 'log'}", "--simple-log",
        f"--pidfile={folder / 'pid'}", f"--userdb={folder / 'db'}",
    ]  # fmt: skip
    server = subprocess.Popen(
        ["turnserver", *common, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(server, ports)
        yield
    finally:
        server.terminate()
        server.wait(10)


def _wait(server: subprocess.Popen[bytes], ports: tuple[int, ...]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            for port in ports:
                socket.create_connection((IP, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("coturn does not listen")


def relayed(server: NamedServer, tls: ssl.SSLContext | None = None) -> tuple[list[str], list[str]]:
    """Connect two sessions over their relays alone: relayed addresses, and what went wrong."""

    async def connect() -> tuple[list[str], list[str]]:
        config = AgentConfig(
            allow_loopback=True, servers=(server,), candidate_types=ONLY_RELAY, gather_timeout=4.0
        )
        async with name_server(f"{NAME} A {IP}") as dns, asyncio.timeout(PATIENCE):

            def session(role: Role) -> Session:
                return Session(
                    role=role,
                    config=config,
                    addresses=[IP],
                    tls=tls,
                    resolver=Resolver(dns),
                )

            async with session(Role.CONTROLLING) as one, session(Role.CONTROLLED) as two:
                await asyncio.gather(one.gather(4.0), two.gather(4.0))
                offer, answer = one.description(), two.description()
                if not offer.candidates:
                    return [], await _failures(one)
                await one.set_remote(answer)
                await two.set_remote(offer)
                paths = await asyncio.gather(one.path(), two.path())
                assert all(path.relayed for path in paths)
                await _talk(one, two)
                return [candidate.address.host for candidate in offer.candidates], []

    return asyncio.run(connect())


async def _failures(session: Session) -> list[str]:
    await session.close()
    return [event.why async for event in session.events() if isinstance(event, ServerFailed)]


async def _talk(one: Session, two: Session) -> None:
    """Packets of every length modulo 4, before and after channels are bound."""
    for number in range(40):
        packet = b"\x80" + bytes(number % 4) + number.to_bytes(2)
        assert one.send(packet)
        assert two.send(packet)
        assert await two.receive() == packet
        assert await one.receive() == packet
        await asyncio.sleep(0.01)
    for session in (one, two):
        send = session._agent.media(0, 1).send
        assert send is not None
        assert send.channel is not None
        assert not [event for event in session._agent.take_events() if isinstance(event, RelayLost)]


@pytest.mark.parametrize("way", ["", "?transport=tcp"])
def test_media_goes_both_ways_through_the_relays(coturn: Coturn, way: str) -> None:
    assert relayed(coturn.named(f"turn:{IP}:{PORT}{way}")) == ([IP], [])


def test_over_tls_the_certificate_is_verified_for_the_name(coturn: Coturn) -> None:
    server = coturn.named(f"turns:{NAME}:{TLS_PORT}")
    assert relayed(server, client_context(coturn.certificate)) == ([IP], [])
    addresses, (why,) = relayed(server)
    assert addresses == []
    assert why.startswith(f"its certificate is not valid for {NAME}: self")


def test_an_ipv6_relay_serves_a_socket_of_ipv4(coturn: Coturn) -> None:
    assert relayed(coturn.named(f"turn:{IP}:{PORT}", PASSWORD, 6)) == (["::1"], [])


@pytest.mark.parametrize("way", ["", "?transport=tcp"])
def test_a_wrong_password_is_told(coturn: Coturn, way: str) -> None:
    failed = relayed(coturn.named(f"turn:{IP}:{PORT}{way}", "wrong"))
    assert failed == ([], ["the server does not accept user name and password (401)"])


def test_time_limited_credentials_are_taken_while_they_last(
    tmp_path: Path, secret_coturn: Address
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET, encoding="utf-8")
    ended = run(
        "gather", "--loopback", "--interface", "lo*", "--family", "4", f"turn:{secret_coturn}",
        "--username", "alice", "--secret-file", secret, "--types", "relay",
    )  # fmt: skip
    assert ended.code == 0, ended.out + ended.err
    assert "typ relay" in ended.out
    late = time_limited(SECRET, "alice", int(time.time()) - 10)
    server = NamedServer(ServerUri.parse(f"turn:{secret_coturn}"), *late)
    assert relayed(server) == ([], ["the server does not accept user name and password (401)"])


@needs("cli")
def test_both_commands_understand_it(coturn: Coturn, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    gathered = run(
        "gather", "--loopback", "--interface", "lo*", "--family", "4", "--json",
        f"stun:{IP}:{PORT}", f"turn:{IP}:{PORT}?transport=tcp",
        "--username", USER, "--password-file", password,
    )  # fmt: skip
    assert gathered.code == 0, gathered.out
    assert {one["type"] for one in gathered.json["candidates"]} == {"host", "relay"}
    found = run("nat", "--json", f"stun:{IP}:{PORT}").json
    assert (found["nat"], found["filtering"]) == (False, "endpoint-independent")
    assert found["servers"][0]["other"] == f"{SECOND}:{PORT + 1}"
