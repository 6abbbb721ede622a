"""aioice in the driver protocol: a bare agent that tells and takes candidates."""

from __future__ import annotations

import asyncio
import ssl
from argparse import Namespace
from typing import Any

import aioice

from tests.interop.drv_sipice import Talk, commands, emit, options


async def main() -> None:
    asked = options()
    peer = connection(asked)
    await gather(peer, asked.address)
    candidates = [candidate.to_sdp() for candidate in peer.local_candidates]
    ice = {"ufrag": peer.local_username, "pwd": peer.local_password, "candidates": candidates}
    emit("local", kind="ice", ice=ice)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(connect(peer, command["ice"], asked.media))
            async for command in commands()
            if command["cmd"] == "remote"
        ]
        for task in running:
            task.cancel()
    await peer.close()
    emit("closed")


def connection(asked: Namespace) -> aioice.Connection:
    """A connection with the servers and policy that were asked for."""
    servers: dict[str, Any] = {}
    if asked.stun:
        servers["stun_server"] = host_port(asked.stun)
    if asked.turn:
        kind, _, place = asked.turn.partition(":")
        servers |= {
            "turn_server": host_port(place),
            "turn_username": asked.user,
            "turn_password": asked.password,
            "turn_transport": "udp" if kind == "udp" else "tcp",
            "turn_ssl": unverified() if kind == "tls" else False,
        }
    policy = aioice.TransportPolicy.RELAY if asked.policy == "relay" else None
    return aioice.Connection(
        ice_controlling=asked.role == "offer",
        components=asked.components,
        use_ipv4="4" in asked.family,
        use_ipv6="6" in asked.family,
        transport_policy=policy or aioice.TransportPolicy.ALL,
        **servers,
    )


def host_port(text: str) -> tuple[str, int]:
    """Of "192.0.2.1:3478" and "[2001:db8::1]:3478"."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def unverified() -> ssl.SSLContext:
    """aioice has no way to name the laboratory's own certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def gather(peer: aioice.Connection, address: str) -> None:
    """As aioice does it, or on one address: it leaves out the loopback interface itself."""
    if not address:
        await peer.gather_candidates()
        return
    peer._local_candidates_start = True
    for component in peer._components:
        peer._local_candidates += await peer.get_component_candidates(component, [address])
    peer._local_candidates_end = True


async def connect(peer: aioice.Connection, ice: dict[str, Any], media: str) -> None:
    """Everything after the other side is known."""
    peer.remote_username, peer.remote_password = ice["ufrag"], ice["pwd"]
    emit("known")
    for text in ice["candidates"]:
        await peer.add_remote_candidate(aioice.Candidate.from_sdp(text))
    await peer.add_remote_candidate(None)
    try:
        await peer.connect()
    except ConnectionError as error:
        emit("failed", error=str(error))
        return
    pair = peer._nominated[1]
    emit("nominated", local=pair.local_candidate.to_sdp(), remote=pair.remote_candidate.to_sdp())
    await converse(peer, media)


async def converse(peer: aioice.Connection, media: str) -> None:
    """Data in both directions until consent or the session ends."""
    outgoing: asyncio.Queue[bytes] = asyncio.Queue()
    talk = Talk(outgoing.put_nowait, media)

    async def send() -> None:
        while True:
            await peer.sendto(await outgoing.get(), 1)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(talk.ask())
            tasks.create_task(send())
            while True:
                talk.hear((await peer.recvfrom())[0])
    except* ConnectionError as lost:
        emit("lost", error=str(lost.exceptions[0]))


if __name__ == "__main__":
    asyncio.run(main())
