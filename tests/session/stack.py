"""The SDP side of a SIP stack that knows nothing of ICE."""

from __future__ import annotations

from dataclasses import dataclass, field

import sdp
from sdp import effective

OPPOSITE = {"sendonly": "recvonly", "recvonly": "sendonly"}


@dataclass(slots=True, eq=False)
class Line:
    """One m= section as the application wants it."""

    media: str = "audio"
    proto: str = "RTP/AVP"
    formats: str = "0"
    port: int = 7000
    extra: tuple[str, ...] = ("a=rtpmap:0 PCMU/8000",)
    direction: str = "sendrecv"
    alive: bool = True

    def text(self, *, port: int | None = None, more: tuple[str, ...] = ()) -> list[str]:
        shown = (self.port if self.alive else 0) if port is None else port
        lines = [f"m={self.media} {shown} {self.proto} {self.formats}", *self.extra, *more]
        return [*lines, f"a={self.direction}"] if self.direction != "sendrecv" else lines


AUDIO = ("a=rtpmap:0 PCMU/8000",)
MUX = (*AUDIO, "a=rtcp-mux")


@dataclass(slots=True, eq=False)
class Stack:
    """Writes offers and answers; addresses and ports are its own, which nobody can reach."""

    name: str
    lines: list[Line] = field(default_factory=lambda: [Line()])
    version: int = 1
    head: tuple[str, ...] = ()
    """Further session-level lines."""
    address: str = "127.0.0.1"
    silent_version: bool = False
    """Forgets to count the version up, as some stacks do."""

    def offer(self) -> bytes:
        return self._text([part for line in self.lines for part in line.text()], self.head)

    def answer(self, offer: bytes) -> bytes:
        """Take what is offered; own lines are made for sections that it has never seen."""
        asked = sdp.parse(offer)
        body: list[str] = []
        for section, media in enumerate(asked.media):
            if section == len(self.lines):
                self.lines.append(_like(media))
            line = self.lines[section]
            if line.media != media.type or line.proto != media.proto:
                self.lines[section] = line = _like(media)
            alive = line.alive and effective.is_alive(asked, section)
            body += line.text(port=line.port if alive else 0, more=_repeated(line, media))
            wanted = effective.direction(asked, section).value
            if line.direction == "sendrecv" and wanted != "sendrecv":
                body.append(f"a={OPPOSITE.get(wanted, wanted)}")
        return self._text(body, self.head)

    def _text(self, body: list[str], head: tuple[str, ...]) -> bytes:
        if not self.silent_version:
            self.version += 1
        lines = [
            "v=0",
            f"o={self.name} 4711 {self.version} IN IP4 {self.address}",
            "s=-",
            f"c=IN IP4 {self.address}",
            "t=0 0",
            *head,
            *body,
        ]
        return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


def _like(media: sdp.MediaDescription) -> Line:
    mux = ("a=rtcp-mux",) if media.rtcp_mux else ()
    return Line(media.type, media.proto, " ".join(media.formats), extra=mux)


def _repeated(line: Line, media: sdp.MediaDescription) -> tuple[str, ...]:
    return () if media.mid is None else (f"a=mid:{media.mid}",)
