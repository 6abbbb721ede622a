"""A SIP phone in the driver protocol: a program with its settings, and what its log says.

A minimal SIP user agent on the same host exchanges the descriptions that the driver tells and
takes. With ``--live URI`` there is none: the phone calls this party (role offer) or waits for its
call, and the driver says ``ready``, ``nominated``, ``failed`` and, when it is closed, which tone it
has ``heard``; ``hold`` and ``resume`` are commands then.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sipice.cli.demo.voice import TONES
from tests.interop.drv_rtpengine import own_address
from tests.interop.drv_sipice import command_line, commands, emit
from tests.interop.minisip import Line, SipError
from tests.interop.tones import read_tone, write_tone

ITS_PORT, OUR_PORT = 5060, 5070
TONE_SECONDS = 60
"""Longer than any call here: at the end of the file a phone may hang up."""
_LONGEST_LINE = 1 << 20
_START, _END = 15.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a phone has to be told."""

    address: str
    """Its own; it listens at ITS_PORT."""
    target: str
    """The SIP URI that it has to call; empty where it answers."""
    folder: Path
    """Its home."""
    asked: Namespace
    """Servers, credentials, mode: see ``command_line``."""

    @property
    def uri(self) -> str:
        return f"sip:peer@{self.address}:{ITS_PORT}"

    @property
    def tone(self) -> Path:
        """What it plays, 16 bits at 8 kHz."""
        return self.folder / "tone.wav"

    @property
    def heard(self) -> Path:
        """Where it records what it hears."""
        return self.folder / "heard.wav"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A kind of phone."""

    name: str
    command: Callable[[Setup], list[str]]
    """Writes its configuration; the command line that starts it."""
    ready: re.Pattern[str]
    """Said when it can be called."""
    says: Mapping[str, re.Pattern[str]]
    """What its log says where the protocol wants an event."""
    orders: Callable[[Setup], list[str]] = lambda setup: []
    """Typed when it has started."""
    words: Mapping[str, str]
    """What has to be typed for a command: ``hold``, ``resume``."""
    farewell: str = ""
    """Typed at its end; without one it is told to terminate."""
    recordings: str = "heard.wav"
    """The files in its home, by their common name, that hold what it heard."""


async def drive(model: Model) -> None:
    """What a driver does from its start to its end."""
    parser = command_line()
    parser.add_argument("--live", default="", help="the SIP URI of the other party")
    asked = parser.parse_args()
    await (_live if asked.live else _joined)(model, asked)
    emit("closed")


async def _live(model: Model, asked: Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix=f"sipice-{model.name}-") as folder:
        target = asked.live if asked.role == "offer" else ""
        setup = Setup(address=own_address(), target=target, folder=Path(folder), asked=asked)
        async with running(model, setup) as process:
            emit("ready")
            async for command in commands():
                _type(process, model.words[command["cmd"]])
        found = [read_tone(one) for one in setup.folder.glob(model.recordings)]
        tone, seconds = max(found, key=lambda one: one[1], default=(None, 0.0))
        emit("heard", tone=tone, seconds=seconds)


async def _joined(model: Model, asked: Namespace) -> None:
    address, loop = own_address(), asyncio.get_running_loop()
    _, line = await loop.create_datagram_endpoint(
        lambda: Line(address, OUR_PORT, (address, ITS_PORT)), local_addr=(address, OUR_PORT)
    )
    with tempfile.TemporaryDirectory(prefix=f"sipice-{model.name}-") as folder:
        target = f"sip:lab@{address}:{OUR_PORT}" if asked.role == "offer" else ""
        setup = Setup(address=address, target=target, folder=Path(folder), asked=asked)
        async with running(model, setup), asyncio.TaskGroup() as tasks:
            exchanges = [tasks.create_task(_tell_offer(line))] if target else []
            async for command in commands():
                if command["cmd"] == "remote":
                    emit("known")
                    if command["type"] == "answer":
                        line.accept(command["sdp"])
                    else:
                        exchanges.append(tasks.create_task(_tell_answer(line, command["sdp"])))
            line.bye()
            for task in exchanges:
                task.cancel()


async def _tell_offer(line: Line) -> None:
    emit("local", kind="sdp", type="offer", sdp=await line.offered)


async def _tell_answer(line: Line, offer: str) -> None:
    try:
        emit("local", kind="sdp", type="answer", sdp=await line.invite(offer))
    except SipError as error:
        emit("failed", error=str(error))


@asynccontextmanager
async def running(model: Model, setup: Setup) -> AsyncIterator[asyncio.subprocess.Process]:
    """A phone that is ready while the context is open; what its log says is emitted."""
    write_tone(setup.tone, TONES[1], TONE_SECONDS)
    process = await asyncio.create_subprocess_exec(
        *model.command(setup),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ
        | dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(setup.folder)),
        limit=_LONGEST_LINE,
    )
    ready = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_watch(model, process, ready))
        try:
            _type(process, *model.orders(setup))
            async with asyncio.timeout(_START):
                await ready
            yield process
        finally:
            await _end(model, process)


def _type(process: asyncio.subprocess.Process, *lines: str) -> None:
    assert process.stdin is not None
    process.stdin.writelines(f"{line}\n".encode() for line in lines)


async def _end(model: Model, process: asyncio.subprocess.Process) -> None:
    """It takes leave of its peers first, and must not hold its port against the next one."""
    if process.returncode is not None:
        return
    if model.farewell:
        _type(process, model.farewell)
    else:
        process.terminate()
    try:
        async with asyncio.timeout(_END):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _watch(
    model: Model, process: asyncio.subprocess.Process, ready: asyncio.Future[None]
) -> None:
    """Its log, line by line."""
    assert process.stdout is not None
    said: set[str] = set()
    text = "it said nothing"
    while line := await process.stdout.readline():
        text = line.decode(errors="replace").strip()
        if model.ready.search(text) and not ready.done():
            ready.set_result(None)
        for event, pattern in model.says.items():
            if event not in said and pattern.search(text):
                said.add(event)
                emit(event, line=text)
    if not ready.done():
        ready.set_exception(RuntimeError(f"{model.name} did not start: {text}"))
