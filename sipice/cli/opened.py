"""All that one argument of the command line holds, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sipice.cli.calls import CallView
from sipice.cli.captured import Calls, Meter, calls_in_capture, calls_in_text
from sipice.cli.found import Found, linked
from sipice.cli.inputs import (
    Input,
    InputError,
    Kind,
    found_in_text,
    messages_in,
    read_input,
    shown_name,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An input with its descriptions, or why it cannot be used."""

    name: str
    kind: Kind | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    """What was odd, though it could be read."""
    messages: int | None = None
    """SIP messages in a capture or a text of several."""
    found: tuple[Found, ...] = ()
    calls: tuple[CallView, ...] = ()
    """Of a capture; its descriptions are in these."""

    @property
    def everything(self) -> list[Found]:
        """All descriptions in order."""
        return [*self.found, *(one for call in self.calls for one in call.found)]


def open_input(name: str, meter: Meter = lambda packets: packets) -> Opened:
    """Read one argument; what is wrong with it is in the result."""
    try:
        given = read_input(name)
        calls = _calls(given, meter)
        if calls is None:
            found = tuple(found_in_text(given))
            return Opened(name=given.shown_name, kind=given.kind, found=found)
    except InputError as why:
        return Opened(name=shown_name(name), error=str(why))
    return Opened(
        name=given.shown_name,
        kind=given.kind,
        notes=calls.notes,
        messages=calls.messages,
        calls=calls.calls,
    )


def _calls(given: Input, meter: Meter) -> Calls | None:
    if given.kind is Kind.CAPTURE:
        return calls_in_capture(given, meter)
    if given.kind is Kind.SIP and len(messages := messages_in(given.data)) > 1:
        return calls_in_text(given, messages)
    return None


def as_sequence(opened: Iterable[Opened]) -> list[Opened]:
    """The same with the descriptions of all files linked as those of one call."""
    inputs = list(opened)
    everything = linked(one for each in inputs for one in each.found)
    return [replace(each, found=tuple(next(everything) for _ in each.found)) for each in inputs]
