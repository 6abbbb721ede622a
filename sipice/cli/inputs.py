"""What was given on the command line: read it, tell its kind, find the descriptions in it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sdp.lines import split
from sipice.capture import is_capture
from sipice.cli.found import ANSWER, OFFER, Carrier, Found, Role, read_description
from sipice.sip.body import SDPFRAG, Body, sdp_bodies, session_description
from sipice.sip.framing import StreamFramer
from sipice.sip.message import SipMessage, is_sip, parse_message

MAX_TEXT = 16 << 20
"""Bytes of a file that is no capture."""
MAX_STDIN = 1 << 28
"""Bytes that are read from stdin; a capture in a file may have any size."""

STDIN = "-"
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}
_SIP_LINE = re.compile(
    rb"^(?:[A-Z]{3,20} (?:sips?|tel):\S+ SIP/2\.0|SIP/2\.0 \d{3}\b)", re.MULTILINE
)
_LINE = re.compile(rb"^[A-Za-z]=", re.MULTILINE)
_SDP_LINE = re.compile(rb"(?:^|[\r\n])[vmoc]=[^\r\n]")
_FRAGMENT_LINE = re.compile(rb"(?:^|[\r\n])a=(?:ice-|candidate:|end-of-candidates)", re.IGNORECASE)
_JSON = re.compile(rb"\s*[{\[]")


class InputError(Exception):
    """An input that nothing can be done with; the text is one sentence for a person."""


class Kind(StrEnum):
    """What an input is."""

    SDP = "sdp"
    FRAGMENT = "fragment"
    SIP = "sip"
    CAPTURE = "capture"


@dataclass(frozen=True, slots=True)
class Input:
    """A file, or what came in on stdin."""

    name: str
    data: bytes
    """Empty for a capture in a file, which is read packet by packet."""
    kind: Kind

    @property
    def shown_name(self) -> str:
        """Its name for people."""
        return shown_name(self.name)


def shown_name(name: str) -> str:
    """How an argument is called in output."""
    return "(stdin)" if name == STDIN else name or '""'


def read_input(name: str) -> Input:
    """Read one argument of the command line; InputError says why that cannot be done."""
    try:
        data, more = _read(name)
    except OSError as error:
        raise InputError(_why(error)) from None
    except ValueError:  # a NUL in the name
        raise InputError("is no file name") from None
    if len(data) > MAX_STDIN:
        raise InputError(f"is larger than {MAX_STDIN >> 20} MiB; give a capture as a file")
    kind = kind_of(data, name)
    return Input(name, b"" if more else data, kind)


def _read(name: str) -> tuple[bytes, bool]:
    """The bytes, and whether that is only the beginning of a capture in a file."""
    if name == STDIN:
        return sys.stdin.buffer.read(MAX_STDIN + 1), False
    if not name:
        raise InputError("is no file name")
    path = Path(name)
    if path.is_dir():
        raise InputError(f"is a directory; name the files in it, for instance {path}/*")
    with path.open("rb") as file:
        if not path.is_file():  # a pipe cannot be opened again
            return file.read(MAX_STDIN + 1), False
        head = file.read(4)
        return (head, True) if is_capture(head) else (head + file.read(MAX_TEXT + 1), False)


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    return f"cannot be read: {error.strerror or error}"


def kind_of(data: bytes, name: str = "") -> Kind:
    """What some bytes are, by their looks."""
    if not data:
        raise InputError("is empty")
    if is_capture(data):
        return Kind.CAPTURE
    for start, what in _PACKED.items():
        if data.startswith(start):
            raise InputError(f"is packed with {what}; unpack it first")
    if len(data) > MAX_TEXT:
        raise InputError(f"is no capture and larger than {MAX_TEXT >> 20} MiB")
    if not data.strip():
        raise InputError("holds nothing but blanks")
    if is_sip(data) or _begins_with_sip(data):
        return Kind.SIP
    return _text_kind(data, name)


def _begins_with_sip(data: bytes) -> bool:
    """Whether it is a log: a SIP message comes, if behind other lines, before any SDP."""
    message, description = _SIP_LINE.search(data), _SDP_LINE.search(data)
    if message is None:
        return False
    return description is None or message.start() < description.start()


def messages_in(data: bytes) -> list[bytes]:
    """The SIP messages in a text, one behind the other, perhaps with other lines between."""
    framer = StreamFramer()
    messages = framer.receive(data)
    rest = data[len(data) - framer.pending :]
    return [*messages, rest] if framer.pending and is_sip(rest) else messages


def _text_kind(data: bytes, name: str) -> Kind:
    head = data[: 1 << 16]
    has_ice = _FRAGMENT_LINE.search(head) is not None
    if name.endswith(".sdpfrag") and (has_ice or _SDP_LINE.search(head)):
        return Kind.FRAGMENT
    lacks_session = not re.search(rb"(?:^|[\r\n])[vos]=", head)
    if lacks_session and has_ice:
        return Kind.FRAGMENT
    if _SDP_LINE.search(head) or has_ice:
        return Kind.SDP
    if _JSON.match(head) and b"v=0" in head:
        raise InputError('is JSON; give the text of its "sdp" member instead')
    if b"\0" in head:
        raise InputError("is binary, but no capture (pcap or pcapng)")
    if _LINE.search(head):
        raise InputError("has lines like SDP, but no v=, o=, c= or m= line and no ICE attribute")
    raise InputError("is no SDP, trickle fragment, SIP message or capture")


def found_in_text(given: Input) -> list[Found]:
    """The descriptions in an SDP, a fragment or a SIP message."""
    if given.kind is Kind.SIP:
        return _found_in_message(given)
    description = read_description(given.data, fragment=given.kind is Kind.FRAGMENT)
    if isinstance(description, str):
        raise InputError(f"is too large: {description}")
    return [Found(source=given.shown_name, description=description)]


def _found_in_message(given: Input) -> list[Found]:
    message = only_message(given)
    bodies = sdp_bodies(message)
    if not bodies:
        raise InputError(f"is a SIP message ({carrier_name(message)}) without SDP")
    return [_found_in_body(given, message, body) for body in bodies]


def only_message(given: Input) -> SipMessage:
    """The SIP message of an input that must not hold several."""
    if is_sip(given.data) and len(messages_in(given.data)) < 2:
        return parse_message(given.data)
    messages = messages_in(given.data)
    if len(messages) != 1:
        raise InputError(f"holds {len(messages)} SIP messages; one is wanted")
    return parse_message(messages[0])


def _found_in_body(given: Input, message: SipMessage, body: Body) -> Found:
    fragment = body.content_type == SDPFRAG
    preferred = body.container != "multipart/alternative" or body == session_description(message)
    description = read_description(body.data, fragment=fragment)
    if isinstance(description, str):
        raise InputError(f"has an SDP that is too large: {description}")
    return Found(
        source=given.shown_name,
        description=description,
        role=role_in(message) if preferred and not fragment else None,
        first_line=1 + lines_before(given.data, message.data, body.start),
        carrier=Carrier(
            name=carrier_name(message),
            call_id=message.call_id,
            transport=via_transport(message),
            size=len(message.data),
            part_of=body.container,
            preferred=preferred,
            problems=tuple(problem.text for problem in message.problems),
        ),
    )


def lines_before(text: bytes, message: bytes, offset: int) -> int:
    """How many lines end before an offset in a message that stands in a text."""
    return len(split(text[: text.find(message) + offset]))


def carrier_name(message: SipMessage) -> str:
    """``INVITE``, ``200 INVITE``."""
    status = message.status
    return message.method if status is None else f"{status} {message.method}".strip()


def via_transport(message: SipMessage) -> str:
    """The transport that the topmost Via names, empty where there is none."""
    first = next(iter(message.values("via")), "")
    words = first.split(None, 1)[0].split("/") if first else []
    return words[2].strip().upper() if len(words) == 3 else ""


def role_in(message: SipMessage) -> Role | None:
    """What an SDP in a single message is, where the message alone tells (RFC 6337 §2.2)."""
    if message.is_request:
        roles: dict[str, Role] = {"INVITE": OFFER, "UPDATE": OFFER, "ACK": ANSWER}
        return roles.get(message.method)
    if message.method in ("UPDATE", "PRACK") and (message.status or 0) // 100 == 2:
        return ANSWER
    return None
