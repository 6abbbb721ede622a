"""baresip in the driver protocol: a SIP user agent that a minimal one on the same host talks to."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import wave
from argparse import Namespace
from pathlib import Path

from tests.interop.drv_rtpengine import own_address
from tests.interop.drv_sipice import commands, emit, options
from tests.interop.minisip import Line, SipError

ITS_PORT, OUR_PORT = 5060, 5070
SECONDS = 60
_MODULES = ("g711", "aufile", "stdio", "stun", "turn", "ice")
_SAYS = (
    (re.compile(r"mnat 'ice' connected|connectivity check is complete"), "nominated"),
    (re.compile(r"incoming rtp for 'audio' established", re.IGNORECASE), "data"),
    (re.compile(r"mnat .*failed|ice: .*failed"), "failed"),
)
"""What its log says where the protocol wants an event."""


async def main() -> None:
    asked, address = options(), own_address()
    loop = asyncio.get_running_loop()
    _, line = await loop.create_datagram_endpoint(
        lambda: Line(address, OUR_PORT, (address, ITS_PORT)), local_addr=(address, OUR_PORT)
    )
    with tempfile.TemporaryDirectory(prefix="sipice-baresip-") as folder:
        process = await start(asked, address, Path(folder))
        async with asyncio.TaskGroup() as tasks:
            ready = loop.create_future()
            running = [tasks.create_task(watch(process, ready))]
            await ready
            if asked.role == "offer":
                running.append(tasks.create_task(tell_offer(line)))
            async for command in commands():
                if command["cmd"] == "remote":
                    emit("known")
                    if command["type"] == "answer":
                        line.accept(command["sdp"])
                    else:
                        running.append(tasks.create_task(tell_answer(line, command["sdp"])))
            line.bye()
            await end(process)
            for task in running:
                task.cancel()
    emit("closed")


async def tell_offer(line: Line) -> None:
    emit("local", kind="sdp", type="offer", sdp=await line.offered)


async def tell_answer(line: Line, offer: str) -> None:
    try:
        emit("local", kind="sdp", type="answer", sdp=await line.invite(offer))
    except SipError as error:
        emit("failed", error=str(error))


async def start(asked: Namespace, address: str, folder: Path) -> asyncio.subprocess.Process:
    write_tone(folder / "tone.wav")
    (folder / "config").write_text(configuration(address, folder))
    (folder / "accounts").write_text(account(asked, address))
    (folder / "contacts").write_text("")
    dial = ["-e", f"/dial sip:lab@{address}:{OUR_PORT}"] if asked.role == "offer" else []
    return await asyncio.create_subprocess_exec(
        *("baresip", "-v", "-f", str(folder), *dial),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"HOME": str(folder)},
    )


async def end(process: asyncio.subprocess.Process) -> None:
    """It takes leave of its peers first, and must not hold its port against the next one."""
    process.terminate()
    try:
        async with asyncio.timeout(2):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def configuration(address: str, folder: Path) -> str:
    """It plays a file: its own tone, from ausine, is silent at 8 kHz."""
    lines = [
        f"sip_listen {address}:{ITS_PORT}",
        f"audio_source aufile,{folder / 'tone.wav'}",
        f"audio_player aufile,{folder / 'heard.wav'}",
        "rtp_ports 20000-29000",
        "rtcp_mux yes",
        "module_path /usr/lib/baresip/modules",
        *(f"module {name}.so" for name in _MODULES),
        "module_tmp account.so",
        "module_app menu.so",
        "call_local_timeout 120",
        "ice_debug yes",
    ]
    return "\n".join([*lines, ""])


def write_tone(target: Path) -> None:
    """Longer than any session here: at the end of the file it hangs up."""
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((b"\0\0" * 10 + b"\0\x20" * 10) * 400 * SECONDS)


def account(asked: Namespace, address: str) -> str:
    """ICE is a property of the account; one port for RTP and RTCP."""
    server = ""
    if asked.turn:
        place = asked.turn.partition(":")[2]
        server = f';stunserver="turn:{place}";stunuser={asked.user};stunpass={asked.password}'
    elif asked.stun:
        server = f';stunserver="stun:{asked.stun}"'
    return (
        f"<sip:peer@{address}:{ITS_PORT}>;regint=0;medianat=ice;answermode=auto"
        f";audio_codecs=PCMU/8000/1{server}\n"
    )


async def watch(process: asyncio.subprocess.Process, ready: asyncio.Future[None]) -> None:
    """Its log, line by line."""
    assert process.stdout is not None
    said: set[str] = set()
    text = "it said nothing"
    while line := await process.stdout.readline():
        text = line.decode(errors="replace")
        if "baresip is ready" in text and not ready.done():
            ready.set_result(None)
        for pattern, event in _SAYS:
            if pattern.search(text) and event not in said:
                said.add(event)
                emit(event, line=text.strip())
    if not ready.done():
        ready.set_exception(RuntimeError(f"baresip did not start: {text.strip()}"))


if __name__ == "__main__":
    asyncio.run(main())
