"""Calls for tests, told message by message."""

from __future__ import annotations

from collections.abc import Iterable

from sipice.net import Address
from sipice.sip.call import Call, Dialog, Meaning
from sipice.sip.exchange import Tracker
from sipice.sip.message import parse_message
from tests.sip.build import sip

CALL_ID = "story@example.com"


def sdp(name: str) -> bytes:
    """A tiny description; the name tells it from others."""
    return f"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns={name}\r\nt=0 0\r\n".encode()


def request(
    method: str,
    cseq: int,
    *headers: str,
    body: bytes = b"",
    by: str = "alice",
    to: str = "",
    branch: str = "",
    call_id: str = CALL_ID,
    body_type: str = "application/sdp",
) -> bytes:
    """A request from the party with tag ``by`` to the one with tag ``to``."""
    return sip(
        f"{method} sip:{to or 'bob'}@example.com SIP/2.0",
        f"Via: SIP/2.0/UDP {by}.example.com;branch=z9hG4bK{branch or f'{by}{cseq}{method}'}",
        f"From: <sip:{by}@example.com>;tag={by}",
        "To: <sip:bob@example.com>" + (f";tag={to}" if to else ""),
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        *headers,
        body=body,
        body_type=body_type,
    )


def response(
    status: int,
    cseq: int,
    *headers: str,
    body: bytes = b"",
    method: str = "INVITE",
    by: str = "bob",
    to: str = "alice",
    rseq: int = 0,
    branch: str = "",
    call_id: str = CALL_ID,
) -> bytes:
    """The response of ``by`` to a request of ``to``; with ``rseq`` a reliable provisional one."""
    reliable = ("Require: 100rel", f"RSeq: {rseq}") if rseq else ()
    return sip(
        f"SIP/2.0 {status} Whatever",
        f"Via: SIP/2.0/UDP {to}.example.com;branch=z9hG4bK{branch or f'{to}{cseq}{method}'}",
        f"From: <sip:{to}@example.com>;tag={to}",
        "To: <sip:bob@example.com>" + (f";tag={by}" if by else ""),
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        *reliable,
        *headers,
        body=body,
    )


def rack(rseq: int, cseq: int) -> str:
    """The header field of a PRACK."""
    return f"RAck: {rseq} {cseq} INVITE"


def play(
    tracker: Tracker,
    messages: Iterable[bytes],
    *,
    start: float = 0.0,
    source: Address | None = None,
    destination: Address | None = None,
) -> list[Meaning]:
    """Give the messages to the tracker, one a second."""
    return [
        tracker.add(parse_message(data), start + second, source=source, destination=destination)
        for second, data in enumerate(messages)
    ]


def told(*messages: bytes) -> Call:
    """The only call in these messages."""
    tracker = Tracker()
    play(tracker, messages)
    (call,) = tracker.calls()
    return call


def the_dialog(*messages: bytes) -> Dialog:
    """The only dialog in these messages."""
    (dialog,) = told(*messages).dialogs
    return dialog


def summary(dialog: Dialog) -> list[tuple[int, str, str | None, str]]:
    """Pattern, offer, answer and outcome of each exchange, the descriptions by their names."""
    return [
        (
            exchange.pattern,
            name(exchange.offer.body.data),
            name(exchange.answer.body.data) if exchange.answer else None,
            exchange.outcome.value,
        )
        for exchange in dialog.exchanges
    ]


def name(body: bytes) -> str:
    """What ``sdp`` was called with."""
    return body.decode().split("s=")[1].split("\r\n")[0]


def meanings(*messages: bytes) -> list[Meaning]:
    """What each of these messages meant to a tracker that has seen no others."""
    return play(Tracker(), messages)


INVITE = request("INVITE", 1, body=sdp("offer"))
OFFERLESS = request("INVITE", 1)
OK = response(200, 1, body=sdp("answer"))
ACK = request("ACK", 1, to="bob")

FRAGMENT = b"a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"


def info(cseq: int, by: str, to: str, body: bytes = FRAGMENT) -> bytes:
    """An INFO with a trickle fragment."""
    kind = "application/trickle-ice-sdpfrag"
    package = "Info-Package: trickle-ice"
    return request("INFO", cseq, package, by=by, to=to, body=body, body_type=kind)
