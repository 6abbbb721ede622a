"""Fuzzes the values of single lines: read or refused with SdpError, and written strictly."""

import re
from collections.abc import Callable

from sdp import (
    Bandwidth,
    Candidate,
    Connection,
    Crypto,
    Fingerprint,
    Fmtp,
    Group,
    MediaLine,
    Origin,
    Rtcp,
    Rtpmap,
    SdpError,
    Timing,
)
from sdp.ice import format_remote_candidates, parse_remote_candidates, why_unusable
from tests.fuzz.harness import main
from tests.fuzz.sdp_seeds import WORDS, value_seeds

# RFC 8839 §5.1, with what RFC 8445 says of the ranges left to the numbers below.
_STRICT = re.compile(
    rb"[A-Za-z0-9+/]{1,32} \d{1,3} [!#-'*+\-.0-9A-Z^-~]+ \d{1,10} [0-9A-Za-z.:-]+ \d{1,5}"
    rb" typ [!#-'*+\-.0-9A-Z^-~]+( raddr [0-9A-Fa-f.:]+)?( rport \d{1,5})?"
    rb"( [!#-'*+\-.0-9A-Z^-~]+ [!-~]*)*"
)
_OTHERS: tuple[Callable[[bytes], object], ...] = (
    Bandwidth.parse,
    Connection.parse,
    Crypto.parse,
    Fingerprint.parse,
    Fmtp.parse,
    Group.parse,
    MediaLine.parse,
    Origin.parse,
    Rtcp.parse,
    Rtpmap.parse,
    Timing.parse,
)


def body(data: bytes) -> None:
    value = data.translate(None, b"\r\n")
    _candidate(value)
    _remote_candidates(value)
    for parse in _OTHERS:
        try:
            view = parse(value)
        except SdpError:
            continue
        assert repr(view)
        # What the view writes it reads again as the same.
        assert parse(str(view).encode("utf-8", "surrogateescape")) == view


def _candidate(value: bytes) -> None:
    try:
        candidate = Candidate.parse(value)
    except SdpError:
        return
    words = " ".join(candidate.raw).encode("utf-8", "surrogateescape").split()
    told = re.sub(rb"(?i)^\s*(a=)?candidate:", b"", value).split()
    assert words == told or words == value.split()
    assert repr(candidate)
    assert why_unusable(candidate) is None or why_unusable(candidate)
    assert candidate.ip is None or candidate.ip
    try:
        written = candidate.to_bytes()
    except SdpError:
        return
    assert _STRICT.fullmatch(written), written
    assert 1 <= candidate.component <= 256
    assert 1 <= candidate.priority < 2**31
    assert Candidate.parse(written) == candidate
    assert Candidate.parse(written).to_bytes() == written


def _remote_candidates(value: bytes) -> None:
    try:
        entries = parse_remote_candidates(value)
        written = format_remote_candidates(entries)
    except SdpError:
        return
    assert sorted(parse_remote_candidates(written), key=repr) == sorted(entries, key=repr)


if __name__ == "__main__":
    main(body, value_seeds(), WORDS)
