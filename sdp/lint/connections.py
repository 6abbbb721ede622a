"""RFC 8866 §5.7: the addresses of c= and o= lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sdp.errors import SdpError
from sdp.fields import Connection, ip_address
from sdp.lint.fields import origins, unreadable
from sdp.lint.rule import Hits, Severity, rule, shown
from sdp.lint.view import Level, View

_M = "m=audio 5004 RTP/AVP 0\n"
_NAME = re.compile(r"(?=[A-Za-z0-9_.-]{2,255}$)(?:[A-Za-z0-9_-]+\.)*[A-Za-z][A-Za-z0-9-]*\.?")


def is_name(address: str) -> bool:
    """Whether a text can be a host name: its last label begins with a letter."""
    return _NAME.fullmatch(address) is not None


def _tags(view: View) -> Iterator[tuple[Level, int, str, str, str, str]]:
    """Level, position, line type, network type, address type and address of o= and c= lines."""
    for position, o in origins(view):
        yield view.session, position, "o=", o.nettype, o.addrtype, o.address
    for level, position, c in _connections(view):
        yield level, position, "c=", c.nettype, c.addrtype, c.address


def _connections(view: View) -> Iterator[tuple[Level, int, Connection]]:
    for level in view.levels:
        for position, value in level.raw("c="):
            try:
                yield level, position, Connection.parse(value)
            except SdpError:
                continue


unreadable_connection = rule(
    "SDP205",
    Severity.ERROR,
    "c= cannot be read",
    ("8866", "5.7"),
    why="It has three fields: network type, address type and address.",
    bad=_M + "c=192.0.2.1\n",
    good=_M + "c=IN IP4 192.0.2.1\n",
)(unreadable("c=", Connection.parse, "peers refuse the description"))


@rule(
    "SDP206",
    Severity.ERROR,
    "Address and address type swapped",
    ("8866", "5.7"),
    why="A known fault of one stack; other peers see an unknown address type and no address.",
    bad=_M + "c=IN 192.0.2.1 IP4\n",
    good=_M + "c=IN IP4 192.0.2.1\n",
)
def swapped(view: View) -> Hits:
    """Report an address where its type belongs."""
    for level, position, name, _, kind, address in _tags(view):
        if address.upper() in ("IP4", "IP6"):
            message = (
                f"{name} has {shown(kind)} and {shown(address)} swapped; peers find no address"
            )
            yield level.hit(position, message)


@rule(
    "SDP207",
    Severity.ERROR,
    "IP4 in front of an IPv6 address, or the reverse",
    ("8866", "5.7"),
    why="A peer trusts the type and fails on the address, or picks the wrong kind of socket.",
    bad=_M + "c=IN IP4 2001:db8::1\n",
    good=_M + "c=IN IP6 2001:db8::1\n",
)
def wrong_family(view: View) -> Hits:
    """Report an address that is not of its type."""
    for level, position, name, _, kind, address in _tags(view):
        known = ip_address(address)
        if known is not None and kind.upper() in ("IP4", "IP6") and kind[-1:] != str(known.version):
            message = f"{name} says {kind} but {shown(address)} is IPv{known.version}"
            yield level.hit(position, f"{message}; peers may not read it")


@rule(
    "SDP208",
    Severity.ERROR,
    "Slash behind a unicast address",
    ("8866", "5.7"),
    why="TTL and count are for multicast; peers take the whole word for an address or refuse it.",
    bad=_M + "c=IN IP4 192.0.2.1/127\n",
    good=_M + "c=IN IP4 233.252.0.1/127\n",
)
def unicast_slash(view: View) -> Hits:
    """Report a TTL or count of a unicast address."""
    for level, position, connection in _connections(view):
        has_slash = connection.ttl is not None or connection.count is not None
        known = ip_address(connection.address)
        if has_slash and known is not None and not known.is_multicast:
            message = f"{shown(connection.address)} is unicast and must have no slash behind it"
            yield level.hit(position, f"{message}; peers may not read it")


@rule(
    "SDP209",
    Severity.WARNING,
    "IPv4 multicast without TTL",
    ("8866", "5.7"),
    why="IPv4 multicast needs a TTL; a peer chooses its own and packets may get nowhere.",
    bad=_M + "c=IN IP4 233.252.0.1\n",
    good=_M + "c=IN IP4 233.252.0.1/127\n",
)
def no_ttl(view: View) -> Hits:
    """Report IPv4 multicast without TTL."""
    for level, position, connection in _connections(view):
        known = ip_address(connection.address)
        if known is None or known.version == 6 or not known.is_multicast:
            continue
        if connection.ttl is None:
            message = f"{shown(connection.address)} is multicast without TTL; peers will guess one"
            yield level.hit(position, message)


@rule(
    "SDP210",
    Severity.WARNING,
    "Unknown network or address type",
    ("8866", "8.2.7"),
    why="Peers on the Internet know IN with IP4 and IP6 and treat anything else as unusable.",
    bad=_M + "c=TN RFC2543 192.0.2.1\n",
    good=_M + "c=IN IP4 192.0.2.1\n",
)
def unknown_network(view: View) -> Hits:
    """Report anything but IN IP4 and IN IP6."""
    for level, position, name, network, kind, address in _tags(view):
        if address.upper() in ("IP4", "IP6"):
            continue
        if network.upper() != "IN" or kind.upper() not in ("IP4", "IP6"):
            message = f"{name} has types {shown(network)} and {shown(kind)}; peers know IN IP4 and"
            yield level.hit(position, f"{message} IN IP6 only")


@rule(
    "SDP211",
    Severity.ERROR,
    "Invalid address",
    ("8866", "5.7"),
    why="It is neither an IP address nor an ASCII host name; zones and brackets are not allowed.",
    bad=_M + "c=IN IP4 192.0.2.300\n",
    good=_M + "c=IN IP4 192.0.2.30\n",
)
def bad_address(view: View) -> Hits:
    """Report what is neither an address nor a name."""
    for level, position, name, _, kind, address in _tags(view):
        if kind.upper() not in ("IP4", "IP6") or is_name(address):
            continue
        if ip_address(address) is None or not set("[]%").isdisjoint(address):
            message = f"{name} has {shown(address)}, which is no address"
            yield level.hit(position, f"{message}; strict peers refuse the description")


@rule(
    "SDP212",
    Severity.INFO,
    "Host name in c=",
    ("8866", "5.7"),
    why="Allowed, and never a mismatch (RFC 8839 §4.2.5); the peer has to ask the DNS first.",
    bad=_M + "c=IN IP4 media.example.org\n",
    good=_M + "c=IN IP4 192.0.2.1\n",
)
def name_in_connection(view: View) -> Hits:
    """Report host names other than mDNS ones."""
    for level, position, connection in _connections(view):
        address = connection.address
        if is_name(address) and address.upper() not in ("IP4", "IP6") and not _is_mdns(address):
            message = f"c= names the host {shown(address)}; peers must resolve it or fail"
            yield level.hit(position, message)


def _is_mdns(address: str) -> bool:
    return address.rstrip(".").lower().endswith(".local")


@rule(
    "SDP213",
    Severity.ERROR,
    "mDNS name in c=",
    ("mdns", "Encoding"),
    why="mDNS names stand in candidates only; c= says 0.0.0.0 or :: and m= says port 9.",
    bad=_M + "c=IN IP4 1f4712db-ea17-4bcf-a596-105139dfd8bf.local\n",
    good=_M + "c=IN IP4 192.0.2.1\n",
)
def mdns_in_connection(view: View) -> Hits:
    """Report .local names."""
    for level, position, connection in _connections(view):
        if is_name(connection.address) and _is_mdns(connection.address):
            message = f"c= has the mDNS name {shown(connection.address)}; peers cannot resolve it"
            yield level.hit(position, message)
