"""The demonstration call, step by step; what is not as it should be is noted, not raised."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sipice.aio.bases import BindUdp
from sipice.aio.udp import UdpEndpoint
from sipice.cli.demo.agent import HOST, Phone, UserAgent
from sipice.cli.demo.behind import Behind
from sipice.cli.demo.network import NatKind
from sipice.cli.demo.record import CallRecord, Described, Side
from sipice.cli.demo.voice import TONES, Voice
from sipice.cli.diff import line_changes
from sipice.cli.records import read_records
from sipice.cli.telling import tell
from sipice.errors import SipiceError
from sipice.ice import AgentConfig
from sipice.plugins.call import IceCall
from sipice.plugins.plugin import PluginConfig
from sipice.session import DescriptionReady, Direction, PathSelected, SessionConfig

NAMES = ("alice", "bob")
PATIENCE = 10.0
"""Seconds within which each step has to end."""
HOLD = 0.6
"""Seconds of silence."""
SETTLE = 0.2
"""Seconds after which no packet is on its way any more."""

_LOOPBACK = "on the loopback interface, which gives candidates only here (allow_loopback)"

Say = Callable[[str], None]
MakeAgent = Callable[[Phone, PluginConfig], UserAgent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be played."""

    stack: str
    make: MakeAgent
    nat: NatKind | None
    seconds: float
    """Of talk before the hold; a third of it after it, and the same around the restart."""
    folder: Path
    """Where the records go."""


_NONE = {(name, 1): 0 for name in NAMES}


class Play:
    """One call between two agents in this process."""

    def __init__(self, plan: Plan, say: Say) -> None:
        self._plan = plan
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._paths = dict(_NONE)
        """How often each component of each side has got a selected pair."""
        self._changed = asyncio.Event()
        nat = f"behind {plan.nat} NATs, with a TURN server" if plan.nat else _LOOPBACK
        self.record = CallRecord(plan.stack, nat, (Side(NAMES[0]), Side(NAMES[1])))
        self._agents: list[UserAgent] = []

    async def run(self) -> CallRecord:
        """Play it to the end; the record says how it went."""
        self.record.began_at = self._loop.time()
        files = [self._plan.folder / f"{name}.jsonl" for name in NAMES]
        with files[0].open("w") as first, files[1].open("w") as second:
            self._make((first.write, second.write))
            try:
                await self._play()
            finally:
                for agent in self._agents:
                    await agent.stop()
        self.record.ended_at = self._loop.time()
        for side, file in zip(self.record.sides, files, strict=True):
            if file.stat().st_size:
                told = [story for one in read_records(str(file)) for story in tell(one)]
                side.stories = [one for one in told if any(run.pairs for run in one.runs)]
        self._judge()
        return self.record

    def _make(self, writers: tuple[Callable[[str], object], ...]) -> None:
        bind: BindUdp
        behind = None if self._plan.nat is None else Behind(self._plan.nat)
        for name, hertz, write in zip(NAMES, TONES, writers, strict=True):
            if behind is None:
                agent = AgentConfig(allow_loopback=True)
                host, bind = HOST, UdpEndpoint.bind
            else:
                host, bind = behind.side()
                agent = AgentConfig(servers=behind.servers)
            session = SessionConfig(agent=agent)
            config = PluginConfig(session=session, addresses=(host,), bind=bind, record=write)
            self._agents.append(self._plan.make(Phone(name, Voice(hertz)), config))

    async def _play(self) -> None:
        caller, callee = self._agents
        for agent in self._agents:
            await agent.start()
        self._say(f"a call with {self.record.stack}, {self.record.nat}")
        self._step("calls", caller)
        async with asyncio.TaskGroup() as watching:
            watchers: list[asyncio.Task[None]] = []
            for agent in self._agents:
                agent.plugin.on_call = self._watcher(agent, watching, watchers)
            try:
                await self._talk(caller, callee)
            except (OSError, RuntimeError, SipiceError, TimeoutError) as error:
                done = self.record.moments[-1].text
                self._problem(f"after {done!r}: {str(error) or type(error).__name__}")
            finally:
                for watcher in watchers:
                    watcher.cancel()

    def _watcher(
        self, agent: UserAgent, group: asyncio.TaskGroup, tasks: list[asyncio.Task[None]]
    ) -> Callable[[IceCall], None]:
        return lambda call: tasks.append(group.create_task(self._watch(agent, call)))

    async def _talk(self, caller: UserAgent, callee: UserAgent) -> None:
        await caller.call(callee.address)
        self._step("answered", callee)
        await self._connected(more_than=_NONE)
        for agent in self._agents:
            await self._call_of(agent).path()
            agent.phone.connected()
        await asyncio.sleep(self._plan.seconds)
        self._media()
        caller.phone.is_holding = True
        await caller.reoffer()
        self._step("holds", caller)
        await asyncio.sleep(SETTLE)
        before = self._received()
        await asyncio.sleep(HOLD)
        if self._received() != before:
            self._problem("media was heard on hold")
        caller.phone.is_holding = False
        await caller.reoffer()
        self._step("resumes", caller)
        await asyncio.sleep(self._plan.seconds / 3)
        self._media()
        selected = dict(self._paths)
        self._call_of(caller).restart()
        self._step("restarts ICE", caller)
        await self._connected(more_than=selected)
        await asyncio.sleep(self._plan.seconds / 3)
        for agent in self._agents:
            agent.phone.voice.talk(None)
        await asyncio.sleep(SETTLE)
        self._media()
        await caller.hang_up()
        self._step("hangs up", caller)

    async def _connected(self, *, more_than: dict[tuple[str, int], int]) -> None:
        """Wait until both sides have selected pairs for these components, once more."""
        async with asyncio.timeout(PATIENCE):
            while any(self._paths[one] <= count for one, count in more_than.items()):
                self._changed.clear()
                await self._changed.wait()

    async def _watch(self, agent: UserAgent, call: IceCall) -> None:
        name = agent.phone.name
        async for event in call.events():
            now = self._loop.time()
            if isinstance(event, DescriptionReady) and event.direction is Direction.TO_PEER:
                what = event.kind.value
                before = agent.phone.described.encode()
                self._described(Described(now, name, what, before, event.sdp))
            elif isinstance(event, PathSelected):
                key = name, event.component
                self._paths[key] = self._paths.get(key, 0) + 1
                self.record.note(now, f"{name} selects a pair")
                self._tell(now, f"{name} selects {_pair(event)}")
                self._changed.set()

    def _call_of(self, agent: UserAgent) -> IceCall:
        if not agent.plugin.calls:
            raise RuntimeError(f"{agent.phone.name} has no call with ICE")
        return agent.plugin.calls[0]

    def _received(self) -> int:
        return sum(agent.phone.voice.receiver.received for agent in self._agents)

    def _step(self, what: str, agent: UserAgent) -> None:
        now = self._loop.time()
        self.record.note(now, f"{agent.phone.name} {what}")
        self._tell(now, f"{agent.phone.name} {what}")

    def _described(self, described: Described) -> None:
        """Show the first two in full: what the stack wrote, and what ICE made of it."""
        self.record.described.append(described)
        if len(self.record.described) > 2:
            return
        self._tell(described.at, f"{described.who}'s {described.what}, and what ICE changes in it:")
        for change in line_changes(described.before, described.after):
            self._say(f"             {change.sign} {change.text}")

    def _media(self) -> None:
        """How much has been heard so far."""
        now = self._loop.time()
        for number, agent in enumerate(self._agents):
            receiver, other = agent.phone.voice.receiver, self._agents[1 - number].phone.voice
            self._tell(
                now,
                f"{agent.phone.name} has heard {receiver.received} of {other.sent} packets, "
                f"jitter {1000 * receiver.jitter:.1f} ms",
            )

    def _tell(self, at: float, text: str) -> None:
        self._say(f"{at - self.record.began_at:9.3f} s  {text}")

    def _problem(self, text: str) -> None:
        self.record.problems.append(text)

    def _judge(self) -> None:
        for number, side in enumerate(self.record.sides):
            voice, other = (self._agents[n].phone.voice for n in (number, 1 - number))
            heard, receiver = side.heard, voice.receiver
            heard.sent, heard.received = other.sent, receiver.received
            heard.lost = other.sent - receiver.received
            heard.jitter, heard.times = receiver.jitter, voice.times
            heard.expected_tone, heard.tone = other.hertz, voice.heard_tone()
            if not heard.received:
                self._problem(f"{side.name} heard nothing")
            elif heard.lost:
                self._problem(f"{side.name} missed {heard.lost} of {heard.sent} packets")
            elif heard.tone != heard.expected_tone:
                self._problem(f"{side.name} did not hear the tone of {other.hertz:.0f} Hz")


def _pair(event: PathSelected) -> str:
    ours, theirs = (
        f"{candidate.type.name.lower().replace('_', '-')} {candidate.address}"
        for candidate in (event.local, event.remote)
    )
    part = "media" if event.component == 1 else "RTCP"
    return f"{ours} -> {theirs} for {part}"


async def play(plan: Plan, say: Say) -> CallRecord:
    """Play a call on the running loop."""
    return await Play(plan, say).run()
