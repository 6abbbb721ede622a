"""RFC 8839 §4.4.1.1.1: ICE in two successive descriptions of one side."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sdp.ice import DEFAULT_PACING
from sdp.lines import number
from sdp.lint.rule import Hits, Scope, Severity, rule
from sdp.lint.view import Stream, View

_M = "m=audio 5004 RTP/AVP 0\n"
_OLD = "a=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
_NEW = "a=ice-ufrag:9uB6\na=ice-pwd:YH75Fviy6338Vbrhrlp8Yh\n"
Pair = tuple[str | None, str | None]
Options = frozenset[str]


def steps(view: View) -> Iterator[tuple[Stream, Stream]]:
    """The streams that both descriptions have, earlier and later."""
    return zip(view.earlier.streams, view.streams, strict=False)


def _credentials(view: View, stream: Stream) -> Pair:
    return view.effective(stream, "ice-ufrag"), view.effective(stream, "ice-pwd")


def _restarts(view: View, before: Stream, after: Stream) -> bool:
    if not (view.earlier.has_ice(before) and view.has_ice(after)):
        return False
    return _credentials(view.earlier, before) != _credentials(view, after)


@rule(
    "ICE701",
    Severity.ERROR,
    "Only one of ufrag and password changed",
    ("8839", "4.4.1.1.1"),
    why="A restart changes both. Peers take it for a restart (RFC 5245), or refuse it.",
    bad=_M + _OLD.replace("8hhY", "9uB6"),
    good=_M + _NEW,
    earlier=_M + _OLD,
    scope=Scope.PAIR,
)
def half_restart(view: View) -> Hits:
    """Report streams with one new and one old value."""
    for before, after in steps(view):
        if not _restarts(view, before, after):
            continue
        old, new = _credentials(view.earlier, before), _credentials(view, after)
        if old[0] == new[0] or old[1] == new[1]:
            what = "ufrag" if old[0] != new[0] else "password"
            message = f"only the {what} changed; peers restart ICE or refuse the description"
            yield after.hit(after.at("ice-ufrag"), message)


@rule(
    "ICE702",
    Severity.ERROR,
    "ICE properties changed without restart",
    ("8839", "4.4.1.1.1"),
    why="Options, pacing and lite stay while the session lasts; peers refuse such an offer (488).",
    bad="a=ice-lite\n" + _M + _OLD,
    good="a=ice-lite\n" + _M + _NEW,
    earlier=_M + _OLD,
    scope=Scope.PAIR,
)
def changed_properties(view: View) -> Hits:
    """Report the first stream whose options, or pacing or lite, changed though ICE goes on."""
    differs = {
        "ice-pacing": _pacing(view.earlier) != _pacing(view),
        "ice-lite": _lite(view.earlier) != _lite(view),
    }
    common = [name for name, changed in differs.items() if changed]
    differ = _options_differ(view.earlier.session.options, view.session.options)
    for before, after in _going_on(view):
        own = view.earlier.home(before).options, view.home(after).options
        changes = (["ice-options"] if differ(*own) else []) + common
        if changes:
            message = f"{', '.join(changes)} changed without a restart; peers refuse that with 488"
            yield after.hit(0, message)
            return


def _options_differ(old: Options, new: Options) -> Callable[[Options, Options], bool]:
    """Whether the options of a stream differ, when ``old`` and ``new`` are those of the session.

    Made for many streams, so that the options of the session are gone through only once.
    """
    gone, added, both = old - new, new - old, old | new

    def differ(before: Options, after: Options) -> bool:
        return not (gone <= after and added <= before) or before - both != after - both

    return differ


def _going_on(view: View) -> Iterator[tuple[Stream, Stream]]:
    """The streams that have ICE and do not restart; of those in one bundle the first only."""
    homes: set[tuple[Stream, Stream]] = set()
    for before, after in steps(view):
        home = view.earlier.home(before), view.home(after)
        has_ice = view.earlier.has_ice(before) and view.has_ice(after)
        if home not in homes and has_ice and not _restarts(view, before, after):
            homes.add(home)
            yield before, after


def _pacing(view: View) -> int:
    asked = [number(value) for level in view.levels for _, value in level.lines("ice-pacing")]
    return max((value for value in asked if value is not None), default=DEFAULT_PACING)


def _lite(view: View) -> bool:
    return any(level.section.ice_lite for level in view.levels)


@rule(
    "ICE703",
    Severity.INFO,
    "ICE restarts",
    ("8839", "4.4.1.1.1"),
    why="ufrag and password are new: peers gather and check again, media go on meanwhile.",
    bad=_M + _NEW,
    good=_OLD + _M,
    earlier=_M + _OLD,
    scope=Scope.PAIR,
)
def restart(view: View) -> Hits:
    """Report streams with new ufrag and password."""
    for before, after in steps(view):
        old, new = _credentials(view.earlier, before), _credentials(view, after)
        if _restarts(view, before, after) and old[0] != new[0] and old[1] != new[1]:
            message = "ufrag and password are new; peers restart ICE for this stream"
            yield after.hit(after.at("ice-ufrag"), message)


@rule(
    "ICE704",
    Severity.WARNING,
    "ICE disappears",
    ("8839", "4.4.3.1"),
    why="Peers go on without ICE for a stream that had it; it comes back with a restart only.",
    bad=_M,
    good=_M + _OLD,
    earlier=_M + _OLD,
    scope=Scope.PAIR,
)
def ice_gone(view: View) -> Hits:
    """Report streams in use that had ufrag and password and have none now."""
    for before, after in steps(view):
        if view.earlier.has_ice(before) and after.port and not view.has_ice(after):
            yield after.hit(0, "this stream had ICE and has none now; peers use c= and m= only")
