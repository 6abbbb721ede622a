"""Captures, and texts of several SIP messages, as calls (RFC 6337)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sipice.capture import CapturedMessage, Notes, Packet, Trouble, read_capture, sip_messages
from sipice.cli.calls import CallView, call_view
from sipice.cli.inputs import Input, InputError, via_transport
from sipice.cli.printable import counted
from sipice.errors import DecodeError
from sipice.net import Address
from sipice.sip.exchange import Tracker
from sipice.sip.message import SipMessage, parse_message

MAX_CALLS = 10_000
"""The latest calls of a capture are kept."""

Meter = Callable[[Iterable[Packet]], Iterable[Packet]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What a capture holds."""

    calls: tuple[CallView, ...]
    messages: int
    notes: tuple[str, ...]


def calls_in_capture(given: Input, meter: Meter) -> Calls:
    """The calls in a capture; InputError where there is nothing to show."""
    notes = Notes()
    source = given.data or Path(given.name)
    reader = _Reader()
    try:
        packets = _counted(meter(read_capture(source, notes)), reader)
        for captured in sip_messages(packets, notes):
            reader.take(captured)
    except DecodeError as why:
        raise InputError(f"is {why}") from None
    except ModuleNotFoundError as missing:
        raise InputError(
            f"cannot be read without the package {missing.name}: pip install 'sipice[cli]'"
        ) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}") from None
    if not reader.messages:
        raise InputError(_why_nothing(reader.packets, notes))
    return _checked(reader.finish(given.shown_name), reader.messages, notes)


def _counted(packets: Iterable[Packet], reader: _Reader) -> Iterator[Packet]:
    for packet in packets:
        reader.packets += 1
        yield packet


def _why_nothing(packets: int, notes: Notes) -> str:
    if not packets:
        return "is a capture without packets" + _reasons(notes)
    encrypted = any(note.trouble is Trouble.TLS for note in notes)
    what = "no SIP that can be read" if encrypted else "no SIP"
    return f"is a capture of {counted(packets, 'packet')} with {what}{_reasons(notes)}"


def _reasons(notes: Notes) -> str:
    return "".join(f"; {note}" for note in notes)


def _checked(calls: list[CallView], messages: int, notes: Notes) -> Calls:
    if not any(call.found for call in calls):
        raise InputError(f"holds {counted(messages, 'SIP message')}, but no offer and no answer")
    said = [str(note) for note in notes]
    if len(calls) == MAX_CALLS:
        said.append(f"there may be more calls; the latest {MAX_CALLS:,} are kept")
    return Calls(calls=tuple(calls), messages=messages, notes=tuple(said))


def calls_in_text(given: Input, messages: Iterable[bytes]) -> Calls:
    """The calls in a text that holds several SIP messages in order."""
    reader = _Reader()
    for number, data in enumerate(messages):
        reader.take_message(parse_message(data), float(number))
    return _checked(reader.finish(given.shown_name), reader.messages, Notes())


@dataclass(slots=True)
class _Reader:
    tracker: Tracker = field(default_factory=Tracker)
    parties: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    packet_of: dict[tuple[str, float, int], int] = field(
        default_factory=dict[tuple[str, float, int], int]
    )
    """Call-ID, time and size of a message with a body: its last packet."""
    packets: int = 0
    messages: int = 0

    def take(self, captured: CapturedMessage) -> None:
        message = parse_message(captured.data)
        if message.body and captured.frames:
            key = message.call_id, captured.time, len(captured.data)
            self.packet_of[key] = captured.frames[-1]
        self.take_message(
            message, captured.time, captured.source, captured.destination, captured.transport
        )

    def take_message(
        self,
        message: SipMessage,
        time: float,
        source: Address | None = None,
        destination: Address | None = None,
        transport: str = "",
    ) -> None:
        self.messages += 1
        if message.is_request and message.call_id not in self.parties:
            self.parties[message.call_id] = _party(message, "from"), _party(message, "to")
        self.tracker.add(
            message,
            time,
            source=source,
            destination=destination,
            transport=transport or via_transport(message),
        )

    def finish(self, name: str) -> list[CallView]:
        calls = sorted(self.tracker.calls(), key=lambda call: call.started)
        return [
            call_view(name, number, call, self.parties.get(call.call_id, ("", "")), self.packet_of)
            for number, call in enumerate(calls, 1)
        ]


def _party(message: SipMessage, header: str) -> str:
    """The URI of From or To without display name and parameters."""
    value = message.header(header) or ""
    _, bracket, rest = value.partition("<")
    return rest.partition(">")[0] if bracket else value.partition(";")[0].strip()
