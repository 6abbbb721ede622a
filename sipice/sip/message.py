"""RFC 3261 §7: a tolerant view of one SIP message; every byte stays where it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from sipice.errors import DecodeError
from sipice.sip.headers import (
    Header,
    Problem,
    as_text,
    key_of,
    number,
    parameters,
    read_section,
    split_values,
)

MAX_START_LINE = 16_384

_BLANK = re.compile(rb"[\r\n]*")
_METHOD = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_VERSION = re.compile(r"SIP/\d+\.\d+", re.IGNORECASE | re.ASCII)
_STATUS_LINE = re.compile(
    r"(SIP/\d+\.\d+)[ \t]+(\d{1,10})(?:[ \t]+(.*))?", re.IGNORECASE | re.ASCII
)


class RequestLine(NamedTuple):
    """The first line of a request."""

    method: str
    uri: str
    version: str


class StatusLine(NamedTuple):
    """The first line of a response."""

    version: str
    status: int
    reason: str


class CSeq(NamedTuple):
    """RFC 3261 §20.16."""

    number: int
    method: str


class RAck(NamedTuple):
    """RFC 3262 §7.2: which reliable provisional response a PRACK acknowledges."""

    rseq: int
    cseq: CSeq


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A request or response over its bytes. What is missing or unreadable is None or empty."""

    data: bytes
    start_line: RequestLine | StatusLine
    headers: tuple[Header, ...]
    body_start: int
    body_end: int
    """By Content-Length where that can be true, else the end of the data."""
    problems: tuple[Problem, ...]

    @property
    def is_request(self) -> bool:
        """A request, not a response."""
        return isinstance(self.start_line, RequestLine)

    @property
    def method(self) -> str:
        """The method; of a response the one that its CSeq names."""
        if isinstance(self.start_line, RequestLine):
            return self.start_line.method
        cseq = self.cseq
        return cseq.method if cseq else ""

    @property
    def status(self) -> int | None:
        """The status code of a response."""
        return self.start_line.status if isinstance(self.start_line, StatusLine) else None

    @property
    def body(self) -> bytes:
        """The whole body, all parts of a multipart one included."""
        return self.data[self.body_start : self.body_end]

    def header(self, name: str) -> str | None:
        """The value of the first header field of this name, long or compact."""
        key = key_of(name)
        return next((header.value for header in self.headers if header.key == key), None)

    def values(self, name: str) -> list[str]:
        """All values of a header field that may be listed with commas, in order."""
        key = key_of(name)
        fields = (header.value for header in self.headers if header.key == key)
        return [value for field in fields for value in split_values(field) if value]

    def tokens(self, name: str) -> frozenset[str]:
        """The values without their parameters, as in Require, Supported, Recv-Info."""
        return frozenset(parameters(value)[0] for value in self.values(name))

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.header("call-id") or ""

    @property
    def from_tag(self) -> str:
        """The tag of From; empty with peers of RFC 2543."""
        return _tag(self.header("from"))

    @property
    def to_tag(self) -> str:
        """The tag of To; empty until there is a dialog."""
        return _tag(self.header("to"))

    @property
    def cseq(self) -> CSeq | None:
        """The CSeq, if it is one."""
        return _cseq((self.header("cseq") or "").split())

    @property
    def rack(self) -> RAck | None:
        """The RAck of a PRACK."""
        first, *rest = (self.header("rack") or "").split() or [""]
        rseq, cseq = number(first), _cseq(rest)
        return None if rseq is None or cseq is None else RAck(rseq, cseq)

    @property
    def rseq(self) -> int | None:
        """The RSeq of a reliable provisional response."""
        return number(self.header("rseq") or "")

    @property
    def require(self) -> frozenset[str]:
        """The option tags of Require."""
        return frozenset(tag.lower() for tag in self.tokens("require"))

    @property
    def supported(self) -> frozenset[str]:
        """The option tags of Supported."""
        return frozenset(tag.lower() for tag in self.tokens("supported"))

    @property
    def via_branch(self) -> str:
        """The branch of the topmost Via: with CSeq it names the transaction on this hop."""
        first = next(iter(self.values("via")), "")
        return parameters(first)[1].get("branch", "")

    @property
    def contacts(self) -> list[str]:
        """The Contact values as written."""
        return self.values("contact")

    @property
    def is_reliable_provisional(self) -> bool:
        """RFC 3262 §3: a 101 to 199 with both Require: 100rel and RSeq."""
        status = self.status
        if status is None or not 100 < status < 200:
            return False
        return self.rseq is not None and "100rel" in self.require


def is_sip(data: bytes) -> bool:
    """A cheap look at the first line: it could be a SIP message."""
    return _start_line(data) is not None


def parse_message(data: bytes) -> SipMessage:
    """View the bytes as a SIP message; DecodeError says that they are not one."""
    found = _start_line(data)
    if found is None:
        raise DecodeError("not a SIP message: the first line is no request and no status line")
    start_line, position = found
    section = read_section(data, position, len(data))
    body_end, problems = _body_end(data, section.headers, section.end)
    return SipMessage(
        data=data,
        start_line=start_line,
        headers=section.headers,
        body_start=section.end,
        body_end=body_end,
        problems=(*_start_problems(start_line), *section.problems, *problems),
    )


def _start_line(data: bytes) -> tuple[RequestLine | StatusLine, int] | None:
    blank = _BLANK.match(data)
    # RFC 3261 §7.5: line ends before the first line are ignored
    start = blank.end() if blank else 0
    newline = data.find(b"\n", start, start + MAX_START_LINE)
    if newline < 0 and len(data) - start >= MAX_START_LINE:
        return None
    end = len(data) if newline < 0 else newline + 1
    line = as_text(data[start:end]).strip(" \t\r\n")
    first = _status_line(line) or _request_line(line)
    return (first, end) if first else None


def _status_line(line: str) -> StatusLine | None:
    match = _STATUS_LINE.fullmatch(line)
    return StatusLine(match[1], int(match[2]), match[3] or "") if match else None


def _request_line(line: str) -> RequestLine | None:
    method, _, rest = line.replace("\t", " ").partition(" ")
    uri, _, version = rest.strip().rpartition(" ")
    if not uri or not _METHOD.fullmatch(method) or not _VERSION.fullmatch(version):
        return None
    return RequestLine(method, uri.strip(), version)


def _start_problems(line: RequestLine | StatusLine) -> list[Problem]:
    problems: list[Problem] = []
    if line.version.upper() != "SIP/2.0":
        problems.append(Problem("version", f"the version is {line.version}, not SIP/2.0", 0))
    if isinstance(line, StatusLine):
        if not 100 <= line.status <= 699:
            problems.append(Problem("status", f"there is no status code {line.status}", 0))
    elif " " in line.uri or line.uri.startswith("<"):
        problems.append(Problem("uri", "the Request-URI holds blanks or angle brackets", 0))
    return problems


def _body_end(data: bytes, headers: tuple[Header, ...], start: int) -> tuple[int, list[Problem]]:
    """Where the body ends, and what is wrong with Content-Length (RFC 3261 §18.3)."""
    fields = [header for header in headers if header.key == "content-length"]
    lengths = [number(field.value) for field in fields]
    there = len(data) - start
    if not fields:
        text = f"no Content-Length; the body has {there} bytes"
        return len(data), [Problem("content-length-missing", text, start)]
    problems: list[Problem] = []
    at = fields[0].start
    if len(set(lengths)) > 1:
        problems.append(Problem("content-length-twice", "several unequal Content-Length", at))
    length = lengths[0]
    if length is None:
        problems.append(Problem("content-length-bad", f"Content-Length: {fields[0].value}", at))
    elif length > there:
        text = f"Content-Length is {length}, the body has {there} bytes"
        problems.append(Problem("content-length-too-large", text, at))
    elif length < there:
        text = f"Content-Length is {length}, {there - length} more bytes follow"
        problems.append(Problem("content-length-too-small", text, at))
        return start + length, problems
    return len(data), problems


def _tag(value: str | None) -> str:
    return parameters(value)[1].get("tag", "") if value else ""


def _cseq(words: list[str]) -> CSeq | None:
    if len(words) != 2:
        return None
    count = number(words[0])
    return None if count is None else CSeq(count, words[1])
