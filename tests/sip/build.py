"""SIP messages for tests, written as a person would write them down."""

from __future__ import annotations

_SDP = """v=0
o=- {0} {0} IN IP4 192.0.2.{0}
s=-
c=IN IP4 192.0.2.{0}
t=0 0
m=audio 4000 RTP/AVP 0
""".replace("\n", "\r\n")

OFFER = _SDP.format(1).encode()
ANSWER = _SDP.format(2).encode()


def sip(first: str, *headers: str, body: bytes = b"", body_type: str = "application/sdp") -> bytes:
    """A message with these lines; Content-Type and Content-Length are added where they belong."""
    lines = [first, *headers]
    if body:
        lines.append(f"Content-Type: {body_type}")
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def invite(*extra: str, body: bytes = OFFER, body_type: str = "application/sdp") -> bytes:
    """A plain INVITE."""
    return sip(
        "INVITE sip:bob@example.com SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKinvite",
        "From: Alice <sip:alice@example.com>;tag=alice",
        "To: <sip:bob@example.com>",
        "Call-ID: call@192.0.2.1",
        "CSeq: 1 INVITE",
        "Contact: <sip:alice@192.0.2.1>",
        *extra,
        body=body,
        body_type=body_type,
    )


def multipart(boundary: str, *parts: bytes, final: bool = True) -> bytes:
    """A multipart body of ready-made parts (headers, blank line, content)."""
    delimiter = b"--" + boundary.encode() + b"\r\n"
    joined = b"".join(delimiter + part + b"\r\n" for part in parts)
    return joined + (b"--" + boundary.encode() + b"--\r\n" if final else b"")


def part(content: bytes, *headers: str) -> bytes:
    """One part of a multipart body."""
    return "".join(line + "\r\n" for line in headers).encode() + b"\r\n" + content
