"""Messages of the tap's own: responses (RFC 3261 §8.2.6) and requests in a dialog (§12.2.1.1)."""

from __future__ import annotations

from typing import NamedTuple

from sipice.sip.edit import as_bytes
from sipice.sip.headers import parameters, split_values
from sipice.sip.message import RequestLine, SipMessage

Fields = tuple[tuple[str, str], ...]

_REASONS = {
    100: "Trying",
    200: "OK",
    415: "Unsupported Media Type",
    421: "Extension Required",
    469: "Bad Info Package",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
}
NOWHERE = "sip:nowhere.invalid"
"""The remote target of a peer that has not named one (RFC 2606)."""

_COPIED = ("from", "call-id", "cseq")


class Target(NamedTuple):
    """Where requests in a dialog go: the remote target and the route set (RFC 3261 §12.1)."""

    uri: str
    route: tuple[str, ...]


def response(
    request: SipMessage, status: int, *, tag: str = "", fields: Fields = (), reason: str = ""
) -> bytes:
    """An answer to a request; ``tag`` is put into a To that has none."""
    to = request.header("to") or ""
    if tag and not request.to_tag:
        to += f";tag={tag}"
    lines = [f"SIP/2.0 {status} {reason or _REASONS.get(status, 'Rejected')}"]
    lines += _vias(request)
    lines += _copied(request)
    lines.append(f"To: {to}")
    return message(lines, fields)


def failure(success: SipMessage, status: int, fields: Fields = ()) -> bytes:
    """A failure that takes the place of a response."""
    lines = [f"SIP/2.0 {status} {_REASONS.get(status, 'Rejected')}"]
    lines += _vias(success)
    lines += _copied(success)
    lines.append(f"To: {success.header('to') or ''}")
    return message(lines, fields)


def warning(text: str) -> str:
    """RFC 3261 §20.43: the value of a Warning, 399, for a person to read."""
    plain = text.replace("\\", "/").replace('"', "'")
    printable = "".join(sign if sign.isprintable() else "?" for sign in plain)
    return f'399 sipice "{printable[:200]}"'


def retry_after(seconds: int) -> Fields:
    """RFC 3261 §20.33."""
    return (("Retry-After", str(seconds)),)


def target_of_response(sip: SipMessage) -> Target:
    """A caller's view of the dialog that a response makes (RFC 3261 §12.1.2)."""
    return Target(_contact(sip), tuple(reversed(sip.values("record-route"))))


def target_of_request(sip: SipMessage) -> Target:
    """A callee's view of the dialog that a request makes (RFC 3261 §12.1.1)."""
    return Target(_contact(sip), tuple(sip.values("record-route")))


def following(
    success: SipMessage,
    via: str,
    number: int,
    method: str,
    target: Target,
    branch: str,
    fields: Fields = (),
) -> bytes:
    """The ACK or BYE of a caller after a 2xx; ``via`` is that of the INVITE."""
    lines = [
        f"{method} {target.uri} SIP/2.0",
        f"Via: {with_branch(via, branch)}",
        "Max-Forwards: 70",
        *(f"Route: {one}" for one in target.route),
        f"From: {success.header('from') or ''}",
        f"To: {success.header('to') or ''}",
        f"Call-ID: {success.call_id}",
        f"CSeq: {number} {method}",
    ]
    return message(lines, fields)


def cancelling(invite: SipMessage) -> bytes:
    """RFC 3261 §9.1: the CANCEL of an INVITE of ours."""
    cseq = invite.cseq
    lines = [
        f"CANCEL {uri_of(invite)} SIP/2.0",
        *_vias(invite)[:1],
        "Max-Forwards: 70",
        *(f"Route: {one}" for one in invite.values("route")),
        f"From: {invite.header('from') or ''}",
        f"To: {invite.header('to') or ''}",
        f"Call-ID: {invite.call_id}",
        f"CSeq: {cseq.number if cseq else 0} CANCEL",
    ]
    return message(lines)


def with_branch(via: str, branch: str) -> str:
    """The same sent-by with a branch of its own, and nothing that a neighbour added."""
    first, *_ = split_values(via, ";")
    return f"{first};branch={branch};rport"


def _contact(sip: SipMessage) -> str:
    value = next(iter(sip.contacts), "")
    _, opened, rest = parameters(value)[0].rpartition("<")
    uri = rest.partition(">")[0] if opened else parameters(value)[0]
    return "".join(uri.split()) or NOWHERE


def _vias(sip: SipMessage) -> list[str]:
    return [f"Via: {header.value}" for header in sip.headers if header.key == "via"]


def _copied(sip: SipMessage) -> list[str]:
    copied = (header for header in sip.headers if header.key in _COPIED)
    return [f"{header.name}: {header.value}" for header in copied]


def message(lines: list[str], fields: Fields = (), body: bytes = b"") -> bytes:
    """A whole message of a start line and header lines."""
    lines += [f"{name}: {value}" for name, value in fields]
    lines.append(f"Content-Length: {len(body)}")
    # a bare CR in what was copied from the peer would be a line end to some parsers
    head = "\r\n".join(line.replace("\r", " ") for line in lines)
    return as_bytes(head) + b"\r\n\r\n" + body


def uri_of(sip: SipMessage) -> str:
    """The Request-URI of a request."""
    line = sip.start_line
    return line.uri if isinstance(line, RequestLine) else ""
