"""What the two sides of ``sipice connect`` hand to each other: a trickle fragment (RFC 8840 §9)."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import sdp
from sipice.errors import UsageError
from sipice.ice import Credentials, Description
from sipice.session.mapping import to_ice, to_sdp

MID = "0"
END = "a=end-of-candidates"
"""The last line: what is pasted is complete with it."""
LOOK_AGAIN = 0.1
"""Seconds between two looks for a file of the other side."""


def to_text(description: Description) -> str:
    """The lines to hand over."""
    credentials = sdp.Credentials(description.credentials.ufrag, description.credentials.pwd)
    candidates = [to_sdp(one) for one in description.candidates]
    stream = sdp.FragmentStream(mid=MID, candidates=candidates, end_of_candidates=True)
    text = sdp.build_fragment([stream], credentials=credentials).to_bytes().decode()
    return text.replace("\r\n", "\n")


def from_text(text: str) -> Description:
    """What was handed over; raises UsageError when it is not that."""
    try:
        fragment = sdp.parse_fragment(text.encode())
    except (sdp.SdpError, UnicodeError) as error:
        raise UsageError(f"what the other side shows cannot be read: {error}") from None
    credentials = fragment.credentials(MID)
    if credentials is None:
        raise UsageError("a=ice-ufrag or a=ice-pwd is missing: paste all that the other side shows")
    told = [one for section in fragment.media for one in section.candidates]
    found = [to_ice(one) for one in told]
    return Description(
        Credentials(credentials.ufrag, credentials.pwd),
        tuple(one for one in found if one is not None),
    )


def give(text: str, file: Path) -> None:
    """Write it so that whoever waits for the file never sees a part of it."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(text, encoding="utf-8")
    part.rename(file)


async def take(file: Path | None) -> str:
    """Wait for the other side's lines, from a file or pasted.

    In a thread of its own that nobody waits for: reading from a terminal cannot be cancelled.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()

    def tell(text: str) -> None:
        if not done.done():
            done.set_result(text)

    def read() -> None:
        text = pasted(sys.stdin) if file is None else _appeared(file)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(tell, text)

    threading.Thread(target=read, daemon=True).start()
    return await done


def pasted(lines: Iterable[str]) -> str:
    """From the first line that is not empty to the one that says that no candidate follows."""
    found: list[str] = []
    for line in lines:
        if line.strip() or found:
            found.append(line.strip() + "\n")
        if line.strip() == END:
            break
    return "".join(found)


def _appeared(file: Path) -> str:
    while not file.exists():
        time.sleep(LOOK_AGAIN)  # nothing tells of a file that comes over a network
    return file.read_text(encoding="utf-8", errors="replace")
