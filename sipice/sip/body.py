"""RFC 3261 §7.4, RFC 2046 §5.1: the parts of a body, where they lie, and replacing one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sipice.errors import UsageError
from sipice.sip.edit import Edit
from sipice.sip.headers import Header, parameters, read_section
from sipice.sip.message import SipMessage

SDP = "application/sdp"
SDPFRAG = "application/trickle-ice-sdpfrag"

MAX_PARTS = 100
MAX_DEPTH = 8

_FIRST_DELIMITER = re.compile(rb"^--([^\r\n]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Body:
    """A body, or one part of a multipart body, and its place in the message."""

    data: bytes
    content_type: str
    """Lower case, without parameters."""
    disposition: str
    """Lower case; where none is written the default of RFC 3261 §20.11."""
    encoding: str
    """Content-Encoding or Content-Transfer-Encoding that changes the bytes; else empty."""
    container: str
    """The type of the multipart body around it; empty for a body that stands alone."""
    start: int
    end: int


def bodies(message: SipMessage) -> list[Body]:
    """All bodies that are not multipart themselves, in order."""
    part = _Part(message.headers, message.body_start, message.body_end, "", 0)
    return list(_leaves(message.data, part)) if part.start < part.end else []


def sdp_bodies(message: SipMessage) -> list[Body]:
    """The bodies that are SDP or a trickle ICE fragment and can be read as they stand."""
    return [
        body
        for body in bodies(message)
        if body.content_type in (SDP, SDPFRAG) and not body.encoding
    ]


def session_description(message: SipMessage) -> Body | None:
    """The SDP that can be an offer or an answer (RFC 3261 §13.2.1: disposition session).

    Of alternatives it is the last, which RFC 2046 §5.1.4 makes the one the sender prefers: Lync
    puts its old dialect of ICE first and the standard one last.
    """
    found = [
        body
        for body in sdp_bodies(message)
        if body.content_type == SDP and body.disposition == "session"
    ]
    if not found:
        return None
    chosen = found[0]
    if chosen.container != "multipart/alternative":
        return chosen
    return [body for body in found if body.container == chosen.container][-1]


def replace_body(message: SipMessage, body: Body, data: bytes) -> bytes:
    """The message with other bytes in place of this body and Content-Length made true.

    All other bytes stay. A message without Content-Length gets none.
    """
    if message.data[body.start : body.end] != body.data or body.start < message.body_start:
        raise UsageError("this body is not of this message; take it from bodies(message)")
    edit = Edit(message)
    put_body(edit, body, data)
    return edit.done()


def put_body(edit: Edit, body: Body, data: bytes) -> None:
    """The same as one of several changes of a message."""
    message = edit.message
    length = message.body_end - message.body_start - len(body.data) + len(data)
    edit.splice(body.start, body.end, data)
    for header in message.headers:
        if header.key == "content-length":
            edit.replace(header, str(length))


@dataclass(frozen=True, slots=True)
class _Part:
    headers: tuple[Header, ...]
    start: int
    end: int
    container: str
    depth: int

    def header(self, key: str) -> str:
        return next((header.value for header in self.headers if header.key == key), "")


def _leaves(data: bytes, root: _Part) -> Iterator[Body]:
    """Depth first and in order; more than MAX_PARTS parts are left out."""
    waiting = [root]
    seen = 0
    while waiting and seen <= MAX_PARTS:
        part = waiting.pop()
        seen += 1
        content_type, attributes = parameters(part.header("content-type"))
        kind = "".join(content_type.lower().split())
        if kind.startswith("multipart/") and part.depth < MAX_DEPTH:
            boundary = attributes.get("boundary", "").encode("utf-8", "surrogateescape")
            waiting += reversed(_children(data, part, kind, boundary))
        else:
            yield _body(data, part, kind)


def _body(data: bytes, part: _Part, kind: str) -> Body:
    content = data[part.start : part.end]
    if not kind:
        kind = SDP if content.startswith(b"v=0") else "text/plain"
    disposition = parameters(part.header("content-disposition"))[0].lower()
    encodings = {
        part.header(key).strip().lower()
        for key in ("content-encoding", "content-transfer-encoding")
    } - {"", "identity", "7bit", "8bit", "binary"}
    return Body(
        data=content,
        content_type=kind,
        disposition=disposition or ("session" if kind == SDP else "render"),
        encoding=" ".join(sorted(encodings)),
        container=part.container,
        start=part.start,
        end=part.end,
    )


def _children(data: bytes, part: _Part, kind: str, boundary: bytes) -> list[_Part]:
    places = list(_between(data, part, boundary)) if boundary else []
    if not places:
        # no boundary parameter, or not the one that was used: the body itself shows it
        match = _FIRST_DELIMITER.search(data, part.start, part.end)
        places = list(_between(data, part, match[1].rstrip(b" \t"))) if match else []
    children: list[_Part] = []
    for start, end in places:
        section = read_section(data, start, end)
        children.append(_Part(section.headers, section.end, end, kind, part.depth + 1))
    return children


def _between(data: bytes, part: _Part, boundary: bytes) -> Iterator[tuple[int, int]]:
    """The places of the parts between the delimiter lines; the last may lack its end."""
    opened: int | None = None
    count = 0
    for start, end, final in _delimiters(data, part, b"--" + boundary):
        if opened is not None:
            yield opened, max(opened, _before_line_end(data, start))
            count += 1
        opened = None if final else end
        if final or count >= MAX_PARTS:
            return
    if opened is not None:
        yield opened, part.end


def _delimiters(data: bytes, part: _Part, dashes: bytes) -> Iterator[tuple[int, int, bool]]:
    position = part.start
    while (found := data.find(dashes, position, part.end)) >= 0:
        position = found + len(dashes)
        if found > part.start and data[found - 1] != 0x0A:
            continue
        newline = data.find(b"\n", position, part.end)
        line_end = part.end if newline < 0 else newline + 1
        rest = data[position:line_end].strip(b" \t\r\n")
        if rest in (b"", b"--"):
            position = line_end
            yield found, line_end, rest == b"--"


def _before_line_end(data: bytes, position: int) -> int:
    """RFC 2046 §5.1.1: the line end before a delimiter belongs to the delimiter."""
    if data[position - 2 : position] == b"\r\n":
        return position - 2
    return position - 1 if data[position - 1 : position] == b"\n" else position
