"""What was given on the command line: read it, tell its kind, find the descriptions in it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sdp import parse
from sipice.cli.found import ANSWER, OFFER, Carrier, Found, Role, read_description
from sipice.sip.body import SDPFRAG, Body, sdp_bodies, session_description
from sipice.sip.message import SipMessage, is_sip, parse_message

MAX_TEXT = 16 << 20
"""Bytes of a file that is no capture."""
MAX_CAPTURE = 1 << 30
"""Bytes of a capture."""

STDIN = "-"
_CAPTURE_STARTS = frozenset(
    bytes.fromhex(start) for start in ("d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a")
)
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}
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
    kind: Kind

    @property
    def shown_name(self) -> str:
        """Its name for people."""
        return "(stdin)" if self.name == STDIN else self.name


def read_input(name: str) -> Input:
    """Read one argument of the command line; InputError says why that cannot be done."""
    data = _read(name)
    return Input(name, data, kind_of(data, name))


def kind_of(data: bytes, name: str = "") -> Kind:
    """What some bytes are, by their looks."""
    if not data:
        raise InputError("is empty")
    if data[:4] in _CAPTURE_STARTS:
        return Kind.CAPTURE
    for start, what in _PACKED.items():
        if data.startswith(start):
            raise InputError(f"is packed with {what}; unpack it first")
    if len(data) > MAX_TEXT:
        raise InputError(f"is no capture and larger than {MAX_TEXT >> 20} MiB")
    if not data.strip():
        raise InputError("holds nothing but blanks")
    if is_sip(data):
        return Kind.SIP
    return _text_kind(data, name)


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
    message = parse_message(given.data)
    bodies = sdp_bodies(message)
    if not bodies:
        raise InputError(f"is a SIP message ({carrier_name(message)}) without SDP")
    return [_found_in_body(given, message, body) for body in bodies]


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
        first_line=1 + lines_before(given.data, body.start),
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


def lines_before(data: bytes, offset: int) -> int:
    """How many lines end before an offset, counted as SDP lines are."""
    before = parse(data[:offset]) if offset <= MAX_TEXT else None
    return sum(len(section.lines) for section in before.sections) if before else 0


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


def _read(name: str) -> bytes:
    limit = MAX_CAPTURE + 1
    try:
        data = sys.stdin.buffer.read(limit) if name == STDIN else _read_file(Path(name), limit)
    except OSError as error:
        raise InputError(_why(error)) from None
    except ValueError:  # a NUL in the name
        raise InputError("is no file name") from None
    if len(data) == limit:
        raise InputError(f"is larger than {MAX_CAPTURE >> 20} MiB")
    return data


def _read_file(path: Path, limit: int) -> bytes:
    if path.is_dir():
        raise InputError(f"is a directory; name the files in it, for instance {path}/*")
    with path.open("rb") as file:
        return file.read(limit)


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    return f"cannot be read: {error.strerror or error}"
