"""SIP messages and descriptions of a short call, for captures made in tests."""

from __future__ import annotations

from tests.capture import writer

START = 1_700_000_000.0
PWD_A, PWD_B = "a" * 22, "b" * 22


def description(
    user: str, host: str, *more: str, version: int = 1, port: int = 5000, ice: str = ""
) -> bytes:
    """One audio stream; with a ufrag it has ICE and one candidate."""
    lines = ["v=0", f"o={user} 1 {version} IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
    if ice:
        lines += ["a=ice-options:ice2", f"a=ice-ufrag:{ice}", f"a=ice-pwd:{ice[-1] * 22}"]
    lines += [f"m=audio {port} RTP/AVP 0", "a=rtcp-mux", *more]
    if ice:
        lines.append(f"a=candidate:1 1 UDP 2130706431 {host} {port} typ host")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def message(
    first: str, cseq: str, body: bytes = b"", *, to_tag: str = "", call_id: str = "call-1"
) -> bytes:
    """A message of the call from Alice to Bob."""
    tag = f";tag={to_tag}" if to_tag else ""
    branch = cseq.replace(" ", "")
    lines = [
        first,
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{branch}",
        'From: "Alice" <sip:alice@example.org>;tag=a1',
        f"To: <sip:bob@example.org>{tag}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq}",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii") + b"\r\n" + body


def invite(body: bytes, cseq: int = 1, *, to_tag: str = "", call_id: str = "call-1") -> bytes:
    line = "INVITE sip:bob@example.org SIP/2.0"
    return message(line, f"{cseq} INVITE", body, to_tag=to_tag, call_id=call_id)


def answer(body: bytes, cseq: int = 1, *, status: str = "200 OK", to_tag: str = "b1") -> bytes:
    return message(f"SIP/2.0 {status}", f"{cseq} INVITE", body, to_tag=to_tag)


def call() -> list[bytes]:
    """An offer with ICE answered without, then a re-INVITE that restarts, answered with ICE."""
    return [
        there(invite(description("alice", "192.0.2.1", ice="aaaa"))),
        back(answer(description("bob", "192.0.2.2"))),
        there(invite(description("alice", "192.0.2.1", ice="cccc", version=2), 2, to_tag="b1")),
        back(answer(description("bob", "192.0.2.2", ice="bbbb", version=2), 2)),
    ]


def there(data: bytes) -> bytes:
    """A packet from Alice to Bob."""
    return writer.udp(data)


def back(data: bytes) -> bytes:
    """A packet from Bob to Alice."""
    return writer.udp(data, writer.BOB, writer.ALICE)


def capture(*packets: bytes) -> bytes:
    """A capture of these packets, in our days."""
    return writer.pcap(packets, start=START)
