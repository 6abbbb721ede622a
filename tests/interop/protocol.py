"""What the drivers for peers in Python share: options, lines of JSON, and data after connection.

A driver is a program. Its options are those of ``options``. It prints one JSON object per line:

    {"ev": "local", "kind": "ice", "ice": {"ufrag", "pwd", "candidates": [after "candidate:"]}}
    {"ev": "local", "kind": "sdp", "type", "sdp"}
    {"ev": "known" | "nominated" | "failed" | "lost" | "data", "t": CLOCK_MONOTONIC, ...}

and reads the same: {"cmd": "remote", "ice"} or {"cmd": "remote", "type", "sdp"}, {"cmd": "close"}.
A peer answers "pingN" with "echoN"; data has come through when the first echo, or the first
packet of a whole endpoint, arrives.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

PING_EVERY = 0.1
PINGS = 50


def options() -> argparse.Namespace:
    """The command line of every driver."""
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
    parser.add_argument("--mode", default="", help="a variant of the peer, by its own names")
    parser.add_argument("--address", default="", help="the only local address to use")
    return parser.parse_args()


def emit(event: str, *, timed: bool = True, **fields: Any) -> None:
    """One line of JSON, with the time unless that would mean nothing."""
    record = fields | {"ev": event} | ({"t": time.monotonic()} if timed else {})
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


def host_port(text: str) -> tuple[str, int]:
    """ "[2001:db8::1]:3478" and "192.0.2.1:3478"."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Talk:
    """Data after connection: asks until an echo comes, and answers what the other side asks."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._has_heard = False
        self._is_answered = False
        self._has_data = False

    async def ask(self) -> None:
        """Pings until one is answered, or too many were not."""
        for number in range(PINGS):
            if self._is_answered:
                return
            self._send(b"ping%d" % number)
            await asyncio.sleep(PING_EVERY)

    def hear(self, data: bytes) -> None:
        """Takes one packet of the other side."""
        if not self._has_heard:
            self._has_heard = True
            emit("media")
        if data.startswith(b"ping"):
            self._send(b"echo" + data[4:])
            return
        self._is_answered = self._is_answered or data.startswith(b"echo")
        if not self._has_data:
            self._has_data = True
            emit("data", n=len(data))
