"""RFC 8445 §5.1.1.1 and RFC 8839 §5.1: the addresses of candidates."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

from sdp.fields import ip_address
from sdp.ice import Candidate
from sdp.lint.connections import is_name
from sdp.lint.rule import Severity, each_candidate, rule, shown

_M = "m=audio 5004 RTP/AVP 0\na=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\na=rtcp-mux\n"
_PRIVATE = tuple(
    ip_network(net)
    for net in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
    )
)
_COMPATIBLE = ip_network("::/96")


def is_private(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is reachable in its own network only."""
    return any(address in network for network in _PRIVATE if network.version == address.version)


def _line(address: str) -> str:
    return _M + f"a=candidate:1 1 UDP 2130706431 {address} 5004 typ host\n"


@rule(
    "ICE220",
    Severity.INFO,
    "mDNS candidate",
    ("mdns", "Processing"),
    why="Browsers hide their addresses so. A peer that cannot ask mDNS ignores the candidate and "
    "learns the address from checks, if there is a path at all.",
    bad=_line("1f4712db-ea17-4bcf-a596-105139dfd8bf.local"),
    good=_line("192.0.2.1"),
)
@each_candidate
def mdns(c: Candidate) -> str | None:
    """Report .local names with one dot."""
    if not c.is_mdns:
        return None
    return f"{shown(c.address)} is an mDNS name; peers outside of its network ignore the candidate"


@rule(
    "ICE221",
    Severity.ERROR,
    "Host name in a candidate",
    ("8839", "5.1"),
    why="Candidates hold IP addresses only; peers ignore others.",
    bad=_line("turn.example.org"),
    good=_line("192.0.2.1"),
)
@each_candidate
def host_name(c: Candidate) -> str | None:
    """Report names other than mDNS ones."""
    if c.is_mdns or not is_name(c.address):
        return None
    return f"{shown(c.address)} is a host name; peers ignore the candidate"


@rule(
    "ICE222",
    Severity.ERROR,
    "Invalid candidate address",
    ("8839", "5.1"),
    why="It is neither an IP address nor a name; peers ignore the candidate.",
    bad=_line("192.0.2.256"),
    good=_line("192.0.2.255"),
)
@each_candidate
def invalid(c: Candidate) -> str | None:
    """Report what is no address and no name."""
    if c.is_mdns or is_name(c.address) or ip_address(c.address) is not None:
        return None
    return f"{shown(c.address)} is no IP address; peers ignore the candidate"


@rule(
    "ICE223",
    Severity.WARNING,
    "Brackets around an IPv6 address",
    ("8839", "5.1"),
    why="SDP writes IPv6 addresses without brackets; peers may not read this one.",
    bad=_line("[2001:db8::1]"),
    good=_line("2001:db8::1"),
)
@each_candidate
def brackets(c: Candidate) -> str | None:
    """Report bracketed addresses."""
    if not c.address.startswith("[") or ip_address(c.address) is None:
        return None
    return (
        f"{shown(c.address)} has brackets, which SDP does not use; peers may ignore the candidate"
    )


@rule(
    "ICE224",
    Severity.ERROR,
    "IPv6 address with a zone",
    ("8839", "5.1"),
    why="A zone names an interface of the sender and means nothing to others.",
    bad=_line("fe80::1%eth0"),
    good=_line("2001:db8::1"),
)
@each_candidate
def zone(c: Candidate) -> str | None:
    """Report addresses with a zone."""
    if "%" not in c.address or ip_address(c.address) is None:
        return None
    return f"{shown(c.address)} has a zone, which only its sender knows; peers ignore the candidate"


@rule(
    "ICE225",
    Severity.WARNING,
    "IPv6 link-local candidate",
    ("8445", "5.1.1.1"),
    why="It works on one link only, and on the peer's side only with the right interface.",
    bad=_line("fe80::1"),
    good=_line("2001:db8::1"),
)
@each_candidate
def link_local(c: Candidate) -> str | None:
    """Report fe80::/10 without a zone."""
    known = ip_address(c.address)
    if known is None or known.version == 4 or not known.is_link_local or "%" in c.address:
        return None
    return f"{shown(c.address)} is link-local; peers cannot reach it beyond that link"


@rule(
    "ICE226",
    Severity.ERROR,
    "Loopback candidate",
    ("8445", "5.1.1.1"),
    why="Loopback addresses must not be offered: the peer would send to itself.",
    bad=_line("127.0.0.1"),
    good=_line("192.0.2.1"),
)
@each_candidate
def loopback(c: Candidate) -> str | None:
    """Report 127/8 and ::1."""
    known = ip_address(c.address)
    if known is None or not known.is_loopback:
        return None
    return f"{shown(c.address)} is a loopback address; a peer would send to itself"


@rule(
    "ICE227",
    Severity.ERROR,
    "Address nobody can send to",
    ("8839", "5.1"),
    why="A candidate is one unicast address; 0.0.0.0, ::, multicast and broadcast are none.",
    bad=_line("0.0.0.0"),
    good=_line("192.0.2.1"),
)
@each_candidate
def no_unicast(c: Candidate) -> str | None:
    """Report unspecified, multicast and broadcast addresses."""
    known = ip_address(c.address)
    if known is None:
        return None
    if not known.is_unspecified and not known.is_multicast and str(known) != "255.255.255.255":
        return None
    return f"{shown(c.address)} is no unicast address; checks to it cannot succeed"


@rule(
    "ICE228",
    Severity.ERROR,
    "Deprecated kind of IPv6 address",
    ("8445", "5.1.1.1"),
    why="Site-local, IPv4-compatible and IPv4-mapped addresses must not be candidates.",
    bad=_line("::ffff:192.0.2.1"),
    good=_line("192.0.2.1"),
)
@each_candidate
def deprecated(c: Candidate) -> str | None:
    """Report fec0::/10, ::/96 and ::ffff:0:0/96."""
    known = ip_address(c.address)
    if not isinstance(known, IPv6Address) or known.is_unspecified or known.is_loopback:
        return None
    if known.is_site_local or known in _COMPATIBLE:
        return f"{shown(c.address)} is of a deprecated kind; peers ignore the candidate"
    if known.ipv4_mapped is not None:
        return f"{shown(c.address)} is an IPv4 address in IPv6 form; peers may ignore the candidate"
    return None
