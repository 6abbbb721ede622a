"""Whole sessions of the façade over loopback sockets, ours against aioice's, paired in one run.

    python -m benchmarks.bench_session

A session is both its ends, each with a socket of its own: opened, described, checked, nominated,
one packet of media each way, closed. The pacer's floor of 5 ms between the transactions of a
process limits how many sessions may start in a second, not what they cost: it is on where the row
says so. Memory is the growth of RSS per connected end, idle the CPU time of connected ends that do
nothing but consent, each engine in a process of its own. The many ends of one process have their
peers in a second one. Gathering is what one end spends on it, with no server and with a STUN server
on this machine. A packet of media is sent by one end and received by the other.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

from benchmarks.paired import summary
from benchmarks.shell import allow_sockets, from_line, to_line
from benchmarks.table import Row, main
from sipice.aio.port import SharedPort
from sipice.aio.session import Session, open_session
from sipice.aio.udp import UdpEndpoint
from sipice.ice import (
    AgentConfig,
    IceServer,
    Pacer,
    Role,
    ServerKind,
)
from sipice.net import Address
from sipice.stun import Class, Message, Method, decode, encode
from sipice.stun import attributes as a
from tests.loopback import CONFIG, HOST, Theirs, tell_them, their_description

ROUNDS = 5
SESSIONS = 100
KEPT = 500
IDLE_SECONDS = 10.0
MANY = 5_000
"""Ends of one process; consent of the first goes on while the last are connected."""
BATCH = 100
"""So many ends are told to the other process before its answers are read."""
PACKET = b"\x80 a packet of media".ljust(172)
PACKETS, BURST = 10_000, 20

Pair = tuple[Session, Session]


def open_end(role: Role, pacer: Pacer, **options: SharedPort) -> Session:
    """One end that is not entered yet; without a port it has a socket of its own."""
    addresses = None if options else [HOST]
    return open_session(role=role, config=CONFIG, addresses=addresses, pacer=pacer, **options)


async def connect(one: Session, two: Session) -> None:
    """Offer, answer, checks, nomination, media both ways."""
    await one.gather()
    await two.gather()
    await two.set_remote(one.description())
    await one.set_remote(two.description())
    await one.path()
    await two.path()
    one.send(PACKET)
    two.send(PACKET)
    await one.receive()
    await two.receive()


async def our_session(pacer: Pacer) -> None:
    async with open_end(Role.CONTROLLING, pacer) as one, open_end(Role.CONTROLLED, pacer) as two:
        await connect(one, two)


async def their_session(_: Pacer) -> None:
    """The same with aioice."""
    one, two = await their_ends()
    await one.send(PACKET)
    await two.send(PACKET)
    await one.recv()
    await two.recv()
    await one.close()
    await two.close()


async def their_ends() -> tuple[Theirs, Theirs]:
    one, two = Theirs(ice_controlling=True), Theirs(ice_controlling=False)
    await asyncio.gather(one.gather_candidates(), two.gather_candidates())
    await tell_them(one, their_description(two))
    await tell_them(two, their_description(one))
    await asyncio.gather(one.connect(), two.connect())
    return one, two


class Times:
    """CPU and wall time of one session, of both sides, round by round."""

    def __init__(self) -> None:
        self.cpu: dict[str, list[float]] = {"ours": [], "aioice": []}
        self.wall: dict[str, list[float]] = {"ours": [], "aioice": []}

    async def take(
        self, name: str, session: Callable[[Pacer], Awaitable[None]], floor: float
    ) -> None:
        gc.collect()
        pacer = Pacer(floor)
        wall, cpu = time.monotonic(), time.process_time()
        await asyncio.gather(*(session(pacer) for _ in range(SESSIONS)))
        self.cpu[name].append((time.process_time() - cpu) / SESSIONS)
        self.wall[name].append((time.monotonic() - wall) / SESSIONS)


async def sessions(floor: float) -> Times:
    times = Times()
    for _ in range(ROUNDS):
        await times.take("ours", our_session, floor)
        await times.take("aioice", their_session, floor)
    return times


def apart(name: str) -> tuple[float, float]:
    """``kept`` in a process of its own: what one engine has freed would serve the other."""
    code = (
        f"import asyncio; from benchmarks import bench_session as b; asyncio.run(b.kept({name!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    cpu, memory = map(float, done.stdout.split())
    return cpu, memory


async def kept(name: str) -> None:
    """Print CPU seconds per second and connected end, and KiB of RSS for each."""
    hold = {"ours": hold_ours, "aioice": hold_theirs}[name]
    gc.collect()
    before = rss()
    async with AsyncExitStack() as stack:
        await hold(stack)
        gc.collect()
        memory = (rss() - before) / (2 * KEPT)
        await asyncio.sleep(5.0)  # past the first checks and the freeing of candidates
        start = time.process_time()
        await asyncio.sleep(IDLE_SECONDS)
        print((time.process_time() - start) / IDLE_SECONDS / (2 * KEPT), memory)


async def hold_ours(stack: AsyncExitStack) -> None:
    pacer = Pacer(0.0)
    for _ in range(KEPT):
        one = await stack.enter_async_context(open_end(Role.CONTROLLING, pacer))
        two = await stack.enter_async_context(open_end(Role.CONTROLLED, pacer))
        await connect(one, two)


async def hold_theirs(stack: AsyncExitStack) -> None:
    for _ in range(KEPT):
        for end in await their_ends():
            stack.push_async_callback(end.close)


async def our_media() -> float:
    """CPU seconds of a packet that one end sends and the other receives."""
    pacer, arrived = Pacer(0.0), asyncio.Semaphore(0)
    one = open_session(role=Role.CONTROLLING, config=CONFIG, addresses=[HOST], pacer=pacer)
    two = open_session(
        role=Role.CONTROLLED,
        config=CONFIG,
        addresses=[HOST],
        pacer=pacer,
        on_media=lambda *_: arrived.release(),
    )
    async with one, two:
        await two.set_remote(one.description())
        await one.set_remote(two.description())
        await asyncio.gather(one.path(), two.path())
        start = time.process_time()
        for _ in range(PACKETS // BURST):
            for _ in range(BURST):
                one.send(PACKET)
            for _ in range(BURST):
                await arrived.acquire()
        return (time.process_time() - start) / PACKETS


async def their_media() -> float:
    one, two = await their_ends()
    start = time.process_time()
    for _ in range(PACKETS // BURST):
        for _ in range(BURST):
            await one.send(PACKET)
        for _ in range(BURST):
            await two.recv()
    used = (time.process_time() - start) / PACKETS
    await one.close()
    await two.close()
    return used


async def media() -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"ours": [], "aioice": []}
    for _ in range(ROUNDS):
        times["ours"].append(await our_media())
        times["aioice"].append(await their_media())
    return times


async def on_one_port() -> float:
    """CPU seconds of a session whose one end is on a shared port."""
    pacer = Pacer(0.0)

    async def session(port: SharedPort) -> None:
        async with (
            open_end(Role.CONTROLLING, pacer, port=port) as one,
            open_end(Role.CONTROLLED, pacer) as two,
        ):
            await connect(one, two)

    async with SharedPort(addresses=[HOST]) as port:
        start = time.process_time()
        await asyncio.gather(*(session(port) for _ in range(SESSIONS)))
        return (time.process_time() - start) / SESSIONS


async def gathering(servers: tuple[IceServer, ...]) -> float:
    """CPU seconds of opening a session, gathering, and closing it."""
    config = AgentConfig(allow_loopback=True, servers=servers)
    pacer = Pacer(0.0)
    start = time.process_time()
    for _ in range(SESSIONS):
        async with open_session(
            role=Role.CONTROLLING, config=config, addresses=[HOST], pacer=pacer
        ) as session:
            await session.gather()
            session.description()
    return (time.process_time() - start) / SESSIONS


async def gathering_with_server() -> float:
    server = UdpEndpoint.bind(Address.parse(HOST, 0))

    def answer(data: bytes, client: Address) -> None:
        request = decode(data)
        mapped = Address(client.ip, client.port ^ 1)  # as if behind a NAT
        attributes = (a.XOR_MAPPED_ADDRESS(mapped),)
        reply = Message(Method.BINDING, Class.SUCCESS, request.transaction_id, attributes)
        server.send(encode(reply), client)

    server.attach(answer, lambda *_: None)
    try:
        return await gathering((IceServer(ServerKind.STUN, server.address),))
    finally:
        server.release()


_PEERS = """
import asyncio, sys
from benchmarks.bench_session import far_side
asyncio.run(far_side(int(sys.argv[1])))
"""


async def far_side(count: int) -> None:
    """The second process: takes one description a line, answers one, until told to stop."""
    allow_sockets(count)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    pacer = Pacer(0.0)
    async with AsyncExitStack() as stack:
        while line := (await reader.readline()).strip():
            end = await stack.enter_async_context(open_end(Role.CONTROLLED, pacer))
            print(to_line(end.description()), flush=True)
            await end.set_remote(from_line(line.decode()))


async def many(count: int) -> tuple[float, float, float]:
    """Connect ``count`` ends of this process: CPU ms and RSS KiB of each, and their idle CPU."""
    allow_sockets(count)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PEERS, str(count), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    pacer = Pacer(0.0)
    async with AsyncExitStack() as stack:
        gc.collect()
        before, start = rss(), time.process_time()
        ends = []
        for _ in range(count // BATCH):
            batch = [open_end(Role.CONTROLLING, pacer) for _ in range(BATCH)]
            for end in batch:
                await stack.enter_async_context(end)
                process.stdin.write(f"{to_line(end.description())}\n".encode())
            for end in batch:
                await end.set_remote(from_line((await process.stdout.readline()).decode()))
            ends += batch
        await asyncio.gather(*(end.path() for end in ends))
        used, memory = time.process_time() - start, rss() - before
        await asyncio.sleep(5.0)
        start = time.process_time()
        await asyncio.sleep(IDLE_SECONDS)
        waiting = (time.process_time() - start) / IDLE_SECONDS
        process.stdin.close()
    await process.wait()
    return 1e3 * used / count, memory / count, waiting


def rss() -> float:
    """KiB."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return float(line.split()[1])


def rows() -> Iterator[Row]:
    """Sessions with and without the floor, memory, consent, one port, gathering, many."""
    for floor, goal in ((0.0, 3.5), (0.005, None)):
        times = asyncio.run(sessions(floor))
        cpu, wall = summary(times.cpu), summary(times.wall)
        yield Row(
            f"session: CPU of both ends, floor {1000 * floor:g} ms",
            f"{cpu.microseconds['ours']:.0f} us",
            f"aioice {cpu.microseconds['aioice']:.0f} us",
            cpu.ratios["aioice"],
            goal,
        )
        yield Row(
            f"session: sessions a second, {SESSIONS} at once, floor {1000 * floor:g} ms",
            f"{1e6 / wall.microseconds['ours']:.0f}",
            f"aioice {1e6 / wall.microseconds['aioice']:.0f}",
            wall.ratios["aioice"],
        )
    packet = summary(asyncio.run(media()))
    yield Row(
        "session: a packet of media, sent and received",
        f"{packet.microseconds['ours']:.1f} us",
        f"aioice {packet.microseconds['aioice']:.1f} us",
        packet.ratios["aioice"],
        2.0,
    )
    (cpu_ours, kib_ours), (cpu_theirs, kib_theirs) = apart("ours"), apart("aioice")
    yield Row(
        "session: RSS per connected end",
        f"{kib_ours:.1f} KiB",
        f"aioice {kib_theirs:.1f} KiB",
        kib_theirs / kib_ours,
    )
    yield Row(
        "session: consent, per end and second",
        f"{1e6 * cpu_ours:.1f} us",
        f"aioice {1e6 * cpu_theirs:.1f} us",
        cpu_theirs / cpu_ours,
    )
    for what, measured in (
        ("one end on a shared port", on_one_port()),
        ("opened, gathered, closed, no server", gathering(())),
        ("opened, gathered, closed, a STUN server", gathering_with_server()),
    ):
        yield Row(f"session: {what}", f"{1e6 * asyncio.run(measured):.0f} us")
    cpu_ms, kib, waiting = asyncio.run(many(MANY))
    yield Row(
        f"session: {MANY} connected ends in one process",
        f"{cpu_ms:.2f} ms CPU, {kib:.1f} KiB RSS each",
        f"consent of all: {100 * waiting:.0f} % of one core",
    )


if __name__ == "__main__":
    main(rows)
