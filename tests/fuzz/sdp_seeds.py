"""Where the fuzzing of sdp starts: the traces, and words that a mutant may get."""

from functools import cache

from tests.traces.corpus import foreign_traces, own_traces

_SMALL = 8192

WORDS = [
    *(b"\r", b"\n", b"\r\n", b"\r\r\n", b"\0", b" ", b"\t", b":", b"=", b"/", b"%", b"[", b"]"),
    *(b"\x85", b"\xe2\x80\xa8", b"\xff", b"-1", b"0", b"9", b"65536", b"4294967296", b"9" * 5000),
    *("٣".encode(), "²".encode(), b"+5", b"0x10", b"1_000", b"nan", b"1e5"),
    *(b"m=audio 4000 RTP/AVP 0\r\n", b"m=", b"m=video 0 UDP/TLS/RTP/SAVPF 96\r\n", b"m=audio 9 a"),
    *(b"c=IN IP4 0.0.0.0\r\n", b"c=IN IP6 ::\r\n", b"c=", b"c=IN IP4 233.252.0.1/127/3\r\n"),
    *(b"a=", b"a=rtcp:9", b"a=rtcp-mux\r\n", b"a=mid:0\r\n", b"a=group:BUNDLE 0 1\r\n"),
    *(b"a=ice-ufrag:", b"a=ice-pwd:", b"a=ice-lite\r\n", b"a=ice-options:", b"a=ice-pacing:50"),
    b"a=candidate:1 1 UDP 2130706431 192.0.2.1 4000 typ host",
    b"a=remote-candidates:1 192.0.2.1 4000",
    *(b"a=end-of-candidates\r\n", b"a=ice-mismatch\r\n", b"a=bundle-only\r\n"),
    *(b" raddr 0.0.0.0 rport 9", b" tcptype active", b" typ ", b"b=RS:0\r\nb=RR:0\r\n"),
    *(b"192.0.2.1", b"2001:db8::1", b"fe80::1%eth0", b"x.local", b"::", b"255.255.255.256"),
]

# Inputs that once showed a fault.
FOUND = [
    b"v=0\r\no=lin 3723 713 IN IP4 192.0.2.2 \r\ns=-\r\n",
    b"o=- 1 1 I=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n",
    b"m=audio " + b"9" * 5000 + b" RTP/AVP 0\r\n",
    b"m=& 7031257164384765625/9055676269501915625 A",
    b"m=audio 9 RTP/AVP 0\na=mid:1\n",
    b"m=\x0b 8 4",
    b"m=\xe0 9 RTP/AVP\r\n",
    b"v=0\r\nm=video 9 RTP/AVP 97\na=candidate:3 1 UDP 2130706431 192.0.2.55 1 typ host",
    b"x\n\r\n\r\na=candidate:1 1 UDP 1 192.0.2.1 1 typ host",
    b"v=0\r\nm=video 4 RTP/AVP 31\r\nc=IN IP4 233.252.0.1/127\r\na=mid:0\r\na=x\r\na=y\r\n"
    b"c=IN IP4 233.252.0.2/127\r\n",
]


@cache
def description_seeds() -> list[bytes]:
    """Small descriptions and fragments of our own, foreign fuzz inputs, and old faults."""
    own = [trace.data for trace in own_traces() if len(trace.data) < _SMALL]
    foreign = [trace.data for trace in foreign_traces() if trace.name.endswith(".fuzz")]
    return own + foreign + FOUND


def value_seeds() -> list[bytes]:
    """The values of all lines of these descriptions, each once."""
    values = {
        line[2:].partition(b":")[2] or line[2:]
        for data in description_seeds()
        for line in data.splitlines()
    }
    return sorted(values)
