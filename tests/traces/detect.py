"""Tells by plain regular expressions whether bytes show a quirk of quirks.csv.

Knows nothing of the packages under test, so that the traces are judged by other eyes.
A pattern sees the text with every line end made LF; a function sees the bytes as they are.
"""

import re
from collections.abc import Callable

_FLAGS = re.MULTILINE
_LINE_END = re.compile(rb"\r\n|\n|\r")


def plain(data: bytes) -> bytes:
    """The text with every line end made LF."""
    return _LINE_END.sub(b"\n", data)


def session(data: bytes) -> bytes:
    """The part in front of the first m= line."""
    return re.split(rb"^m=", plain(data), maxsplit=1, flags=_FLAGS)[0]


def sections(data: bytes) -> list[bytes]:
    """The parts that begin with an m= line."""
    return [b"m=" + part for part in re.split(rb"^m=", plain(data), flags=_FLAGS)[1:]]


def has(pattern: bytes, data: bytes) -> bool:
    return re.search(pattern, data, _FLAGS) is not None


def count(pattern: bytes, data: bytes) -> int:
    return len(re.findall(pattern, data, _FLAGS))


def _in_session(pattern: bytes) -> Callable[[bytes], bool]:
    return lambda data: has(pattern, session(data))


def _in_a_section(*patterns: bytes) -> Callable[[bytes], bool]:
    return lambda data: any(all(has(p, s) for p in patterns) for s in sections(data))


def _twice_in_a_section(pattern: bytes) -> Callable[[bytes], bool]:
    return lambda data: any(count(pattern, s) > 1 for s in sections(data))


def _without(pattern: bytes, absent: bytes) -> Callable[[bytes], bool]:
    return lambda data: has(pattern, plain(data)) and not has(absent, plain(data))


def _lacks(pattern: bytes) -> Callable[[bytes], bool]:
    return lambda data: not has(pattern, plain(data))


def _is_not_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _default_is_no_candidate(data: bytes) -> bool:
    for part in sections(data):
        address = re.search(rb"^c=IN IP[46] (\S+)", part + session(data), _FLAGS)
        port = re.match(rb"m=\S+ (\d+)", part)
        known = re.findall(rb"^a=candidate:\S+ 1 \S+ \d+ (\S+ \d+)", part, _FLAGS)
        if known and address and port and address[1] + b" " + port[1] not in known:
            return True
    return False


def _two_sections_share_a_port(data: bytes) -> bool:
    ports = re.findall(rb"^m=\S+ ([1-9]\d*) ", plain(data), _FLAGS)
    return len(set(ports)) < len(ports) and not has(rb"^a=group:BUNDLE", plain(data))


def _ufrags_differ(data: bytes) -> bool:
    each = [re.findall(rb"^a=ice-ufrag:(\S+)", s, _FLAGS) for s in sections(data)]
    return len({u[0] for u in each if u}) > 1


def _some_sections_lack_candidates(data: bytes) -> bool:
    return {has(rb"^a=candidate:", s) for s in sections(data)} == {True, False}


def _bundled_without_mid(data: bytes) -> bool:
    bundled = has(rb"^a=group:BUNDLE ", plain(data))
    return bundled and any(not has(rb"^a=mid:", s) for s in sections(data))


_C = rb"^a=candidate:\S+ \d+ "

PATTERNS: dict[str, bytes] = {
    "tab-inside": rb"\t",
    "blank-line-inside": rb"^\n(?=[a-z]=)",
    "blank-lines-at-end": rb"\n\n\Z",
    "trailing-blank": rb"[^=] +$",
    "junk-line": rb"^(?![A-Za-z]=).+$",
    "unknown-letter": rb"^[^vosiuepcbtrzkam\n]=",
    "blank-after-colon": rb"^a=(?:rtpmap|fmtp|ptime): ",
    "empty-s": rb"^s=$",
    "one-blank-s": rb"^s= $",
    "t-before-c": rb"\A(?:(?!m=).*\n)*t=.*\nc=",
    "c-after-a": rb"^a=.*\nc=",
    "o-huge-numbers": rb"^o=\S+ (?:\d{20,} |\d+ \d{20,})",
    "o-not-numeric": rb"^o=\S+ (?=\S*[^\d\s])\S+ ",
    "o-host-name": rb"^o=.* IN IP4 [a-z]",
    "c-zero": rb"^c=IN IP4 0\.0\.0\.0$",
    "c-zero-real-port": rb"^c=IN IP4 0\.0\.0\.0$[^\0]*^m=\S+ [1-9]\d+ ",
    "c-zero-v6": rb"^c=IN IP6 ::$",
    "c-host-name": rb"^c=IN IP4 [a-z]",
    "c-ttl": rb"^c=IN IP4 [\d.]+/\d+/\d+$",
    "c-swapped": rb"^c=IN [\d.]+ IP4$",
    "address-type-lies": rb"^c=IN IP4 [\da-f]*:",
    "c-v6": rb"^c=IN IP6 2001:",
    "zone-id": rb"fe80:[\da-f:]+%\w+",
    "port-zero": rb"^m=\S+ 0 ",
    "port-nine": rb"^m=\S+ 9 ",
    "port-one": rb"^m=\S+ 1 ",
    "port-leading-zeros": rb"^m=\S+ 0\d+ ",
    "port-count": rb"^m=\S+ \d+/\d+ ",
    "no-format": rb"^m=\S+ \S+ \S+$",
    "format-star": rb"^m=.* \*$",
    "format-word": rb"^m=.* [a-z][a-z-]+$",
    "m-double-blank": rb"^m=.*  ",
    "m-name-punctuated": rb"^m=[^ ]*[-.][^ ]* ",
    "m-proto-lower": rb"^m=\S+ \d+ (?:rtp/avp|tcp) ",
    "m-proto-unusual": rb"^m=\S+ \d+ (?:UDP/UDT/IX|TCP/TLS/RTP/SAVPF) ",
    "t38-fax": rb"^m=image \d+ udptl t38$",
    "long-line": rb"^.{1001}",
    "key-line": rb"^k=",
    "repeat-and-zone-lines": rb"^r=.*\n(?:.*\n)*?z=",
    "unknown-bandwidth": rb"^b=(?!AS|CT|TIAS|RS|RR)[^:]+:",
    "rtcp-port-only": rb"^a=rtcp:\d+$",
    "rtcp-with-address": rb"^a=rtcp:\d+ IN IP4 ",
    "rtcp-mux-only": rb"^a=rtcp-mux-only$",
    "ufrag-short": rb"^a=ice-ufrag:.{1,3}$",
    "pwd-short": rb"^a=ice-pwd:.{1,21}$",
    "not-ice-char": rb"^a=ice-(?:ufrag|pwd):(?=.*[^A-Za-z0-9+/\n])",
    "ufrag-looks-numeric": rb"^a=ice-ufrag:(?:\d+|\d+e\d+)$",
    "blank-before-ufrag": rb"^a=ice-ufrag: ",
    "options-several-tokens": rb"^a=ice-options:\S+ \S",
    "mismatch": rb"^a=ice-mismatch$",
    "pacing": rb"^a=ice-pacing:\d+$",
    "remote-candidates": rb"^a=remote-candidates:\d+ \S+ \d+",
    "transport-lower": _C + rb"udp ",
    "transport-upper": _C + rb"UDP ",
    "transport-odd-case": _C + rb"Udp ",
    "tcp-with-tcptype": _C + rb"TCP .* tcptype (?:active|passive|so)$",
    "tcp-without-tcptype": _C + rb"tcp (?!.*tcptype)",
    "tcp-act": _C + rb"TCP-(?:ACT|PASS) ",
    "transport-unknown": _C + rb"(?:ssltcp|xTLS) ",
    "alt-lines": rb"^a=alt:\d+ \d+ : ",
    "candidate-host-name": _C + rb"UDP \d+ [\w-]+\.example\.net ",
    "candidate-mdns": _C + rb"udp \d+ [\da-f-]{36}\.local ",
    "candidate-v6": _C + rb"\S+ \d+ [\da-f]+:[\da-f:]+ ",
    "candidate-v6-brackets": _C + rb"\S+ \d+ \[[\da-f:]+\] ",
    "candidate-unspecified": _C + rb"\S+ \d+ (?:0\.0\.0\.0|::) ",
    "candidate-port-0": _C + rb"\S+ \d+ \S+ 0 ",
    "candidate-port-9": _C + rb"\S+ \d+ \S+ 9 ",
    "raddr-hidden": rb" raddr 0\.0\.0\.0 rport [09]$",
    "srflx-without-raddr": rb" typ (?:srflx|relay)(?! raddr)",
    "host-with-raddr": rb" typ host raddr \S+ rport \d+",
    "raddr-without-rport": rb" raddr \S+(?! rport)(?:$| )",
    "type-unknown": rb" typ (?!host|srflx|prflx|relay)[a-z]+",
    "no-typ": rb"^a=candidate:(?!.* typ ).*$",
    "type-upper": rb" typ HOST$",
    "ext-generation": rb" typ .* generation \d+",
    "ext-ufrag": rb" typ .* ufrag \S+",
    "ext-network": rb" typ .* network-id \d+ network-cost \d+",
    "ext-unknown": rb" typ .* vendor-hint \S+",
    "ext-odd": rb" typ host(?: \S+ \S+)* \S+$",
    "component-odd": rb"^a=candidate:\S+ (?:0|[3-9]|\d{2,}) ",
    "priority-odd": rb"^a=candidate:\S+ \d+ \S+ (?:0|[4-9]\d{9}|\d{11,}) ",
    "bundle": rb"^a=group:BUNDLE ",
    "other-groups": rb"^a=group:(?:ANAT|LS) ",
    "fingerprint-case": rb"^a=fingerprint:SHA-\d+ [\da-f:]+$",
    "crypto": rb"^a=crypto:\d+ ",
    "capability-negotiation": rb"^a=(?:acap|tcap|pcfg):",
    "x-nat": rb"^a=X-nat:",
    "siprec-labels": rb"^a=label:",
    "proxy-marks": rb"^a=(?:nortpproxy|oldmediaip|oldcip|rtpengine):",
    "attribute-upper": rb"^a=(?:ICE-UFRAG|Ice-Pwd|Candidate):",
    "msid-semantic-blank": rb"^a=msid-semantic: ",
    "setup-holdconn": rb"^a=setup:holdconn$",
    "sctp": rb"^m=application \d+ DTLS/SCTP \d+$",
    "msrp": rb"^m=message \d+ TCP/MSRP ",
    "candidate-double-blank": rb"^a=candidate:.*  ",
    "form-feed": rb"[\x0b\x0c]",
    "leading-blank-line": rb"\A\n",
    "ice-06-candidate": rb"^a=candidate:\S+ \d \S+ UDP 0\.\d+ ",
    "x-candidate-info": rb"^a=candidate:.*\na=x-candidate-info:",
    "ufrag-long": rb"^a=ice-ufrag:.{256}$",
    "foundation-odd": rb"^a=candidate:(?:\S{33,}|\S*[^\s\w+/]\S*) ",
    "foundation-zeros": rb"^a=candidate:0\d+ ",
    "hex-and-signs-in-numbers": rb"^a=candidate:\S+ 01 \S+ \+\d+ .*\n.* 0x[\da-f]+ ",
}

CHECKS: dict[str, Callable[[bytes], bool]] = {
    "bare-lf": lambda d: b"\n" in d and b"\r" not in d,
    "mixed-ends": lambda d: has(rb"\r\n", d) and has(rb"(?<!\r)\n", d),
    "bare-cr": lambda d: b"\r" in d and b"\n" not in d,
    "cr-before-crlf": lambda d: b"\r\r\n" in d,
    "no-final-end": lambda d: not d.endswith((b"\r", b"\n")),
    "nul-byte": lambda d: b"\0" in d,
    "non-utf8": _is_not_utf8,
    "utf8-text": lambda d: not d.isascii() and not _is_not_utf8(d),
    "next-line-character": lambda d: "\u0085" in d.decode() and "\u2028" in d.decode(),
    "no-s": _lacks(rb"^s="),
    "no-t": _lacks(rb"^t="),
    "no-o": _lacks(rb"^o="),
    "no-section": _lacks(rb"^m="),
    "c-nowhere": _lacks(rb"^c="),
    "attributes-before-t": lambda d: has(rb"^a=.*\nt=.*\nb=", session(d)),
    "c-media-only": lambda d: not has(rb"^c=", session(d)) and _in_a_section(rb"^c=")(d),
    "c-both-levels": lambda d: has(rb"^c=", session(d)) and _in_a_section(rb"^c=")(d),
    "several-c": _twice_in_a_section(rb"^c="),
    "two-sections-one-port": _two_sections_share_a_port,
    "many-sections": lambda d: len(sections(d)) >= 8,
    "huge": lambda d: len(d) > 16384,
    "rtcp-without-mux": _without(rb"^a=rtcp:", rb"^a=rtcp-mux"),
    "two-components": _without(rb"^a=candidate:\S+ 2 ", rb"^a=rtcp-mux"),
    "credentials-session-only": lambda d: (
        has(rb"^a=ice-ufrag:", session(d)) and not _in_a_section(rb"^a=ice-ufrag:")(d)
    ),
    "credentials-both-levels": lambda d: (
        has(rb"^a=ice-ufrag:", session(d)) and _in_a_section(rb"^a=ice-ufrag:")(d)
    ),
    "ufrag-repeated": _twice_in_a_section(rb"^a=ice-ufrag:"),
    "ufrag-per-section": _ufrags_differ,
    "options-several-lines": lambda d: count(rb"^a=ice-options:", plain(d)) > 1,
    "options-media-level": _in_a_section(rb"^a=ice-options:"),
    "lite": _in_session(rb"^a=ice-lite$"),
    "lite-media-level": _in_a_section(rb"^a=ice-lite$"),
    "end-of-candidates": _in_a_section(rb"^a=end-of-candidates$"),
    "end-of-candidates-session": _in_session(rb"^a=end-of-candidates$"),
    "candidates-session-level": _in_session(rb"^a=candidate:"),
    "candidates-without-ufrag": _without(rb"^a=candidate:", rb"^a=ice-ufrag:"),
    "ufrag-without-candidates": _without(rb"^a=ice-ufrag:", rb"^a=candidate:"),
    "section-without-candidates": _some_sections_lack_candidates,
    "pwd-missing": _without(rb"^a=ice-ufrag:", rb"^a=ice-pwd:"),
    "many-candidates": lambda d: any(count(rb"^a=candidate:", s) >= 20 for s in sections(d)),
    "default-not-a-candidate": _default_is_no_candidate,
    "bundle-only": _in_a_section(rb"^m=\S+ 0 ", rb"^a=bundle-only$"),
    "bundle-without-mid": _bundled_without_mid,
    "several-fingerprints": _twice_in_a_section(rb"^a=fingerprint:"),
    "ptime-session-level": _in_session(rb"^a=ptime:"),
    "inactive-and-zero": lambda d: (
        has(rb"^c=IN IP4 0\.0\.0\.0$", plain(d)) and _in_a_section(rb"^a=inactive$")(d)
    ),
}


def shows(code: str, data: bytes) -> bool:
    """Whether these bytes show the quirk of that code."""
    if code in CHECKS:
        return CHECKS[code](data)
    return has(PATTERNS[code], plain(data))
