"""RFC 8839 §5.1: the type, the related address and the extensions of each candidate."""

from __future__ import annotations

from collections import Counter

from sdp.fields import ip_address
from sdp.ice import CANDIDATE_TYPES, HOST, Candidate
from sdp.lines import number
from sdp.lint.connections import is_name
from sdp.lint.dialects import holds_password, is_historic_type
from sdp.lint.rule import Hits, Severity, each_candidate, rule, shown
from sdp.lint.view import View

_M = "m=audio 5004 RTP/AVP 0\na=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\na=rtcp-mux\n"
_HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 typ host"
_GOOD = _M + _HOST + "\n"
_SRFLX = _GOOD + "a=candidate:2 1 UDP 1694498815 198.51.100.1 5004 typ srflx"
_EXTENSIONS = frozenset(("generation", "network-id", "network-cost", "ufrag"))
"""What browsers write; peers ignore what they do not know."""


def _line(value: str) -> str:
    return _M + f"a=candidate:{value}\n"


@rule(
    "ICE214",
    Severity.ERROR,
    "Candidate without typ",
    ("8839", "5.1"),
    why="The type is mandatory; peers ignore the candidate.",
    bad=_line("1 1 UDP 2130706431 192.0.2.1 5004"),
    good=_GOOD,
)
@each_candidate
def no_type(c: Candidate) -> str | None:
    """Report candidates without a type."""
    return None if c.type else "the candidate has no typ; peers ignore it"


@rule(
    "ICE215",
    Severity.WARNING,
    "Unknown candidate type",
    ("8839", "5.1"),
    why="Peers know host, srflx, prflx and relay and ignore other candidates.",
    bad=_line("1 1 UDP 2130706431 192.0.2.1 5004 typ tunnel"),
    good=_GOOD,
)
@each_candidate
def unknown_type(c: Candidate) -> str | None:
    """Report other types, but for the known historic ones."""
    if not c.type or c.type.lower() in CANDIDATE_TYPES or is_historic_type(c):
        return None
    return f"type {shown(c.type)} is unknown; peers ignore the candidate"


@rule(
    "ICE216",
    Severity.INFO,
    "Candidate type in upper case",
    ("8839", "5.1"),
    why="Legal, because the grammar ignores case here, but some peers compare letter by letter.",
    bad=_line("1 1 UDP 2130706431 192.0.2.1 5004 typ HOST"),
    good=_GOOD,
)
@each_candidate
def upper_type(c: Candidate) -> str | None:
    """Report types that are not written in lower case."""
    if c.type in CANDIDATE_TYPES or c.type.lower() not in CANDIDATE_TYPES:
        return None
    return f"type {shown(c.type)} is not in lower case; some peers ignore the candidate"


@rule(
    "ICE217",
    Severity.ERROR,
    "Host candidate with related address",
    ("8839", "5.1"),
    why="A host candidate is its own base and has no raddr and rport; strict peers ignore it.",
    bad=_line("1 1 UDP 2130706431 192.0.2.1 5004 typ host raddr 192.0.2.1 rport 5004"),
    good=_GOOD,
)
@each_candidate
def host_with_related(c: Candidate) -> str | None:
    """Report raddr or rport of host candidates."""
    has_related = c.related_address is not None or c.related_port is not None
    if c.type.lower() != HOST or not has_related:
        return None
    return "a host candidate has no raddr and rport; strict peers ignore it"


@rule(
    "ICE218",
    Severity.ERROR,
    "Reflexive or relayed candidate without related address",
    ("8839", "5.1"),
    why="srflx, prflx and relay need raddr and rport; 0.0.0.0 and 9 where they are to be hidden.",
    bad=_SRFLX + " raddr 192.0.2.1\n",
    good=_SRFLX + " raddr 192.0.2.1 rport 5004\n",
)
@each_candidate
def no_related(c: Candidate) -> str | None:
    """Report raddr or rport missing where both are needed."""
    if c.type.lower() not in CANDIDATE_TYPES - {HOST}:
        return None
    has_port = c.related_port is not None or c.extension("rport") is not None
    missing = [n for n, has in (("raddr", c.related_address), ("rport", has_port)) if not has]
    if not missing:
        return None
    return f"a {c.type} candidate without {' and '.join(missing)}; strict peers ignore it"


@rule(
    "ICE219",
    Severity.WARNING,
    "Related address cannot be read",
    ("8839", "5.1"),
    why="raddr is an address and rport a port; they are informative, yet strict peers ignore it.",
    bad=_SRFLX + " raddr 192.0.2.1 rport x\n",
    good=_SRFLX + " raddr 192.0.2.1 rport 0\n",
)
@each_candidate
def odd_related(c: Candidate) -> str | None:
    """Report an rport that is no port and a raddr that is no address."""
    port = c.extension("rport") if c.related_port is None else str(c.related_port)
    if port is not None and ((value := number(port)) is None or value > 65535):
        return f"rport {shown(port)} is no port; strict peers ignore the candidate"
    address = c.related_address
    if address and not is_name(address) and ip_address(address) is None:
        return f"raddr {shown(address)} is no address; strict peers ignore the candidate"
    return None


@rule(
    "ICE229",
    Severity.INFO,
    "Unknown candidate extension",
    ("8839", "5.1"),
    why="Peers ignore name/value pairs that they do not know, and so does everybody else.",
    bad=_M + _HOST + " colour blue\n",
    good=_M + _HOST + " generation 0\n",
)
@each_candidate
def unknown_extension(c: Candidate) -> str | None:
    """Report the first extension that is not one of the usual ones."""
    usual = _EXTENSIONS | {"typ", "raddr", "rport", "tcptype"}
    unknown = [name for name, _ in c.extensions if name not in usual]
    if not unknown or holds_password(c) or _is_odd(c):
        return None
    if len(unknown) == 1:
        return f"extension {shown(unknown[0])} is not registered; peers ignore it"
    return f"{shown(unknown[0])} and {len(unknown) - 1} more unknown extensions; peers ignore them"


def _is_odd(candidate: Candidate) -> bool:
    return len(candidate.raw) % 2 == 1


@rule(
    "ICE230",
    Severity.ERROR,
    "Odd number of words in a candidate",
    ("8839", "5.1"),
    why="Behind the port come pairs of name and value; peers ignore the candidate or misread it.",
    bad=_M + _HOST + " generation\n",
    good=_M + _HOST + " generation 0\n",
)
@each_candidate
def odd_words(c: Candidate) -> str | None:
    """Report a name without value."""
    if not _is_odd(c):
        return None
    name = "the last word" if holds_password(c) else shown(c.raw[-1])
    return f"{name} has no value beside it; peers may ignore the candidate"


@rule(
    "ICE231",
    Severity.WARNING,
    "Repeated name in a candidate",
    ("8839", "5.1"),
    why="Each name occurs once behind the port; peers take the first or the last value.",
    bad=_M + _HOST + " generation 0 generation 1\n",
    good=_M + _HOST + " generation 0\n",
)
@each_candidate
def repeated_name(c: Candidate) -> str | None:
    """Report the first name that occurs twice behind the port."""
    counts = Counter(c.raw[6::2])
    repeated = next((name for name, count in counts.items() if count > 1), None)
    if repeated is None or holds_password(c) or _is_odd(c):
        return None
    return f"{shown(repeated)} occurs {counts[repeated]} times; peers differ in which one counts"


@rule(
    "ICE232",
    Severity.WARNING,
    "Candidate words out of order",
    ("8839", "5.1"),
    why="The type follows the port, then raddr, then rport. Peers that read by position fail.",
    bad=_M + "a=candidate:1 1 UDP 2130706431 192.0.2.1 5004 generation 0 typ host\n",
    good=_M + _HOST + " generation 0\n",
)
@each_candidate
def word_order(c: Candidate) -> str | None:
    """Report a type, related address or related port behind something else."""
    names = c.raw[6::2]
    expected = [name for name in ("typ", "raddr", "rport") if name in names]
    if "typ" not in names or list(names[: len(expected)]) == expected:
        return None
    return f"the words are not in the order {', '.join(expected)}; peers may not read the candidate"


@rule(
    "ICE233",
    Severity.WARNING,
    "Candidate of other credentials",
    ("8838", "5"),
    why="The ufrag extension ties a candidate to a generation; peers drop one of another.",
    bad=_M + _HOST + " ufrag 9uB6\n",
    good=_M + _HOST + " ufrag 8hhY\n",
)
def other_generation(view: View) -> Hits:
    """Report candidates whose ufrag extension is not the ufrag of their stream."""
    for stream in view.streams:
        ufrag = view.effective(stream, "ice-ufrag")
        for position, candidate in stream.candidates:
            named = candidate.extension("ufrag")
            if named and ufrag and named != ufrag:
                message = f"the candidate is of ufrag {shown(named)}, the stream has {shown(ufrag)}"
                yield stream.hit(position, f"{message}; peers drop it")
