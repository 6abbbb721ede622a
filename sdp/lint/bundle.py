"""RFC 5888 and RFC 9143: a=mid, a=group and BUNDLE."""

from __future__ import annotations

from sdp.attributes import Group
from sdp.errors import SdpError
from sdp.ice import checked_token
from sdp.lint.rule import Hits, Scope, Severity, rule, shown
from sdp.lint.view import Stream, View

_A = "m=audio 5004 RTP/AVP 0\na=rtcp-mux\na=mid:a\n"
_V = "m=video 5004 RTP/AVP 31\na=rtcp-mux\na=mid:v\n"
_GROUP = "a=group:BUNDLE a v\n"
_ONLY = "m=video 0 RTP/AVP 31\na=bundle-only\na=rtcp-mux\na=mid:v\n"


def _groups(view: View) -> list[tuple[int, Group]]:
    found = []
    for position, value in view.session.raw("group"):
        try:
            found.append((position, Group.parse(value)))
        except SdpError:
            continue
    return found


def _bundles(view: View) -> list[tuple[int, Group]]:
    return [(p, group) for p, group in _groups(view) if group.semantics.upper() == "BUNDLE"]


@rule(
    "SDP501",
    Severity.ERROR,
    "Group names an unknown mid",
    ("5888", "5"),
    why="No section has that a=mid; peers refuse the description or drop the group.",
    bad="a=group:BUNDLE a v\n" + _A,
    good=_GROUP + _A + _V,
    scope=Scope.DESCRIPTION,
)
def unknown_mid(view: View) -> Hits:
    """Report mids of groups that no section has, once per group."""
    for position, group in _groups(view):
        unknown = [mid for mid in group.mids if mid not in view.by_mid]
        if unknown:
            message = f"group {shown(group.semantics)} names mid {shown(unknown[0])}"
            message += f" and {len(unknown) - 1} more" * (len(unknown) > 1)
            yield view.session.hit(position, f"{message}, which no section has; peers refuse it")


@rule(
    "SDP502",
    Severity.ERROR,
    "Two sections with one mid",
    ("5888", "4"),
    why="A mid names one section; groups and trickled candidates go to the wrong one.",
    bad=_A + _A,
    good=_A + _V,
)
def repeated_mid(view: View) -> Hits:
    """Report a mid that an earlier section has."""
    for stream in view.streams:
        if stream.mid is not None and view.by_mid[stream.mid] is not stream:
            first = view.by_mid[stream.mid].stream
            message = f"mid {shown(stream.mid)} is already that of m= section {first}"
            yield stream.hit(stream.at("mid"), f"{message}; peers refuse the description")


@rule(
    "SDP503",
    Severity.WARNING,
    "bundle-only outside of BUNDLE",
    ("9143", "6"),
    why="The attribute is discarded there, so a section with port 0 is a refused one.",
    bad=_A + _ONLY,
    good=_GROUP + _A + _ONLY,
    scope=Scope.DESCRIPTION,
)
def lone_bundle_only(view: View) -> Hits:
    """Report bundle-only in a section that no BUNDLE group names."""
    for stream in view.streams:
        if stream.has("bundle-only") and view.bundle(stream) is None:
            message = "a=bundle-only in a section of no BUNDLE group; peers discard it"
            yield stream.hit(stream.at("bundle-only"), message)


@rule(
    "SDP504",
    Severity.ERROR,
    "Bundled RTP without rtcp-mux",
    ("9143", "9.3"),
    why="Bundled RTP always shares its port with RTCP; peers refuse the section or the group.",
    bad="a=group:BUNDLE a\n" + _A.replace("a=rtcp-mux\n", ""),
    good="a=group:BUNDLE a\n" + _A,
    scope=Scope.DESCRIPTION,
)
def bundle_without_mux(view: View) -> Hits:
    """Report bundled RTP sections that lack mux, and whose tagged section lacks it too."""
    for stream in view.streams:
        if view.bundle(stream) is None or not view.is_alive(stream) or not stream.is_rtp:
            continue
        if not stream.has("rtcp-mux") and not view.tagged(stream).has("rtcp-mux"):
            yield stream.hit(0, "a bundled section without a=rtcp-mux; peers will not bundle it")


@rule(
    "SDP505",
    Severity.WARNING,
    "bundle-only with a port",
    ("9143", "7.2"),
    why="Such a section has port 0 until it is bundled; a peer without BUNDLE would accept it.",
    bad=_GROUP + _A + _ONLY.replace("video 0", "video 5006"),
    good=_GROUP + _A + _ONLY,
    scope=Scope.DESCRIPTION,
)
def bundle_only_port(view: View) -> Hits:
    """Report bundle-only in a section whose port is not 0."""
    for stream in view.streams:
        if stream.has("bundle-only") and stream.port:
            message = f"a=bundle-only with port {stream.port}, not 0; a peer without BUNDLE sends"
            yield stream.hit(0, f"{message} there")


@rule(
    "SDP506",
    Severity.WARNING,
    "Refused section in a BUNDLE group",
    ("9143", "7.3.3"),
    why="Port 0 without a=bundle-only disables a section, and then no group may name it.",
    bad=_GROUP + _A + _ONLY.replace("a=bundle-only\n", ""),
    good=_GROUP + _A + _ONLY,
    scope=Scope.DESCRIPTION,
)
def refused_in_bundle(view: View) -> Hits:
    """Report bundled sections with port 0 that are not bundle-only."""
    for stream in view.streams:
        refused = stream.port == 0 and not stream.has("bundle-only")
        if refused and view.bundle(stream) is not None:
            message = f"mid {shown(stream.mid or '')} is bundled but port 0 refuses it"
            yield stream.hit(0, f"{message}; peers differ in what they do")


@rule(
    "SDP507",
    Severity.INFO,
    "Section without mid beside BUNDLE",
    ("9143", "7.2"),
    why="It cannot be bundled and needs a transport of its own.",
    bad=_GROUP + _A + _V + "m=audio 5008 RTP/AVP 0\n",
    good=_GROUP + _A + _V + "m=audio 5008 RTP/AVP 0\na=mid:x\n",
    scope=Scope.DESCRIPTION,
)
def no_mid(view: View) -> Hits:
    """Report sections in use without mid where there is a BUNDLE group."""
    for stream in view.streams:
        if view.bundles and stream.mid is None and stream.port:
            yield stream.hit(0, "no a=mid; peers keep this section out of BUNDLE")


@rule(
    "SDP508",
    Severity.ERROR,
    "Section in two BUNDLE groups",
    ("9143", "7.2"),
    why="A section has one transport and so one group; peers refuse the description.",
    bad=_GROUP + "a=group:BUNDLE v\n" + _A + _V,
    good=_GROUP + _A + _V,
)
def two_groups(view: View) -> Hits:
    """Report a mid that an earlier BUNDLE group has."""
    seen: set[str] = set()
    for position, group in _bundles(view):
        twice = [mid for mid in dict.fromkeys(group.mids) if mid in seen]
        seen.update(group.mids)
        if twice:
            message = f"mid {shown(twice[0])} is in an earlier BUNDLE group; peers refuse that"
            yield view.session.hit(position, message)


@rule(
    "SDP509",
    Severity.ERROR,
    "First section of a BUNDLE offer is bundle-only",
    ("9143", "7.2"),
    why="The first mid lends its transport to the group, so it needs a port.",
    bad="a=group:BUNDLE v a\n" + _A + _ONLY,
    good=_GROUP + _A + _ONLY,
    scope=Scope.DESCRIPTION,
)
def tagged_bundle_only(view: View) -> Hits:
    """Report a group whose first mid is that of a bundle-only section with port 0."""
    for position, group in _bundles(view):
        tagged = view.by_mid.get(group.mids[0]) if group.mids else None
        if tagged is not None and tagged.has("bundle-only") and tagged.port == 0:
            message = f"the group's first mid {shown(group.mids[0])} is bundle-only; peers have no"
            yield view.session.hit(position, f"{message} address for the group")


@rule(
    "SDP512",
    Severity.ERROR,
    "Bundled sections with IPv4 and IPv6",
    ("9143", "7.1.1"),
    why="All sections of a group say the same address type in c=.",
    bad=_GROUP + _A + _V.replace("\n", "\nc=IN IP6 2001:db8::1\n", 1),
    good=_GROUP + _A + _V,
    scope=Scope.DESCRIPTION,
)
def mixed_families(view: View) -> Hits:
    """Report bundled sections whose address type is not that of the tagged one."""
    for stream in view.streams:
        own, first = view.connection(stream), view.connection(view.tagged(stream))
        if own is None or first is None or not stream.port:
            continue
        if own.addrtype.upper() != first.addrtype.upper():
            message = f"c= says {shown(own.addrtype)}, the group's first section says"
            yield stream.hit(stream.at("c="), f"{message} {shown(first.addrtype)}; peers refuse it")


@rule(
    "SDP513",
    Severity.WARNING,
    "mid is not a token",
    ("5888", "4"),
    why="A mid has letters, digits and a few signs; with blanks no group can name it.",
    bad=_A.replace("mid:a", "mid:a b"),
    good=_A,
)
def odd_mid(view: View) -> Hits:
    """Report mids with blanks or odd characters, and empty ones."""
    for stream in view.streams:
        if stream.mid is not None and not _is_token(stream):
            message = f"mid {shown(stream.mid)} is no token; peers may not find the section"
            yield stream.hit(stream.at("mid"), message)


def _is_token(stream: Stream) -> bool:
    try:
        checked_token(stream.mid or "", "mid")
    except SdpError:
        return False
    return True


@rule(
    "SDP514",
    Severity.WARNING,
    "a=group without semantics",
    ("5888", "5"),
    why="A group says what it is for; peers ignore the line.",
    bad="a=group:\n" + _A,
    good="a=group:BUNDLE a\n" + _A,
)
def bad_group(view: View) -> Hits:
    """Report group lines without any word."""
    for position, value in view.session.lines("group"):
        if not value:
            yield view.session.hit(position, "a=group is empty; peers ignore it")
