"""RFC 3261 §12.1: the state of a dialog from which a request in it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sipice.sip.compose import (
    Fields,
    Target,
    message,
    target_of_request,
    target_of_response,
    with_branch,
)
from sipice.sip.message import CSeq, SipMessage
from sipice.sip.outputs import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Our side and the peer's, as header fields have them."""

    local: str
    """From of our requests, with our tag."""
    remote: str
    """To of our requests, with the peer's tag."""
    contact: str
    via: str
    """Of a request of ours, or what it would be."""
    target: Target
    way: Way


def of_caller(invite: SipMessage, response: SipMessage, way: Way) -> Ends:
    """What the response to our INVITE makes."""
    return Ends(
        local=response.header("from") or "",
        remote=response.header("to") or "",
        contact=next(iter(invite.contacts), ""),
        via=next(iter(invite.values("via")), ""),
        target=target_of_response(response),
        way=way,
    )


def of_callee(invite: SipMessage, response: SipMessage, way: Way) -> Ends:
    """What our response to an INVITE makes."""
    own = target_of_response(response).uri
    host = own.partition(";")[0].rpartition("@")[2].removeprefix("sip:").removeprefix("sips:")
    return Ends(
        local=response.header("to") or "",
        remote=response.header("from") or "",
        contact=next(iter(response.contacts), ""),
        via=f"SIP/2.0/{way.transport.upper()} {host}",
        target=target_of_request(invite),
        way=way,
    )


def request(
    ends: Ends, call_id: str, cseq: CSeq, branch: str, fields: Fields, body: bytes
) -> bytes:
    """RFC 3261 §12.2.1.1: a request of our side in the dialog."""
    lines = [
        f"{cseq.method} {ends.target.uri} SIP/2.0",
        f"Via: {with_branch(ends.via, branch)}",
        "Max-Forwards: 70",
        *(f"Route: {one}" for one in ends.target.route),
        f"From: {ends.local}",
        f"To: {ends.remote}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq.number} {cseq.method}",
    ]
    return message(lines, fields, body)


def refreshed(ends: Ends, by: SipMessage) -> Ends:
    """RFC 3261 §12.2.1.2, §12.2.2: re-INVITE, UPDATE and their 2xx may move the peer's Contact."""
    if not by.contacts:
        return ends
    uri = target_of_response(by).uri
    return replace(ends, target=ends.target._replace(uri=uri))
