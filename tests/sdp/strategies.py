"""Texts that hypothesis makes: bytes near SDP, and candidates that may be written."""

from hypothesis import strategies as st

from sdp import Candidate, Credentials
from sdp.ice import CANDIDATE_TYPES

ICE_CHARS = "ABCxyz0189+/"
TOKEN_CHARS = "Az09!#$%&'*+-.^_`{|}~"

_PIECES = (
    *(b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"m=", b"\rm=", b"\nm=", b"a=", b"c=", b"="),
    *(
        b"\0",
        b"\xff",
        b"\x85",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"\x0b",
        b"\x0c",
        b"\x1c",
        b" ",
        b"\t",
    ),
    b"m=audio 9 RTP/AVP 0",
    b"m=video 5000/2 RTP/AVP 96 97",
    b"a=candidate:1 1 UDP 1 192.0.2.1 9 typ host",
    *(b"a=ice-ufrag:abcd", b"a=ICE-PWD:x", b"a=rtcp:9", b"a=mid:0", b"a= ice-lite", b"a=ice-lite"),
    *(
        b"o=- 1 1 IN IP4 192.0.2.1",
        b"c=IN IP4 192.0.2.1",
        b"v=0",
        b"i=",
        b"x",
        b"a=end-of-candidates",
    ),
)

any_text = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from(_PIECES), max_size=24).map(b"".join),
    st.lists(st.sampled_from(_PIECES) | st.binary(max_size=4), max_size=16).map(b"".join),
)
"""Every mix of line ends, NUL, bytes that are no UTF-8, texts that begin with m= or just stop."""


def line_of(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most)


ufrags = line_of(ICE_CHARS, 4, 32)
credentials = st.builds(Credentials, ufrags, line_of(ICE_CHARS, 22, 60))

addresses = st.ip_addresses().map(str)
ports = st.integers(1, 65535)
tokens = line_of(TOKEN_CHARS, 1, 8)
_extensions = st.lists(
    st.tuples(
        tokens.filter(lambda name: name not in ("typ", "raddr", "rport", "tcptype")),
        line_of("".join(map(chr, range(33, 127))), 1, 8),
    ),
    max_size=3,
).map(tuple)


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    """A candidate that may be written."""
    kind = draw(st.sampled_from(sorted(CANDIDATE_TYPES)) | tokens)
    transport = draw(st.sampled_from(("UDP", "TCP", "udp")) | tokens)
    related = kind in CANDIDATE_TYPES - {"host"} or (kind != "host" and draw(st.booleans()))
    kinds = st.sampled_from(("active", "passive", "so"))
    return Candidate(
        foundation=draw(line_of(ICE_CHARS, 1, 32)),
        component=draw(st.integers(1, 256)),
        transport=transport,
        priority=draw(st.integers(1, 2**31 - 1)),
        address=draw(addresses),
        port=draw(ports),
        type=kind,
        related_address=draw(addresses) if related else None,
        related_port=draw(st.integers(0, 65535)) if related else None,
        tcptype=draw(kinds) if transport.upper() == "TCP" else draw(st.none() | tokens),
        extensions=draw(_extensions),
    )
