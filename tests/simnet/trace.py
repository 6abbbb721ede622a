"""What happened on the virtual wires, kept raw and made readable only when somebody looks."""

from __future__ import annotations

import struct
from collections import deque
from typing import NamedTuple

from tests.simnet import wire
from tests.simnet.wire import Attr, Class, Message, Method, Place


class Line(NamedTuple):
    """One record: when, where, what happened to which datagram."""

    now: float
    where: str
    what: str
    src: Place | None
    dst: Place | None
    data: bytes


class Trace:
    """The last so many records of a world."""

    def __init__(self, size: int = 50_000) -> None:
        self._lines: deque[tuple[float, str, object, Place | None, Place | None, bytes]]
        self._lines = deque(maxlen=size)

    def packet(self, now: float, where: str, what: str, packet: tuple[Place, Place, bytes]) -> None:
        self._lines.append((now, where, what, *packet))

    def note(self, now: float, where: str, what: str) -> None:
        self._lines.append((now, where, what, None, None, b""))

    def event(self, now: float, where: str, event: object) -> None:
        """One that will not change; its words are long, and seldom read."""
        self._lines.append((now, where, event, None, None, b""))

    def lines(self) -> list[Line]:
        return [_line(*kept) for kept in self._lines]

    def text(self, last: int | None = None) -> str:
        """The story, one line each; ``last`` limits it to the end."""
        lines = self.lines()
        return "\n".join(render(line) for line in (lines if last is None else lines[-last:]))


def _line(
    now: float, where: str, what: object, src: Place | None, dst: Place | None, data: bytes
) -> Line:
    words = what if isinstance(what, str) else f"event {what!r:.200}"
    return Line(now, where, words, src, dst, data)


def render(line: Line) -> str:
    """``  12.345 alice sends 10.0.0.2:5000 > 10.0.0.3:6000 Binding request …``."""
    head = f"{line.now:10.4f} {line.where:<8} {line.what:<7}"
    if line.src is None or line.dst is None:
        return head
    return f"{head} {line.src} > {line.dst} {describe(line.data)}"


def describe(data: bytes) -> str:
    """A datagram in a few words."""
    if wire.is_channel_data(data):
        number, inner = struct.unpack("!H", data[:2])[0], data[4:]
        return f"channel 0x{number:04x} [{describe(inner)}]"
    if data.startswith(b"\xffTCP"):
        names = ("syn", "accept", "refuse", "data", "fin")
        return f"tcp {names[data[4]]} {describe(data[7:]) if data[4] == 3 else ''}"
    if not wire.looks_like_stun(data):
        return f"{len(data)} bytes {data[:12]!r}"
    try:
        message = wire.parse(data)
    except wire.WireError as error:
        return f"broken STUN ({error})"
    return f"{_name(message)} {message.transaction[-3:].hex()}{''.join(_details(message))}"


def _name(message: Message) -> str:
    try:
        method = Method(message.method).name.title()
    except ValueError:
        method = f"method {message.method}"
    return f"{method} {message.cls.name.lower()}"


def _details(message: Message) -> list[str]:
    parts: list[str] = []
    if (user := message.get(Attr.USERNAME)) is not None:
        parts.append(f" {user.decode(errors='replace')}")
    parts += [
        f" {label}"
        for kind, label in (
            (Attr.ICE_CONTROLLING, "controlling"),
            (Attr.ICE_CONTROLLED, "controlled"),
            (Attr.USE_CANDIDATE, "use-candidate"),
        )
        if message.has(kind)
    ]
    if message.cls is Class.ERROR:
        parts.append(f" {message.error()}")
    for kind in (Attr.XOR_MAPPED_ADDRESS, Attr.XOR_RELAYED_ADDRESS, Attr.XOR_PEER_ADDRESS):
        if message.has(kind):
            parts.append(f" {kind.name.split('_')[1].lower()} {_place(message, kind)}")
    if (inner := message.get(Attr.DATA)) is not None:
        parts.append(f" [{describe(inner)}]")
    return parts


def _place(message: Message, kind: int) -> str:
    try:
        place = message.address(kind)
    except wire.WireError:
        return "?"
    if place is None:
        return "?"
    ip, port = place
    return f"{'.'.join(map(str, ip)) if len(ip) == 4 else ip.hex(':', 2)}:{port}"
