"""Runs two drivers, carries their descriptions to each other, and tells what became of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.interop.joint import ice_of, sdp_of
from tests.interop.peers import Kind, peer_of

ROOT = Path(__file__).resolve().parents[2]
DATA_TIMEOUT = 5.0
_LONGEST_LINE = 1 << 20

Event = dict[str, Any]
Enter = Callable[[], list[str]]
"""Gives the words before a command that run it where the driver is to be."""


def here() -> list[str]:
    """Drivers run on this machine as it is."""
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Who takes part, and where."""

    peer: str
    """With its mode, as in "nice:aggr"."""
    enter: Enter = here
    options: tuple[str, ...] = ()
    """Of the driver, beyond role and media."""


@dataclass(slots=True)
class Outcome:
    """What happened between two peers; times in ms after both descriptions were known."""

    offerer: str
    answerer: str
    error: str = ""
    """Empty when both nominated and data went both ways."""
    nominated: float | None = None
    """When the later side had its pair."""
    data: float | None = None
    """When the later side's data was answered, or its first packet of a whole endpoint came."""
    paths: tuple[tuple[str, str], tuple[str, str]] = (("", ""), ("", ""))
    """Candidate types of the offerer's pair, its own and its peer's; and of the answerer's."""
    known: float = 0.0
    """CLOCK_MONOTONIC when both descriptions were known."""
    descriptions: tuple[Event, Event] | None = None
    events: tuple[list[Event], list[Event]] = field(default_factory=lambda: ([], []))

    @property
    def path(self) -> tuple[str, str]:
        """As the offerer sees it."""
        return self.paths[0]

    @property
    def is_good(self) -> bool:
        return not self.error


class PairError(Exception):
    """A driver did not do what was expected; says which and what."""


async def run(
    offerer: Side,
    answerer: Side,
    *,
    media: Literal["data", "audio"] = "data",
    seconds: float = 30,
    settle: float = 0.0,
) -> Outcome:
    """One session between two peers; never raises for what a peer does.

    ``settle`` is how long the descriptions are on their way: as much as signalling would take, so
    that what an engine does while it gathers does not weigh on its checks. A browser that answers
    needs the offer before that; its candidates are then kept back for the moment when both know.
    """
    outcome = Outcome(offerer.peer, answerer.peer)
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(_driver(offerer, "offer", media))
        two = await stack.enter_async_context(_driver(answerer, "answer", media))
        outcome.events = (one.events, two.events)
        try:
            async with asyncio.timeout(seconds):
                await _introduce(one, two, media, outcome, settle)
                pairs = await asyncio.gather(one.expect("nominated"), two.expect("nominated"))
            outcome.nominated = _after(outcome, pairs)
            outcome.paths = (_types(pairs[0]), _types(pairs[1]))
            async with asyncio.timeout(DATA_TIMEOUT):
                packets = await asyncio.gather(one.expect("data"), two.expect("data"))
            outcome.data = _after(outcome, packets)
        except PairError as failure:
            outcome.error = str(failure)
        except TimeoutError:
            waiting = [f"{driver.name} ({driver.waits})" for driver in (one, two) if driver.waits]
            outcome.error = "no answer in time: " + ", ".join(waiting)
    return outcome


async def _introduce(one: Driver, two: Driver, media: str, outcome: Outcome, settle: float) -> None:
    """Both get the other's description; the clock starts when the last is on its way."""
    offer = await one.expect("local")
    kept: list[str] = []
    if two.kind is not Kind.ICE:
        remote = _as_sdp(offer, two.kind, media)
        if two.kind is Kind.WEB and settle:
            remote["sdp"], kept = parted(remote["sdp"])
        two.tell(remote)
    answer = await two.expect("local")
    outcome.descriptions = (offer, answer)
    await asyncio.sleep(settle)
    outcome.known = time.monotonic()
    if one.kind is Kind.ICE:
        one.tell({"ice": _as_ice(answer)})
    else:
        one.tell(_as_sdp(answer, one.kind, media, offer["sdp"]))
    if two.kind is Kind.ICE:
        two.tell({"ice": _as_ice(offer)})
    elif kept:
        two.tell({"candidates": kept})


def _as_ice(local: Event) -> dict[str, Any]:
    ice: dict[str, Any] = local["ice"] if local["kind"] == "ice" else ice_of(local["sdp"])
    return ice


def _as_sdp(local: Event, kind: Kind, media: str, offer: str = "") -> dict[str, Any]:
    text = local["sdp"] if local["kind"] == "sdp" else sdp_of(local["ice"], kind, media, offer)
    return {"type": "answer" if offer else "offer", "sdp": text}


def parted(text: str) -> tuple[str, list[str]]:
    """A description without its candidates, and these."""
    lines = text.splitlines()
    start = "a=candidate:"
    kept = [line.removeprefix(start) for line in lines if line.startswith(start)]
    return "".join(f"{line}\r\n" for line in lines if not line.startswith(start)), kept


def _after(outcome: Outcome, events: tuple[Event, Event]) -> float:
    later: float = max(event["t"] for event in events)
    return round((later - outcome.known) * 1000, 1)


def _types(nominated: Event) -> tuple[str, str]:
    """Those of a pair; a SIP peer does not tell its own."""
    local, remote = (
        text.partition(" typ ")[2].split()[0] if (text := nominated.get(end)) else "?"
        for end in ("local", "remote")
    )
    return local, remote


class Driver:
    """One running driver, or another program that speaks as drivers do."""

    def __init__(self, name: str, kind: Kind, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.kind = kind
        self.events: list[Event] = []
        self.waits = ""
        self._process = process
        self._changed = asyncio.Event()
        self._has_ended = False
        self._said: deque[str] = deque(maxlen=3)

    async def read(self) -> None:
        """Notes every event until the program ends."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            try:
                event = json.loads(line)
            except ValueError:
                continue  # some engine talks on standard output
            self.events.append({"t": time.monotonic()} | event)
            self._changed.set()
        self._has_ended = True
        self._changed.set()

    async def read_complaints(self) -> None:
        """Keeps the last lines of standard error, for the reader of a failure."""
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self._said.append(line.decode(errors="replace").strip())

    async def expect(self, name: str) -> Event:
        """The first event of that name; raises PairError when there will be none."""
        self.waits = name
        while True:
            for event in self.events:
                if event["ev"] == name:
                    self.waits = ""
                    return event
                if event["ev"] == "failed":
                    raise PairError(f"{self.name}: failed {event.get('error', '')}".rstrip())
            if self._has_ended:
                raise PairError(f"{self.name}: ended before {name}: {' / '.join(self._said)}")
            self._changed.clear()
            await self._changed.wait()

    def tell(self, remote: dict[str, Any]) -> None:
        """Hands over the other side's description."""
        self._write({"cmd": "remote"} | remote)

    def order(self, command: str) -> None:
        """Has it do something."""
        self._write({"cmd": command})

    async def close(self) -> None:
        """Asks it to end, and sees to it."""
        self._write({"cmd": "close"})
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _write(self, command: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(json.dumps(command).encode() + b"\n")


@asynccontextmanager
async def started(name: str, kind: Kind, words: list[str]) -> AsyncIterator[Driver]:
    """A program that runs while the context is open."""
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        limit=_LONGEST_LINE,
    )
    driver = Driver(name, kind, process)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.read())
        tasks.create_task(driver.read_complaints())
        try:
            yield driver
        finally:
            await driver.close()


@asynccontextmanager
async def _driver(side: Side, role: str, media: str) -> AsyncIterator[Driver]:
    """That of a peer in a session."""
    peer, mode = peer_of(side.peer)
    words = [*peer.command(), "--role", role, "--media", media, *side.options]
    if mode:
        words += ["--mode", mode]
    name = f"{side.peer} as {role}er"
    async with started(name, peer.kind, [*side.enter(), *words]) as driver:
        yield driver
