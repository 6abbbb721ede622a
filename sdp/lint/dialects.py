"""How ICE was written before RFC 5245 and beside it: recognised by name and explained."""

from __future__ import annotations

import re
from collections.abc import Callable

from sdp.ice import Candidate
from sdp.lines import tokens
from sdp.lint.rule import Hits, Severity, each_candidate, rule, shown
from sdp.lint.view import View

_M = "m=audio 5004 RTP/AVP 0\na=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\na=rtcp-mux\n"
_GOOD = _M + "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
_TCP = _GOOD + "a=candidate:2 1 {} 174453247 192.0.2.1 {} typ host{}\n"
_QVALUE = re.compile(r"[01](?:\.[0-9]{1,6})?", re.ASCII)
_PASSWORDS = frozenset(("password", "pwd"))
_TCP_DRAFT = frozenset(("TCP-ACT", "TCP-PASS", "TCP-SO"))
_TLS = frozenset(("SSLTCP", "XTLS", "TLS"))
_OLD_TYPES = frozenset(("local", "stun", "derived"))


def is_ice_06(value: bytes) -> bool:
    """Whether an a=candidate line is that of ICE draft 06, which has a password in it."""
    words = tokens(value)
    if len(words) < 7 or words[3].upper() not in {"UDP", "TCP"} | _TCP_DRAFT:
        return False
    return _QVALUE.fullmatch(words[4]) is not None


def is_historic_transport(candidate: Candidate) -> bool:
    """Whether a rule of this module explains the transport."""
    return candidate.transport.upper() in _TCP_DRAFT | _TLS


def is_historic_type(candidate: Candidate) -> bool:
    """Whether a rule of this module explains the type."""
    return candidate.type.lower() in _OLD_TYPES


def holds_password(candidate: Candidate) -> bool:
    """Whether credentials stand among the extensions, so that none of them may be shown."""
    return not _PASSWORDS.isdisjoint(word.lower() for word in candidate.raw)


@rule(
    "ICE901",
    Severity.WARNING,
    "Candidate of ICE draft 06",
    ("8839", "5.1"),
    why="Office Communicator and Lync write it for old peers: user name, component, password, "
    "transport, q value. Beside it they send a second body for RFC 5245 peers; use that one.",
    bad=_M + "a=candidate:uXk 1 tK2bYv9Xn3cLm UDP 0.830 192.0.2.1 5004\n",
    good=_GOOD,
)
def ice_06(view: View) -> Hits:
    """Report the lines; never what is in them."""
    for level in view.levels:
        for position, value in level.raw("candidate"):
            if is_ice_06(value):
                message = "a candidate of ICE draft 06 (Lync, with a password inside); peers that"
                yield level.hit(position, f"{message} know RFC 5245 or RFC 8839 ignore it")


@rule(
    "ICE902",
    Severity.WARNING,
    "TCP-ACT, TCP-PASS and TCP-SO",
    ("6544", "4.5"),
    why="The spelling of a draft, still sent by Lync. RFC 6544 writes TCP and tcptype instead.",
    bad=_TCP.format("TCP-PASS", 5004, ""),
    good=_TCP.format("TCP", 5004, " tcptype passive"),
)
@each_candidate
def draft_tcp(c: Candidate) -> str | None:
    """Report the transports of the ICE TCP draft."""
    if c.transport.upper() not in _TCP_DRAFT:
        return None
    return f"transport {shown(c.transport)} is the spelling of an old draft (Lync); peers ignore it"


def _attribute(name: str, message: str) -> Callable[[View], Hits]:
    """The first line of that name per level."""

    def check(view: View) -> Hits:
        for level in view.levels:
            for position in level.section.positions(name)[:1]:
                yield level.hit(position, f"a={name} {message}")

    return check


alt = rule(
    "ICE903",
    Severity.INFO,
    "a=alt of CounterPath",
    ("8839", "5.1"),
    why="eyeBeam and X-Lite offer further addresses so, from before ICE; nobody else reads it. The "
    "line holds a user name and a password.",
    bad=_M + "a=alt:1 1 : xyz abc 192.0.2.1 5004\n",
    good=_GOOD,
)(_attribute("alt", "is CounterPath's forerunner of ICE; other peers ignore it"))

x_candidate_ipv6 = rule(
    "ICE904",
    Severity.INFO,
    "x-candidate-ipv6 of Lync",
    ("8839", "5.1"),
    why="IPv6 candidates are hidden in it from peers that choke on IPv6; peers other than "
    "Microsoft's see no IPv6 candidate.",
    bad=_GOOD + "a=x-candidate-ipv6:2 1 UDP 2130705918 2001:db8::1 5004 typ host\n",
    good=_GOOD + "a=candidate:2 1 UDP 2130705918 2001:db8::1 5004 typ host\n",
)(_attribute("x-candidate-ipv6", "hides an IPv6 candidate (Lync); other peers ignore it"))

x_candidate_info = rule(
    "ICE905",
    Severity.INFO,
    "x-candidate-info",
    ("8839", "5.1"),
    why="Lync and some phones tell the kind of network of a candidate so; others ignore it.",
    bad=_GOOD + "a=x-candidate-info:1 network-type=wlan\n",
    good=_GOOD,
)(_attribute("x-candidate-info", "tells the network of a candidate (Lync); other peers ignore it"))


@rule(
    "ICE906",
    Severity.WARNING,
    "Candidate type of an old draft",
    ("8839", "5.1"),
    why="typ local is host today, typ stun and typ derived are srflx. Peers ignore the candidate.",
    bad=_M + "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ local\n",
    good=_GOOD,
)
@each_candidate
def old_type(c: Candidate) -> str | None:
    """Report the type names of the early drafts."""
    if not is_historic_type(c):
        return None
    today = "host" if c.type.lower() == "local" else "srflx"
    return f"typ {c.type} of an old draft is {today} today; peers ignore the candidate"


@rule(
    "ICE907",
    Severity.WARNING,
    "Credentials inside a candidate",
    ("8839", "5.4"),
    why="Google's dialect gave each candidate a user name and a password of its own. Today's peers "
    "use ice-ufrag and ice-pwd and ignore these.",
    bad=_GOOD.replace("typ host", "typ host username Us password bb2g generation 0"),
    good=_GOOD.replace("typ host", "typ host generation 0"),
)
@each_candidate
def google_credentials(c: Candidate) -> str | None:
    """Report candidates with a password; never what it is."""
    if not holds_password(c):
        return None
    return "user name and password inside a candidate (Google's old dialect); peers ignore them"


@rule(
    "ICE908",
    Severity.INFO,
    "TLS candidate",
    ("8839", "5.1"),
    why="ssltcp is Google's pretended TLS, xTLS that of Webex; other peers ignore the candidate.",
    bad=_TCP.format("ssltcp", 443, ""),
    good=_TCP.format("TCP", 443, " tcptype passive"),
)
@each_candidate
def tls(c: Candidate) -> str | None:
    """Report the private transports over TLS."""
    if c.transport.upper() not in _TLS:
        return None
    return f"transport {shown(c.transport)} is private to its vendor; peers ignore the candidate"


x_nat = rule(
    "ICE909",
    Severity.INFO,
    "X-nat of PJSIP",
    ("8866", "5.13"),
    why="It tells the type of NAT that PJSIP believes to sit behind; others ignore it.",
    bad=_GOOD + "a=X-nat:5\n",
    good=_GOOD,
)(_attribute("X-nat", "tells the NAT type (PJSIP); other peers ignore it"))


@rule(
    "ICE910",
    Severity.WARNING,
    "google-ice",
    ("8839", "5.6"),
    why="The dialect of browsers before 2013, with other checks than those of RFC 5245.",
    bad=_M + "a=ice-options:google-ice\n",
    good=_M + "a=ice-options:ice2\n",
)
def google_ice(view: View) -> Hits:
    """Report the option google-ice."""
    for level in view.levels:
        if "google-ice" in level.options:
            message = "option google-ice is that of browsers before RFC 5245; peers ignore it"
            yield level.hit(level.at("ice-options"), message)


@rule(
    "ICE911",
    Severity.INFO,
    "ANAT group",
    ("5888", "5"),
    why="RFC 4091 offered IPv4 and IPv6 in two sections so; it is obsolete, ICE replaces it.",
    bad="a=group:ANAT 1 2\n" + _M + "a=mid:1\nm=audio 5006 RTP/AVP 0\na=mid:2\n",
    good=_GOOD,
)
def anat(view: View) -> Hits:
    """Report groups of alternative addresses."""
    for position, value in view.session.lines("group"):
        if value.split(" ")[0].upper() == "ANAT":
            message = "a=group:ANAT is obsolete (RFC 4091); peers take the sections for two streams"
            yield view.session.hit(position, message)
