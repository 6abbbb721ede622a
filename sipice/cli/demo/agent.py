"""A user agent of the demonstration: what is the same whichever stack it stands on."""

from __future__ import annotations

import socket
from typing import Protocol

import sdp
from sdp import effective
from sdp.attributes import Direction
from sipice.cli.demo.voice import Voice
from sipice.plugins.plugin import Plugin

HOST = "127.0.0.1"

_SDP = """\
v=0\r
o={name} {session} {version} IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio {port} RTP/AVP 0 8\r
a=rtpmap:0 PCMU/8000\r
a=rtpmap:8 PCMA/8000\r
a={direction}\r
"""


class Phone:
    """The media side of an agent: a voice, and the plain SDP that describes it."""

    def __init__(self, name: str, voice: Voice) -> None:
        self.name = name
        self.voice = voice
        self.port = 0
        self.is_holding = False
        self.is_connected = False
        """Whether there is a path; what is sent before would be dropped."""
        self._to: tuple[str, int] | None = None
        self.described = ""
        """Our description as we gave it to the stack last."""
        self._version = 0

    async def open(self) -> None:
        """Bind the socket for RTP, as any stack without ICE would."""
        self.port = await self.voice.open(HOST)

    def offer(self) -> str:
        """Our description; it holds the other side while ``is_holding``."""
        return self._describe("sendonly" if self.is_holding else "sendrecv")

    def answer(self, offer: str) -> str:
        """Our description in answer to one that came."""
        asked = effective.direction(sdp.parse(offer.encode()), 0)
        if asked in (Direction.SENDONLY, Direction.INACTIVE):
            return self._describe("recvonly" if asked is Direction.SENDONLY else "inactive")
        return self._describe("sendrecv")

    def agreed(self, theirs: str) -> None:
        """Both descriptions are known: talk to where theirs says, or be silent on hold."""
        description = sdp.parse(theirs.encode())
        place = effective.default_destination(description, 0, 1)
        talks = effective.direction(description, 0) is Direction.SENDRECV
        self._to = (place.address, place.port) if place and talks and not self.is_holding else None
        self.voice.talk(self._to if self.is_connected else None)

    def connected(self) -> None:
        """There is a path: what may be said can be heard."""
        self.is_connected = True
        self.voice.talk(self._to)

    def _describe(self, direction: str) -> str:
        self._version += 1
        self.described = _SDP.format(
            name=self.name,
            session=self.port,
            version=self._version,
            port=self.port,
            direction=direction,
        )
        return self.described


class UserAgent(Protocol):
    """What the demonstration does with a SIP stack."""

    phone: Phone
    plugin: Plugin
    address: tuple[str, int]

    async def start(self) -> None:
        """Listen for SIP, and answer each call that comes."""

    async def call(self, peer: tuple[str, int]) -> None:
        """Call, and wait until it is answered."""

    async def reoffer(self) -> None:
        """Send our description again in a re-INVITE, and wait for its answer."""

    async def hang_up(self) -> None:
        """End the call."""

    async def stop(self) -> None:
        """Close everything."""


def free_port() -> int:
    """A UDP port of the loopback interface that nobody has now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port
