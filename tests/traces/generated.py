"""Descriptions too large to keep as files; made anew, always the same bytes."""

from collections.abc import Callable

_CRLF = "\r\n"
_SESSION = (
    "v=0",
    "o=mcu 8012 8013 IN IP4 198.51.100.90",
    "s=large",
    "c=IN IP4 198.51.100.90",
    "t=0 0",
)
_CREDENTIALS = ("a=ice-ufrag:many", "a=ice-pwd:manymanymanymanymanyma")


def many_candidates(count: int = 500) -> bytes:
    """One section with so many candidates, the default destination among them."""
    lines = [*_SESSION, "m=audio 20000 RTP/AVP 8", *_CREDENTIALS]
    lines.append("a=candidate:1 1 UDP 2130706431 198.51.100.90 20000 typ host")
    for number in range(1, count):
        address = f"2001:db8:90::{number:x}"
        lines.append(
            f"a=candidate:{number + 1} 1 UDP {2130706431 - number} {address} 20000 typ host"
        )
    return (_CRLF.join(lines) + _CRLF).encode()


def many_sections(count: int = 256) -> bytes:
    """A conference with so many sections in one bundle."""
    mids = " ".join(str(number) for number in range(count))
    lines = [*_SESSION, f"a=group:BUNDLE {mids}", *_CREDENTIALS]
    for number in range(count):
        lines += [
            f"m={'audio 20000 RTP/AVP 8' if number == 0 else 'video 0 RTP/AVP 96'}",
            f"a=mid:{number}",
            "a=rtcp-mux" if number == 0 else "a=bundle-only",
            f"a=rtpmap:{'8 PCMA/8000' if number == 0 else '96 VP8/90000'}",
        ]
    return (_CRLF.join(lines) + _CRLF).encode()


GENERATED: dict[str, Callable[[], bytes]] = {
    "generated/candidates-500.sdp": many_candidates,
    "generated/conference-256-sections.sdp": many_sections,
}
