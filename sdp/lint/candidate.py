"""RFC 8839 §5.1, RFC 6544 §4.5: the leading fields of each a=candidate line."""

from __future__ import annotations

from sdp.errors import SdpError
from sdp.ice import (
    MAX_COMPONENT,
    MAX_PRIORITY,
    TCP_TYPES,
    Candidate,
    is_ice_chars,
)
from sdp.lint.dialects import is_historic_transport, is_ice_06
from sdp.lint.rule import Hits, Severity, each_candidate, rule, shown
from sdp.lint.view import View

_M = "m=audio 5004 RTP/AVP 0\na=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\na=rtcp-mux\n"
_GOOD = _M + "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host\n"
_TCP = "a=candidate:1 1 TCP 2124414975 192.0.2.1 5004 typ host"


def _line(value: str) -> str:
    return _M + f"a=candidate:{value}\n"


@rule(
    "ICE201",
    Severity.ERROR,
    "Candidate cannot be read",
    ("8839", "5.1"),
    why="It begins with foundation, component, transport, priority, address and port. A peer "
    "ignores the line or refuses the description.",
    bad=_line("1 1 UDP high 192.0.2.1 5004 typ host"),
    good=_GOOD,
)
def unreadable(view: View) -> Hits:
    """Report lines that are no candidate, other than those of draft 06."""
    for level in view.levels:
        for position, value in level.raw("candidate"):
            try:
                Candidate.parse(value)
            except SdpError as error:
                if not is_ice_06(value):
                    few = "fields" in error.reason
                    what = error.reason if few else "component, priority or port is no number"
                    yield level.hit(position, f"{what}; peers ignore the candidate")


@rule(
    "ICE202",
    Severity.ERROR,
    "Component out of range",
    ("8839", "5.1"),
    why="Components are 1 to 256: 1 is RTP and 2 is RTCP.",
    bad=_line("1 0 UDP 2130706431 192.0.2.1 5004 typ host"),
    good=_GOOD,
)
@each_candidate
def component(c: Candidate) -> str | None:
    """Report 0 and numbers above 256."""
    if 1 <= c.component <= MAX_COMPONENT:
        return None
    return f"component {c.component} is not between 1 and 256; peers ignore the candidate"


@rule(
    "ICE203",
    Severity.ERROR,
    "Priority out of range",
    ("8839", "5.1"),
    why="Priorities are 1 to 2^31-1; what does not even fit 32 bits cannot go into a check.",
    bad=_line("1 1 UDP 0 192.0.2.1 5004 typ host"),
    good=_line("1 1 UDP 1 192.0.2.1 5004 typ host"),
)
@each_candidate
def priority(c: Candidate) -> str | None:
    """Report 0 and numbers above 32 bits."""
    if 1 <= c.priority < 2**32:
        return None
    return f"priority {c.priority} is out of range; peers ignore the candidate"


@rule(
    "ICE204",
    Severity.WARNING,
    "Priority over 2^31-1",
    ("8839", "5.1"),
    why="Not allowed, though most peers take up to 32 bits; some read a negative number.",
    bad=_line("1 1 UDP 2147483648 192.0.2.1 5004 typ host"),
    good=_line("1 1 UDP 2147483647 192.0.2.1 5004 typ host"),
)
@each_candidate
def high_priority(c: Candidate) -> str | None:
    """Report what needs the 32nd bit."""
    if not MAX_PRIORITY < c.priority < 2**32:
        return None
    return f"priority {c.priority} is over 2147483647; some peers ignore the candidate"


@rule(
    "ICE205",
    Severity.ERROR,
    "Foundation too long",
    ("8839", "5.1"),
    why="It has 1 to 32 characters; peers may ignore the candidate.",
    bad=_line(f"{'a' * 33} 1 UDP 2130706431 192.0.2.1 5004 typ host"),
    good=_line(f"{'a' * 32} 1 UDP 2130706431 192.0.2.1 5004 typ host"),
)
@each_candidate
def long_foundation(c: Candidate) -> str | None:
    """Report foundations over 32 characters."""
    if len(c.foundation) <= 32:
        return None
    return f"the foundation has {len(c.foundation)} characters, 32 are allowed; peers may ignore it"


@rule(
    "ICE206",
    Severity.ERROR,
    "Illegal character in the foundation",
    ("8839", "5.1"),
    why="Letters, digits, + and / are allowed; peers may ignore the candidate.",
    bad=_line("a-1 1 UDP 2130706431 192.0.2.1 5004 typ host"),
    good=_GOOD,
)
@each_candidate
def odd_foundation(c: Candidate) -> str | None:
    """Report empty foundations and those with other characters."""
    if is_ice_chars(c.foundation):
        return None
    return f"foundation {shown(c.foundation)} has characters other than A-Z a-z 0-9 + /"


@rule(
    "ICE207",
    Severity.ERROR,
    "Candidate with port 0",
    ("8839", "5.1"),
    why="Nothing can be sent there. A TCP candidate that only connects says port 9.",
    bad=_line("1 1 UDP 2130706431 192.0.2.1 0 typ host"),
    good=_GOOD,
)
@each_candidate
def port_0(c: Candidate) -> str | None:
    """Report port 0."""
    return "the candidate has port 0; peers ignore it" if c.port == 0 else None


@rule(
    "ICE208",
    Severity.ERROR,
    "Candidate port over 65535",
    ("8839", "5.1"),
    why="There is no such port; peers ignore the candidate or refuse the description.",
    bad=_line("1 1 UDP 2130706431 192.0.2.1 65536 typ host"),
    good=_line("1 1 UDP 2130706431 192.0.2.1 65535 typ host"),
)
@each_candidate
def high_port(c: Candidate) -> str | None:
    """Report ports above 16 bits."""
    return f"port {c.port} is over 65535; peers ignore the candidate" if c.port > 65535 else None


@rule(
    "ICE209",
    Severity.WARNING,
    "Unknown transport",
    ("8839", "5.1"),
    why="Peers know UDP and TCP and ignore other candidates.",
    bad=_line("1 1 SCTP 2130706431 192.0.2.1 5004 typ host"),
    good=_line("1 1 udp 2130706431 192.0.2.1 5004 typ host"),
)
@each_candidate
def transport(c: Candidate) -> str | None:
    """Report transports other than UDP, TCP and the known historic ones."""
    if c.transport.upper() in ("UDP", "TCP") or is_historic_transport(c):
        return None
    return f"transport {shown(c.transport)} is unknown; peers ignore the candidate"


@rule(
    "ICE210",
    Severity.ERROR,
    "TCP candidate without tcptype",
    ("6544", "4.5"),
    why="Without it a peer does not know who opens the connection, and ignores the candidate.",
    bad=_M + _TCP + "\n",
    good=_M + _TCP + " tcptype passive\n",
)
@each_candidate
def no_tcptype(c: Candidate) -> str | None:
    """Report TCP candidates without tcptype."""
    if not c.is_tcp or c.tcptype is not None:
        return None
    return "a TCP candidate without tcptype; peers ignore it"


@rule(
    "ICE211",
    Severity.ERROR,
    "Unknown tcptype",
    ("6544", "4.5"),
    why="It is active, passive or so; peers ignore the candidate.",
    bad=_M + _TCP + " tcptype simultaneous\n",
    good=_M + _TCP + " tcptype so\n",
)
@each_candidate
def unknown_tcptype(c: Candidate) -> str | None:
    """Report other values of tcptype."""
    if not c.is_tcp or c.tcptype is None or c.tcptype in TCP_TYPES:
        return None
    return f"tcptype {shown(c.tcptype)} is not active, passive or so; peers ignore the candidate"


@rule(
    "ICE212",
    Severity.WARNING,
    "tcptype on a UDP candidate",
    ("6544", "4.5"),
    why="It says nothing there; either it or the transport is wrong.",
    bad=_line("1 1 UDP 2130706431 192.0.2.1 5004 typ host tcptype passive"),
    good=_GOOD,
)
@each_candidate
def tcptype_on_udp(c: Candidate) -> str | None:
    """Report tcptype on anything but TCP."""
    if c.is_tcp or c.tcptype is None:
        return None
    return f"tcptype {shown(c.tcptype)} on a {shown(c.transport)} candidate; peers ignore the word"


@rule(
    "ICE213",
    Severity.WARNING,
    "Active TCP candidate without port 9",
    ("6544", "4.5"),
    why="Nobody can connect to an active candidate, so its port is 9 by convention.",
    bad=_M + _TCP + " tcptype active\n",
    good=_line("1 1 TCP 2128609279 192.0.2.1 9 typ host tcptype active"),
)
@each_candidate
def active_port(c: Candidate) -> str | None:
    """Report active candidates with a real port."""
    if not c.is_tcp or c.tcptype != "active" or c.port in (0, 9):
        return None
    return f"an active TCP candidate with port {c.port}, not 9; peers do not connect to it"
