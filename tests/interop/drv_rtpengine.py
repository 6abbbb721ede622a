"""rtpengine in the driver protocol: an ICE leg on this host's address, and a plain leg that talks.

As offerer it makes the ICE offer for a plain caller, as answerer the ICE answer of a plain callee;
the plain party is a socket here, which sends RTP and notes what comes through.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sdp
from tests.interop.drv_sipice import PING_EVERY, commands, emit, options
from tests.traces.recorder.drivers.relay_rtpengine import NG, Value, ask

PLAIN_PORT = 32000
_DONE = re.compile(r"ICE completed, using pair")


async def main() -> None:
    asked = options()
    address = own_address()
    with relay(address) as process, plain_socket(address) as plain, control() as ng:
        leg = Leg(ng, address)
        if asked.role == "offer":
            emit("local", kind="sdp", type="offer", sdp=leg.offer())
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(watch(process)),
                tasks.create_task(talk(plain, leg)),
                tasks.create_task(listen(plain)),
            ]
            async for command in commands():
                if command["cmd"] == "remote":
                    emit("known")
                    leg.take(command)
            for task in running:
                task.cancel()
    emit("closed")


class Leg:
    """What rtpengine is told about the call."""

    def __init__(self, ng: socket.socket, address: str) -> None:
        self.talks_to: tuple[str, int] | None = None
        """Where the plain party sends its RTP."""
        self._ng = ng
        self._plain = "\r\n".join(
            [
                "v=0",
                f"o=- 1 1 IN IP4 {address}",
                "s=-",
                f"c=IN IP4 {address}",
                "t=0 0",
                f"m=audio {PLAIN_PORT} RTP/AVP 0",
                "a=rtpmap:0 PCMU/8000",
                "a=sendrecv",
                "",
            ]
        )

    def offer(self) -> str:
        """The plain party calls: its offer, with ICE."""
        flags: dict[str, Value] = {"ICE": "force", "rtcp-mux": ["offer", "require"]}
        return self._ask("offer", self._plain, flags)

    def take(self, remote: dict[str, Any]) -> None:
        """The ICE side's answer, or its offer, which the plain party answers at once."""
        if remote["type"] == "answer":
            self._note_plain(self._ask("answer", remote["sdp"], {"ICE": "remove"}))
            return
        flags: dict[str, Value] = {
            "ICE": "remove",
            "rtcp-mux": ["demux"],
            "transport-protocol": "RTP/AVP",
        }
        self._note_plain(self._ask("offer", remote["sdp"], flags))
        text = self._ask("answer", self._plain, {"ICE": "default"})
        emit("local", kind="sdp", type="answer", sdp=text)

    def _ask(self, command: str, text: str, flags: dict[str, Value]) -> str:
        tags: dict[str, Value] = {"from-tag": "one"}
        if command == "answer":
            tags["to-tag"] = "two"
        question: dict[str, Value] = {"command": command, "call-id": "lab", "sdp": text}
        answer = ask(self._ng, question | tags | flags)
        if answer is None:
            raise SystemExit(f"rtpengine did not take the {command}")
        return answer

    def _note_plain(self, text: str) -> None:
        place = sdp.effective.default_destination(sdp.parse(text.encode()), 0, 1)
        if place is not None:
            self.talks_to = (place.address, place.port)


async def watch(process: subprocess.Popen[bytes]) -> None:
    """Its log tells when ICE is done; it has no other way."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), process.stdout)
    is_done = False
    while line := await reader.readline():
        if _DONE.search(line.decode(errors="replace")) and not is_done:
            is_done = True
            emit("nominated")


async def talk(plain: socket.socket, leg: Leg) -> None:
    """RTP of the plain party, a packet each 20 ms."""
    for number in range(1 << 16):
        if leg.talks_to:
            header = struct.pack("!BBHII", 0x80, 0, number, number * 160, 1)
            with suppress(OSError):
                plain.sendto(header + bytes(160), leg.talks_to)
        await asyncio.sleep(PING_EVERY)


async def listen(plain: socket.socket) -> None:
    """The first packet that comes through from the ICE leg."""
    await asyncio.get_running_loop().sock_recv(plain, 2048)
    emit("media")
    emit("data")


def own_address() -> str:
    """The address that this host has towards everybody else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        host: str = probe.getsockname()[0]
        return host


@contextmanager
def relay(address: str) -> Iterator[subprocess.Popen[bytes]]:
    """rtpengine in userland."""
    with tempfile.TemporaryDirectory(prefix="sipice-rtpengine-") as folder:
        command = [
            *("rtpengine", "--foreground", "--table=-1", "--log-stderr", "--log-level=7"),
            *(f"--interface={address}", f"--listen-ng={NG[0]}:{NG[1]}"),
            *("--port-min=30000", "--port-max=31000", f"--pidfile={Path(folder) / 'pid'}"),
        ]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


@contextmanager
def plain_socket(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.bind((address, PLAIN_PORT))
        plain.setblocking(False)
        yield plain


@contextmanager
def control() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ng:
        ng.settimeout(1)
        ng.connect(NG)
        yield ng


if __name__ == "__main__":
    asyncio.run(main())
