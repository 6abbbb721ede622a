"""Whole sessions, consent and memory, ours against aioice's: CPU time, paired in one run.

    python -m benchmarks.bench_agent

Both engines use real UDP sockets on the loopback interface and one asyncio loop; a session is both
its ends: sockets, description, checks, nomination, close. The pacer's floor of 5 ms between the
transactions of one process limits how many sessions a second may start, not what they cost; the
floor is off for the first row and on for the second. Consent is the CPU time of connected agents
that do nothing else. Memory is the growth of the heap (tracemalloc) per connected agent, without
what the socket and the loop need. 10,000 agents are the ends of 10,000 sessions in one process,
each with its own socket; their peers live in a second process.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from random import Random

from benchmarks.paired import summary
from benchmarks.table import Row, main
from sipice.ice import Agent, Pacer, Role
from sipice.ice.description import Description
from sipice.net import Address, Base, Command, SendDatagram
from tests.loopback import CONFIG, Endpoint, Theirs, tell_them, their_description

ROUNDS = 7
SESSIONS = 100
IDLE_AGENTS = 200
IDLE_SECONDS = 10.0
MANY = 10_000


async def our_session(pacer: Pacer) -> tuple[Endpoint, Endpoint]:
    """Both ends of one session, connected."""
    one, two = Endpoint(Role.CONTROLLING, CONFIG, pacer), Endpoint(Role.CONTROLLED, CONFIG, pacer)
    for end in (one, two):
        end.keep_events = False
        end.open()
    one.connect(two.description())
    two.connect(one.description())
    if not (await one.done and await two.done):
        sys.exit("bench: a session of ours failed")
    return one, two


async def their_session() -> tuple[Theirs, Theirs]:
    """The same with aioice."""
    one, two = Theirs(ice_controlling=True), Theirs(ice_controlling=False)
    await asyncio.gather(one.gather_candidates(), two.gather_candidates())
    await tell_them(one, their_description(two))
    await tell_them(two, their_description(one))
    await asyncio.gather(one.connect(), two.connect())
    return one, two


async def sessions(floor: float) -> dict[str, list[float]]:
    """CPU seconds per session, round by round."""
    times: dict[str, list[float]] = {"ours": [], "aioice": []}
    for _ in range(ROUNDS):
        gc.collect()
        pacer = Pacer(floor)
        start = time.process_time()
        ours = await asyncio.gather(*(our_session(pacer) for _ in range(SESSIONS)))
        for pair in ours:
            for end in pair:
                end.close()
        times["ours"].append((time.process_time() - start) / SESSIONS)
        gc.collect()
        start = time.process_time()
        theirs = await asyncio.gather(*(their_session() for _ in range(SESSIONS)))
        for one, two in theirs:
            await asyncio.gather(one.close(), two.close())
        times["aioice"].append((time.process_time() - start) / SESSIONS)
    return times


async def idle() -> dict[str, list[float]]:
    """CPU seconds that one connected agent needs per second for consent."""
    times: dict[str, list[float]] = {"ours": [], "aioice": []}
    pacer = Pacer(0.0)
    for _ in range(3):
        ours = await asyncio.gather(*(our_session(pacer) for _ in range(IDLE_AGENTS // 2)))
        times["ours"].append(await _idle_cpu())
        for pair in ours:
            for end in pair:
                end.close()
        theirs = await asyncio.gather(*(their_session() for _ in range(IDLE_AGENTS // 2)))
        times["aioice"].append(await _idle_cpu())
        for one, two in theirs:
            await asyncio.gather(one.close(), two.close())
    return times


async def _idle_cpu() -> float:
    await asyncio.sleep(5.0)  # past the first checks and the freeing of candidates
    gc.collect()
    start = time.process_time()
    await asyncio.sleep(IDLE_SECONDS)
    return (time.process_time() - start) / IDLE_SECONDS / IDLE_AGENTS


def in_memory(count: int) -> float:
    """CPU seconds of one session without sockets and loop."""
    start = time.process_time()
    for seed in range(count):
        memory_session(seed)
    return (time.process_time() - start) / count


def memory_session(seed: int) -> list[Agent]:
    """Both ends of a session, connected by handing their datagrams over."""
    ends: list[tuple[Agent, Base]] = []
    pacer = Pacer(0.0)
    for number, role in enumerate(Role):
        agent = Agent(CONFIG, role=role, rng=Random(seed), pacer=pacer)
        agent.add_stream()
        address = Address(bytes((127, 0, 0, 1)), 1024 + number)
        ends.append((agent, agent.add_local_address(0.0, 0, 1, address)))
    descriptions = [_shown(agent) for agent, _ in ends]
    for (agent, _), remote in zip(ends, reversed(descriptions), strict=True):
        agent.set_remote_description(0.0, 0, remote)
    now = 0.0
    while now < 5.0:
        while _deliver(ends, now):
            pass
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
    kept = [memory_session(0)]  # what is made once belongs to nobody
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept += [memory_session(seed) for seed in range(1, count + 1)]
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return grown / (2 * count)


_PEERS = """
import asyncio, json, sys
from benchmarks.bench_agent import far_side
asyncio.run(far_side(int(sys.argv[1])))
"""


async def far_side(count: int) -> None:
    """The second process: takes one description a line, answers one, until told to stop."""
    _allow_sockets(count)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    pacer, ends = Pacer(0.0), []
    while line := (await reader.readline()).strip():
        end = Endpoint(Role.CONTROLLED, CONFIG, pacer)
        end.keep_events = False
        end.open(host="127.0.0.2")
        ends.append(end)
        print(_line(end.description()), flush=True)
        end.connect(_description(line.decode()))
        await asyncio.sleep(0)
    for end in ends:
        end.close()


def _line(description: Description) -> str:
    candidate = description.candidates[0]
    credentials = description.credentials
    address = candidate.address
    return f"{credentials.ufrag} {credentials.pwd} {address.host} {address.port}"


def _description(line: str) -> Description:
    from sipice.ice import Candidate, CandidateType, Credentials

    ufrag, pwd, host, port = line.split()
    address = Address.parse(host, int(port))
    candidate = Candidate(1, CandidateType.HOST, address, 2130706431, "1")
    return Description(Credentials(ufrag, pwd), (candidate,))


def _allow_sockets(count: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 100:
        sys.exit(f"bench: {count} sockets are needed, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def many(count: int) -> tuple[float, float, float]:
    """Connect ``count`` agents of this process: CPU ms per agent, RSS KiB per agent, idle CPU."""
    _allow_sockets(count)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PEERS,
        str(count),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    pacer, ends = Pacer(0.0), []
    before, start = _rss(), time.process_time()
    for _ in range(count):
        end = Endpoint(Role.CONTROLLING, CONFIG, pacer)
        end.keep_events = False
        end.open()
        process.stdin.write(f"{_line(end.description())}\n".encode())
        end.connect(_description((await process.stdout.readline()).decode()))
        ends.append(end)
    results = await asyncio.gather(*(end.done for end in ends))
    if not all(results):
        sys.exit(f"bench: {results.count(False)} of {count} agents failed")
    used, memory = time.process_time() - start, _rss() - before
    await asyncio.sleep(5.0)
    start = time.process_time()
    await asyncio.sleep(IDLE_SECONDS)
    waiting = (time.process_time() - start) / IDLE_SECONDS
    process.stdin.close()
    for end in ends:
        end.close()
    await process.wait()
    return 1e3 * used / count, memory / count, waiting


def _rss() -> float:
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return float(line.split()[1])


def rows() -> Iterator[Row]:
    """Sessions, consent, memory, ten thousand."""
    for floor, goal in ((0.0, 3.5), (0.005, None)):
        measured = summary(asyncio.run(sessions(floor)))
        yield Row(
            f"agent: session over sockets, both ends, floor {1000 * floor:g} ms",
            f"{measured.microseconds['ours']:.0f} us",
            f"aioice {measured.microseconds['aioice']:.0f} us",
            measured.ratios["aioice"],
            goal,
        )
    measured = summary(asyncio.run(idle()))
    yield Row(
        "agent: consent, per agent and second",
        f"{measured.microseconds['ours']:.1f} us",
        f"aioice {measured.microseconds['aioice']:.1f} us",
        measured.ratios["aioice"],
        10.0,
    )
    memory_session(0)
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
    cpu, memory, waiting = asyncio.run(many(MANY))
    yield Row(
        f"agent: {MANY} connected in one process",
        f"{cpu:.2f} ms CPU, {memory:.1f} KiB RSS each",
        f"consent of all: {100 * waiting:.0f} % of one core",
    )


if __name__ == "__main__":
    main(rows)
