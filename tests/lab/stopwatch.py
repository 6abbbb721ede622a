"""What a capture at one host tells of its session: the same for every engine."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.lab.capture import Heard, heard, is_check
from tests.simnet.wire import Attr, Class, Method


class Check(NamedTuple):
    """A connectivity check that left."""

    time: float
    transaction: bytes
    nominates: bool


@dataclass(slots=True)
class Seen:
    """Times are those of CLOCK_MONOTONIC."""

    valid: float | None = None
    """When the first answer to a check came: the first valid pair (RFC 8445 §7.2.5.3.2)."""
    media: float | None = None
    """When the first packet came that is no STUN."""
    checks: list[Check] = field(default_factory=list)
    """All that were sent, repeated ones too."""

    def sent_until(self, moment: float) -> int:
        """How many checks had left by then."""
        return sum(check.time <= moment for check in self.checks)

    def last_new_check(self, moment: float) -> float | None:
        """When the last check that was neither repeated nor a nomination had left by then."""
        first = {check.transaction: check for check in reversed(self.checks)}
        times = [one.time for one in first.values() if one.time <= moment and not one.nominates]
        return max(times, default=None)


def look(capture: Path, host: bytes) -> Seen:
    """Reads the capture of a host by its packed address."""
    seen = Seen()
    to_monotonic = time.monotonic() - time.time()
    for packet in heard(capture):
        moment = packet.time + to_monotonic
        if packet.source[0] == host:
            _note_sent(seen, packet, moment)
        elif packet.target[0] == host:
            _note_received(seen, packet, moment)
    return seen


def _note_sent(seen: Seen, packet: Heard, moment: float) -> None:
    message = packet.message
    if message and is_check(message):
        nominates = message.has(Attr.USE_CANDIDATE)
        seen.checks.append(Check(moment, message.transaction, nominates))


def _note_received(seen: Seen, packet: Heard, moment: float) -> None:
    message = packet.message
    if message is None:
        seen.media = seen.media or moment
    elif message.method == Method.BINDING and message.cls is Class.SUCCESS and not seen.valid:
        asked = {check.transaction for check in seen.checks}
        if message.transaction in asked:
            seen.valid = moment
