"""One description, where it was found, and the other descriptions that it has to do with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from sdp import Fragment, SdpError, SessionDescription, parse, parse_fragment

Role = Literal["offer", "answer"]
OFFER: Role = "offer"
ANSWER: Role = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """The SIP message around a description."""

    name: str
    """``INVITE``, or the status before the method: ``200 INVITE``."""
    call_id: str
    transport: str
    size: int
    """Of the whole message, bytes."""
    part_of: str = ""
    """The multipart type around the description, if any."""
    preferred: bool = True
    """Not so for an alternative before the last: the peer takes the last it can read."""
    time: float | None = None
    packet: int | None = None
    """In a capture: the number of its last packet, from 1, as Wireshark counts."""
    way: str = ""
    """``192.0.2.1:5060 -> 192.0.2.2:5060`` where it is known."""
    problems: tuple[str, ...] = ()
    """What is not well formed about it."""
    call: int | None = None
    dialog: int | None = None
    exchange: int | None = None
    """In a capture: the numbers, from 1, of its call, of the dialog in that, of the exchange."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One description with its place."""

    source: str
    """The file, as it was named."""
    description: SessionDescription
    role: Role | None = None
    first_line: int = 1
    """The line of the file on which the description begins; 0 in a capture."""
    carrier: Carrier | None = None
    party: str = ""
    """Who wrote it, as far as that can be told."""
    offer: SessionDescription | None = None
    """What it answers."""
    previous: Found | None = None
    """What the same party said before in the same call."""

    @property
    def is_fragment(self) -> bool:
        """Whether it is a trickle fragment and no description."""
        return isinstance(self.description, Fragment)

    @property
    def title(self) -> str:
        """How to name it to a person."""
        if self.carrier is None:
            return self.source
        carrier = self.carrier
        words = [
            f"call {carrier.call}" if carrier.call is not None else "",
            f"packet {carrier.packet}" if carrier.packet is not None else "",
            f"{carrier.name} ({self.role})" if self.role else carrier.name,
        ]
        return f"{self.source}: {', '.join(filter(None, words))}"


def read_description(data: bytes, *, fragment: bool = False) -> SessionDescription | str:
    """The description in some bytes, or in one sentence why there is none."""
    try:
        return parse_fragment(data) if fragment else parse(data)
    except SdpError as error:
        return error.reason


def linked(found: Iterable[Found]) -> Iterator[Found]:
    """The same as offer, answer, offer, answer of one call, each with what came before it.

    Its party said before what has the same o= line but for the version (RFC 3264 §8).
    """
    latest: dict[tuple[str, str], Found] = {}
    offer: SessionDescription | None = None
    number = 0
    for one in found:
        current = one
        key = _party(current)
        if key is not None:
            answer = number % 2 == 1
            number += 1
            role, answered = (ANSWER, offer) if answer else (OFFER, None)
            current = replace(current, role=role, offer=answered, previous=latest.get(key))
            offer = current.description
            latest[key] = replace(current, previous=None)
        yield current


def _party(found: Found) -> tuple[str, str] | None:
    """Who wrote a description; None for what is neither offer nor answer."""
    if found.is_fragment or (found.carrier is not None and not found.carrier.preferred):
        return None
    origin = found.description.origin
    return ("", "") if origin is None else (origin.username, origin.session_id)
