"""Whole sessions, consent and memory, ours against aioice's: CPU time, paired in one run.

    python -m benchmarks.bench_agent

Both engines use real UDP sockets on the loopback interface: every datagram goes through the kernel
and every deadline is kept. aioice runs on asyncio, which it is made for; ours has a shell of its
own, one epoll and one heap (benchmarks/shell.py). A session is both its ends: sockets, description,
checks, nomination, close. In the first row 100 of them begin at once, with the pacer's floor off (5
ms between the transactions of one process limit how many may begin in a second, not what they
cost); in the second one begins every 15 ms, as calls do, and the processor's caches are cold each
time. So they are for consent, the CPU time of connected agents that do nothing else. "bare" are
ends that exchange as many packets in the same way and know nothing: no agent can cost less in
Python. Memory is the growth of the heap (tracemalloc) per connected agent, without what the socket
and the shell need. 10,000 agents are the ends of 10,000 sessions in one process, each with its own
socket; their peers live in a second process. Both processes need a third of a core.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from random import Random
from select import EPOLLIN, epoll
from socket import AF_INET, SOCK_DGRAM, SOCK_NONBLOCK, socket

from benchmarks.paired import summary
from benchmarks.shell import HOST, End, Shell, allow_sockets, from_line, to_line
from benchmarks.table import Row, main
from sipice.ice import Agent, Description, Pacer, Role
from sipice.ice.pacer import FLOOR
from sipice.net import Address, Base, Command, SendDatagram
from tests.loopback import CONFIG, Theirs

ROUNDS = 9
SESSIONS = 100
IDLE_AGENTS = 1000
IDLE_SECONDS = 10.0
SETTLING = 5.0
"""Seconds until the first consent checks are over and unused candidates are freed."""
PATIENCE = 300.0
MANY = 10_000
TOGETHER = 100
"""So many of them exchange descriptions at a time."""
REQUEST, RESPONSE = bytes(92), bytes(64)
"""As long as a check and its answer."""


def our_sessions(shell: Shell, count: int, floor: float = 0.0, pause: float = 0.0) -> list[End]:
    """Both ends of so many sessions, connected."""
    pacer, ends = Pacer(floor), []
    for _ in range(count):
        one, two = (End(shell, role, CONFIG, pacer) for role in Role)
        ours, theirs = one.description(), two.description()
        one.connect(theirs)
        two.connect(ours)
        ends += [one, two]
        if pause:
            shell.run(lambda: False, pause)
    if not shell.run(lambda: not shell.pending, PATIENCE) or not all(end.outcome for end in ends):
        sys.exit("bench: a session of ours failed")
    return ends


async def their_session() -> tuple[Theirs, Theirs]:
    """The same with aioice."""
    one, two = Theirs(ice_controlling=True), Theirs(ice_controlling=False)
    await asyncio.gather(one.gather_candidates(), two.gather_candidates())
    for end, peer in ((one, two), (two, one)):
        end.remote_username, end.remote_password = peer.local_username, peer.local_password
        for candidate in (*peer.local_candidates, None):
            await end.add_remote_candidate(candidate)
    await asyncio.gather(one.connect(), two.connect())
    return one, two


async def their_sessions(count: int, pause: float = 0.0) -> list[tuple[Theirs, Theirs]]:
    """So many of them."""
    begun = []
    for _ in range(count):
        begun.append(asyncio.ensure_future(their_session()))
        if pause:
            await asyncio.sleep(pause)
    return await asyncio.gather(*begun)


def sessions(floor: float, pause: float) -> dict[str, list[float]]:
    """CPU seconds per session, round by round."""
    times: dict[str, list[float]] = {"ours": [], "aioice": [], "bare": []}
    for _ in range(ROUNDS):
        gc.collect()
        start = time.process_time()
        shell = Shell()
        for end in our_sessions(shell, SESSIONS, floor, pause):
            end.close()
        shell.close()
        times["ours"].append((time.process_time() - start) / SESSIONS)
        gc.collect()
        start = time.process_time()
        asyncio.run(_their_sessions(pause))
        times["aioice"].append((time.process_time() - start) / SESSIONS)
        with epoll() as waiting:
            start = time.process_time()
            for _ in range(SESSIONS):
                bare_session(waiting)
            times["bare"].append((time.process_time() - start) / SESSIONS)
    return times


async def _their_sessions(pause: float) -> None:
    for one, two in await their_sessions(SESSIONS, pause):
        await asyncio.gather(one.close(), two.close())


def bare_session(waiting: epoll) -> None:
    """The system calls of a session, and nothing else: two sockets, three transactions."""
    ends = [socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK) for _ in range(2)]
    for end in ends:
        end.bind((HOST, 0))
        waiting.register(end, EPOLLIN)
    one, two = (end.getsockname() for end in ends)
    for _ in range(3):
        for sender, to, receiver in ((ends[0], two, ends[1]), (ends[1], one, ends[0])):
            sender.sendto(REQUEST, to)
            waiting.poll(0)
            receiver.recvfrom(2048)
    for end in ends:
        end.close()


def idle() -> dict[str, list[float]]:
    """CPU seconds that one connected agent needs per second for consent."""
    times: dict[str, list[float]] = {"ours": [], "aioice": [], "bare": []}
    for _ in range(3):
        shell = Shell()
        ends = our_sessions(shell, IDLE_AGENTS // 2)
        shell.run(lambda: False, SETTLING)
        gc.collect()
        start = time.process_time()
        shell.run(lambda: False, IDLE_SECONDS)
        times["ours"].append((time.process_time() - start) / IDLE_SECONDS / IDLE_AGENTS)
        for end in ends:
            end.close()
        shell.close()
        times["aioice"].append(asyncio.run(_their_idle()))
        times["bare"].append(_bare_idle())
    return times


class Bare:
    """An end that asks every 5 s and is answered, in packets of the usual size without meaning."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK)
        self._socket.bind((HOST, 0))
        self.address = self._socket.getsockname()
        self.peer = self.address
        shell.add(self, self._socket.fileno())

    def due(self, when: float) -> None:
        self._socket.sendto(REQUEST, self.peer)
        self._shell.arm(self, when + 5.0)

    def readable(self) -> None:
        data, source = self._socket.recvfrom(2048)
        if data == REQUEST:
            self._socket.sendto(RESPONSE, source)

    def close(self) -> None:
        self._shell.remove(self._socket.fileno())
        self._socket.close()


def _bare_idle() -> float:
    shell = Shell()
    ends = [Bare(shell) for _ in range(IDLE_AGENTS)]
    for number, (one, two) in enumerate(zip(ends[::2], ends[1::2], strict=True)):
        one.peer, two.peer = two.address, one.address
        for end in (one, two):
            shell.arm(end, time.monotonic() + 5.0 * number / len(ends))
    shell.run(lambda: False, SETTLING)
    gc.collect()
    start = time.process_time()
    shell.run(lambda: False, IDLE_SECONDS)
    taken = time.process_time() - start
    for end in ends:
        end.close()
    shell.close()
    return taken / IDLE_SECONDS / IDLE_AGENTS


async def _their_idle() -> float:
    theirs = await their_sessions(IDLE_AGENTS // 2)
    await asyncio.sleep(SETTLING)
    gc.collect()
    start = time.process_time()
    await asyncio.sleep(IDLE_SECONDS)
    taken = time.process_time() - start
    for one, two in theirs:
        await asyncio.gather(one.close(), two.close())
    return taken / IDLE_SECONDS / IDLE_AGENTS


def in_memory(count: int) -> float:
    """CPU seconds of one session without sockets and loop."""
    rng = Random(1)
    start = time.process_time()
    for _ in range(count):
        memory_session(rng)
    return (time.process_time() - start) / count


def memory_session(rng: Random) -> list[Agent]:
    """Both ends of a session, connected by handing their datagrams over."""
    ends: list[tuple[Agent, Base]] = []
    pacer = Pacer(0.0)
    for number, role in enumerate(Role):
        agent = Agent(CONFIG, role=role, rng=rng, pacer=pacer)
        agent.add_stream()
        address = Address(bytes((127, 0, 0, 1)), 1024 + number)
        ends.append((agent, agent.add_local_address(0.0, 0, 1, address)))
    descriptions = [_shown(agent) for agent, _ in ends]
    for (agent, _), remote in zip(ends, reversed(descriptions), strict=True):
        agent.set_remote_description(0.0, 0, remote)
    now = 0.0
    while True:
        while _deliver(ends, now):
            pass
        if now > 5.0:
            break
        now = min(at for agent, _ in ends if (at := agent.next_timeout()) is not None)
        for agent, _ in ends:
            if agent.next_timeout() == now:
                agent.handle_timeout(now)
    return [agent for agent, _ in ends]


def _shown(agent: Agent) -> Description:
    own = agent.local_description(0)
    return Description(own.credentials, tuple(c._replace(base=None) for c in own.candidates))


def _deliver(ends: list[tuple[Agent, Base]], now: float) -> bool:
    moved = False
    for (agent, base), (peer, peer_base) in zip(ends, reversed(ends), strict=True):
        commands: list[Command] = agent.take_commands()
        agent.take_events()
        for command in commands:
            if isinstance(command, SendDatagram):
                peer.receive_datagram(now, command.data, peer_base, base.address)
                moved = True
    return moved


def calibration() -> float:
    """CPU seconds of a fixed piece of plain Python, to compare machines by."""
    start = time.process_time()
    table: dict[int, int] = {}
    for number in range(100_000):
        table[number & 1023] = table.get(number & 1023, 0) + number
    return time.process_time() - start


def heap_per_agent(count: int = 500) -> float:
    """Bytes of heap per connected agent, after unused candidates were freed."""
    rng = Random(1)
    kept = [memory_session(rng)]  # what is made once belongs to nobody
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept += [memory_session(rng) for _ in range(count)]
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return grown / (2 * count)


_PEERS = """
import sys
from benchmarks.bench_agent import far_side
far_side(int(sys.argv[1]))
"""


class Orders:
    """The second process: for each description that comes one of an end of its own goes out."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._pacer = Pacer(0.0)
        self._unread = b""
        self.ends: list[End] = []
        self.ended = False
        shell.add(self, sys.stdin.fileno())

    def readable(self) -> None:
        data = os.read(sys.stdin.fileno(), 65_536)
        self.ended = not data
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            end = End(self._shell, Role.CONTROLLED, CONFIG, self._pacer, "127.0.0.2")
            self.ends.append(end)
            print(to_line(end.description()))
            end.connect(from_line(line.decode()))
        sys.stdout.flush()


def far_side(count: int) -> None:
    """Live until told to stop."""
    allow_sockets(count)
    shell = Shell()
    orders = Orders(shell)
    shell.run(lambda: orders.ended, 3600.0)
    for end in orders.ends:
        end.close()


def many(count: int) -> tuple[int, float, float, float]:
    """Agents still connected of ``count``, their CPU ms and RSS KiB each, the consent of all."""
    allow_sockets(count)
    shell, pacer, ends = Shell(), Pacer(0.0), list[End]()
    command = [sys.executable, "-c", _PEERS, str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as far:
        assert far.stdin is not None
        assert far.stdout is not None
        before, start = _rss(), time.process_time()
        for _ in range(count // TOGETHER):
            new = [End(shell, Role.CONTROLLING, CONFIG, pacer) for _ in range(TOGETHER)]
            lines = [to_line(end.description()) for end in new]
            print(*lines, sep="\n", file=far.stdin, flush=True)
            for end in new:
                end.connect(from_line(far.stdout.readline()))
            ends += new
            shell.run(lambda: False, 0.0)
        shell.run(lambda: not shell.pending, PATIENCE)
        used, memory = time.process_time() - start, _rss() - before
        shell.run(lambda: False, SETTLING)
        start = time.process_time()
        shell.run(lambda: False, IDLE_SECONDS)
        waiting = (time.process_time() - start) / IDLE_SECONDS
        connected = sum(end.outcome is True for end in ends)
        far.stdin.close()
    for end in ends:
        end.close()
    shell.close()
    return connected, 1e3 * used / count, memory / count, waiting


def _rss() -> float:
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return float(line.split()[1])


def rows() -> Iterator[Row]:
    """Sessions, consent, memory, ten thousand."""
    for how, floor, pause, goal in (
        ("100 at once", 0.0, 0.0, 3.5),
        ("one every 15 ms", FLOOR, 0.015, None),
    ):
        measured = summary(sessions(floor, pause))
        us = measured.microseconds
        yield Row(
            f"agent: session over sockets, both ends, {how}",
            f"{us['ours']:.0f} us",
            f"aioice {us['aioice']:.0f} us" + ("" if pause else f", bare {us['bare']:.0f} us"),
            measured.ratios["aioice"],
            goal,
        )
    measured = summary(idle())
    us = measured.microseconds
    yield Row(
        "agent: consent, per agent and second",
        f"{us['ours']:.1f} us",
        f"aioice {us['aioice']:.1f} us, bare {us['bare']:.1f} us",
        measured.ratios["aioice"],
        10.0,
    )
    memory_session(Random(1))
    taken, unit = in_memory(200), min(calibration() for _ in range(5))
    yield Row(
        "agent: session in memory, both ends",
        f"{1e6 * taken:.0f} us",
        f"calibration loop {1e3 * unit:.1f} ms = {unit / taken:.0f} sessions",
    )
    heap = heap_per_agent()
    yield Row(
        "agent: heap per connected agent", f"{heap / 1024:.1f} KiB", "6 KiB", 6144 / heap, 1.0
    )
    connected, cpu, memory, waiting = many(MANY)
    yield Row(
        f"agent: {connected} of {MANY} connected in one process",
        f"{cpu:.2f} ms CPU, {memory:.1f} KiB RSS each",
        f"consent of all: {100 * waiting:.0f} % of one core",
        connected / MANY,
        1.0,
    )


if __name__ == "__main__":
    main(rows)
