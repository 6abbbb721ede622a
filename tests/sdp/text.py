"""How the tests write descriptions down: a line is a text, and lines end with CRLF."""

import sdp

SESSION = ("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0")
ICE = ("a=ice-options:ice2", "a=ice-ufrag:8hhY", "a=ice-pwd:asd88fgpdd777uzjYhagZg")
HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host"


def crlf(*lines: str) -> bytes:
    return b"".join(line.encode() + b"\r\n" for line in lines)


def described(*lines: str) -> sdp.SessionDescription:
    """A description with the usual session lines and then these."""
    return sdp.parse(crlf(*SESSION, *lines))


def section(*lines: str) -> sdp.MediaDescription:
    """The only media section of such a description; its m= line is there already."""
    return described("m=audio 5004 RTP/AVP 0", *lines).media[0]
