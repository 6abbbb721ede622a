"""sipice in the driver protocol, so that it can be put into any laboratory that speaks it.

This file needs nothing but sipice; the drivers of others in Python take the protocol from here.

A driver is a program. Its options are those of ``options``. It prints one JSON object per line:

    {"ev": "local", "kind": "ice", "ice": {"ufrag", "pwd", "candidates": [after "candidate:"]}}
    {"ev": "local", "kind": "sdp", "type", "sdp"}
    {"ev": "known" | "nominated" | "failed" | "lost" | "data", "t": CLOCK_MONOTONIC, ...}

and reads the same: {"cmd": "remote", "ice"} or {"cmd": "remote", "type", "sdp"}, {"cmd": "close"}.
A peer answers "pingN" with "echoN"; data has come through when the first echo, or the first
packet of a whole endpoint, arrives.

Modes of sipice, with commas between: lite, tcp (TCP candidates too), pace20 (a Ta of 20 ms).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import sdp
import sipice
from sipice.aio.interfaces import InterfacePolicy
from sipice.ice import (
    AgentConfig,
    Candidate,
    CandidateType,
    Credentials,
    Description,
    MediaChanged,
    NamedServer,
    PairSelected,
    PathLost,
    Role,
    ServerFailed,
    ServerUri,
    StreamCompleted,
    StreamFailed,
    TcpType,
)
from sipice.ice.config import DEFAULT
from sipice.session import mapping

GATHER_DEADLINE = 5.0
"""Longer than a caller would wait: the slowest way to a server is among what is tried."""
RELAYED = frozenset({CandidateType.RELAYED})
PING_EVERY = 0.02
PINGS = 250


def options() -> argparse.Namespace:
    """What the command line says."""
    return command_line().parse_args()


def command_line() -> argparse.ArgumentParser:
    """That of every driver."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--role", choices=("offer", "answer"), default="offer")
    parser.add_argument("--stun", default="", help="HOST:PORT")
    parser.add_argument("--turn", default="", help="udp|tcp|tls:HOST:PORT")
    parser.add_argument("--user", default="lab")
    parser.add_argument("--password", default="labpass")
    parser.add_argument("--policy", choices=("all", "relay"), default="all")
    parser.add_argument("--media", choices=("data", "audio"), default="data")
    parser.add_argument("--family", choices=("4", "6", "46"), default="4")
    parser.add_argument("--components", type=int, default=1)
    parser.add_argument("--mode", default="", help="variants of the peer, by its own names")
    parser.add_argument("--address", default="", help="the only local address to use")
    parser.add_argument("--certificate", default="", help="a file: what TLS has to trust")
    parser.add_argument("--trace", default=None, help="a file for the record of what happened")
    return parser


def emit(event: str, **fields: Any) -> None:
    """One line of JSON with the time."""
    record = fields | {"ev": event, "t": time.monotonic()}
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


async def commands() -> AsyncIterator[dict[str, Any]]:
    """What standard input says, up to "close" or its end."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        if command["cmd"] == "close":
            return
        yield command


RTP = bytes([0x80]) + bytes(11)
"""A header that media relays take for one."""


class Talk:
    """Data after connection: asks until an echo comes, and answers what the other side asks.

    For audio it does so behind an RTP header.
    """

    def __init__(self, send: Callable[[bytes], object], media: str) -> None:
        self._header = RTP if media == "audio" else b""
        self._send = send
        self._has_heard = False
        self._has_data = False
        self._is_answered = False

    async def ask(self) -> None:
        """Pings until one is answered, or too many were not."""
        for number in range(PINGS):
            if self._is_answered:
                return
            self._send(self._header + b"ping%d" % number)
            await asyncio.sleep(PING_EVERY)

    def hear(self, data: bytes) -> None:
        """Takes one packet of the other side."""
        if not self._has_heard:
            self._has_heard = True
            emit("media")
        data = data.removeprefix(self._header)
        if data.startswith(b"ping"):
            self._send(self._header + b"echo" + data[4:])
            return
        self._is_answered = self._is_answered or data.startswith(b"echo")
        if not self._has_data:
            self._has_data = True
            emit("data", n=len(data))


# sipice itself -----------------------------------------------------------------------------------


async def main() -> None:
    asked = options()
    async with session(asked) as ours:
        await ours.gather(GATHER_DEADLINE)
        emit("local", kind="ice", ice=told(ours.description()))
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(Watch(ours, asked.media).run())
            async for command in commands():
                if command["cmd"] == "remote":
                    emit("known")
                    await ours.set_remote(heard(command["ice"]))
            watching.cancel()
    emit("closed")


def session(asked: argparse.Namespace) -> sipice.Session:
    """A session with the servers, addresses and variants that were asked for."""
    modes = asked.mode.split(",")
    config = AgentConfig(
        lite="lite" in modes,
        ice_tcp="tcp" in modes,
        ta=0.020 if "pace20" in modes else DEFAULT.ta,
        allow_loopback=bool(asked.address),
        servers=servers(asked),
        candidate_types=RELAYED if asked.policy == "relay" else DEFAULT.candidate_types,
    )
    return sipice.open_session(
        role=Role.CONTROLLING if asked.role == "offer" else Role.CONTROLLED,
        components=asked.components,
        config=config,
        addresses=[asked.address] if asked.address else None,
        policy=InterfacePolicy(families=tuple(int(one) for one in asked.family)),
        tcp=(TcpType.ACTIVE, TcpType.PASSIVE) if "tcp" in modes else (),
        tls=trust(asked.certificate),
        trace=asked.trace,
    )


def servers(asked: argparse.Namespace) -> tuple[NamedServer, ...]:
    found = []
    if asked.stun:
        found.append(NamedServer(ServerUri.parse(f"stun:{asked.stun}")))
    if asked.turn:
        kind, _, place = asked.turn.partition(":")
        scheme, transport = ("turns", "tcp") if kind == "tls" else ("turn", kind)
        uri = ServerUri.parse(f"{scheme}:{place}?transport={transport}")
        found.append(NamedServer(uri, asked.user, asked.password, tls_name=uri.host))
    return tuple(found)


def trust(certificate: str) -> ssl.SSLContext:
    """Where a laboratory does not name its certificate, any will do."""
    context = ssl.create_default_context(cafile=certificate or None)
    if not certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def told(description: Description) -> dict[str, Any]:
    """What the other side gets; the keys after the first three are known to sipice only."""
    return {
        "ufrag": description.credentials.ufrag,
        "pwd": description.credentials.pwd,
        "candidates": [text_of(candidate) for candidate in description.candidates],
        "lite": description.lite,
        "options": ["ice2"],
        "pacing": description.pacing_ms,
    }


def heard(ice: dict[str, Any]) -> Description:
    """What the other side told; candidates that cannot be used are left out."""
    candidates = (candidate_of(text) for text in ice["candidates"])
    return Description(
        Credentials(ice["ufrag"], ice["pwd"]),
        tuple(candidate for candidate in candidates if candidate is not None),
        lite=ice.get("lite", False),
        pacing_ms=ice.get("pacing"),
        ice2="ice2" in ice.get("options", ()),
    )


def text_of(candidate: Candidate) -> str:
    """The value of a=candidate."""
    return mapping.to_sdp(candidate).to_bytes().decode()


def candidate_of(text: str) -> Candidate | None:
    """The reverse; None for what the agent cannot use."""
    return mapping.to_ice(sdp.Candidate.parse(text))


@dataclass(slots=True)
class Watch:
    """Tells what happens to a session, and talks as soon as it may."""

    ours: sipice.Session
    media: str
    may_send: bool = False
    pair: dict[str, str] = field(default_factory=dict)

    async def run(self) -> None:
        talk = Talk(self.ours.send, self.media)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(talk))
            async for event in self.ours.events():
                match event:
                    case MediaChanged(component=1, table=table) if table.send:
                        if not self.may_send:
                            self.may_send = True
                            emit("valid")
                            tasks.create_task(talk.ask())
                    case PairSelected(component=1, local=local, remote=remote):
                        self.pair = {"local": text_of(local), "remote": text_of(remote)}
                    case StreamCompleted():
                        emit("nominated", **self.pair)
                    case StreamFailed(reason=reason):
                        emit("failed", error=reason.value)
                    case ServerFailed(server=server, why=why):
                        emit("server", server=server, error=why)
                    case PathLost(reason=loss):
                        emit("lost", error=loss.value)

    async def _listen(self, talk: Talk) -> None:
        while True:
            talk.hear(await self.ours.receive())


if __name__ == "__main__":
    asyncio.run(main())
