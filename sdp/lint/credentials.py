"""RFC 8839 §5.4: ufrag and password. No message ever shows a password."""

from __future__ import annotations

from collections.abc import Callable

from sdp.ice import is_ice_chars
from sdp.lint.rule import Hits, Severity, rule, shown
from sdp.lint.view import View

_M = "m=audio 5004 RTP/AVP 0\n"
_UFRAG, _PWD = "a=ice-ufrag:8hhY\n", "a=ice-pwd:asd88fgpdd777uzjYhagZg\n"
_OTHER = "a=ice-pwd:YH75Fviy6338Vbrhrlp8Yh\n"
_BOTH = _UFRAG + _PWD


def _alone(have: str, lack: str) -> Callable[[View], Hits]:
    """One of both is given, and the other at no level."""

    def check(view: View) -> Hits:
        lacking = [stream for stream in view.streams if view.effective(stream, lack) is None]
        for stream in lacking:
            if stream.has(have):
                message = f"a={have} without a={lack}; peers do no ICE for this stream"
                yield stream.hit(stream.at(have), message)
        session = view.session
        alone = session.section.has(have) and not session.section.has(lack)
        needed = not view.streams or any(not stream.has(have) for stream in lacking)
        if alone and needed:
            yield session.hit(session.at(have), f"a={have} without a={lack}; peers do no ICE")

    return check


no_pwd = rule(
    "ICE001",
    Severity.ERROR,
    "ice-ufrag without ice-pwd",
    ("8839", "5.4"),
    why="Only both together mean ICE. Peers take the stream for one without it.",
    bad=_M + _UFRAG,
    good=_M + _BOTH,
)(_alone("ice-ufrag", "ice-pwd"))

no_ufrag = rule(
    "ICE002",
    Severity.ERROR,
    "ice-pwd without ice-ufrag",
    ("8839", "5.4"),
    why="Only both together mean ICE. Peers take the stream for one without it.",
    bad=_M + _PWD,
    good=_PWD + _M + _UFRAG,
)(_alone("ice-pwd", "ice-ufrag"))


def _each(name: str, judge: Callable[[str], str | None]) -> Callable[[View], Hits]:
    def check(view: View) -> Hits:
        for level in view.levels:
            for position, value in level.lines(name):
                message = judge(value)
                if message is not None:
                    yield level.hit(position, message)

    return check


def _short_pwd(value: str) -> str | None:
    if len(value) >= 22:
        return None
    return f"the password has {len(value)} characters, at least 22 are needed; peers refuse it"


def _long_pwd(value: str) -> str | None:
    if len(value) <= 256:
        return None
    return f"the password has {len(value)} characters, 256 are allowed; peers refuse or cut it"


def _odd_pwd(value: str) -> str | None:
    if not value or is_ice_chars(value):
        return None
    return "the password has other characters than A-Z a-z 0-9 + /; peers may refuse it"


def _short_ufrag(value: str) -> str | None:
    if len(value) >= 4:
        return None
    return (
        f"ufrag {shown(value)} has {len(value)} characters, at least 4 are needed; peers refuse it"
    )


def _long_ufrag(value: str) -> str | None:
    if len(value) <= 256:
        return None
    return f"the ufrag has {len(value)} characters, 256 are allowed; peers refuse or cut it"


def _longish_ufrag(value: str) -> str | None:
    if not 32 < len(value) <= 256:
        return None
    return f"the ufrag has {len(value)} characters; peers accept that, but no more than 32 are sent"


def _odd_ufrag(value: str) -> str | None:
    if not value or is_ice_chars(value):
        return None
    return f"ufrag {shown(value)} has other characters than A-Z a-z 0-9 + /; peers may refuse it"


short_pwd = rule(
    "ICE003",
    Severity.ERROR,
    "Password too short",
    ("8839", "5.4"),
    why="It has 22 to 256 characters for 128 bits of chance; browsers refuse the description.",
    bad=_M + _UFRAG + "a=ice-pwd:tooShort\n",
    good=_M + _BOTH,
)(_each("ice-pwd", _short_pwd))

long_pwd = rule(
    "ICE004",
    Severity.ERROR,
    "Password too long",
    ("8839", "5.4"),
    why="It has 22 to 256 characters.",
    bad=_M + _UFRAG + f"a=ice-pwd:{'x' * 257}\n",
    good=_M + _UFRAG + f"a=ice-pwd:{'x' * 256}\n",
)(_each("ice-pwd", _long_pwd))

odd_pwd = rule(
    "ICE005",
    Severity.ERROR,
    "Illegal character in the password",
    ("8839", "5.4"),
    why="Letters, digits, + and / are allowed; others get lost or refused on the way.",
    bad=_M + _UFRAG + "a=ice-pwd:asd88fgpdd777uzj=hag-g\n",
    good=_M + _BOTH,
)(_each("ice-pwd", _odd_pwd))

short_ufrag = rule(
    "ICE006",
    Severity.ERROR,
    "ufrag too short",
    ("8839", "5.4"),
    why="It has 4 to 256 characters; browsers refuse the description.",
    bad=_M + "a=ice-ufrag:8hh\n" + _PWD,
    good=_M + _BOTH,
)(_each("ice-ufrag", _short_ufrag))

long_ufrag = rule(
    "ICE007",
    Severity.ERROR,
    "ufrag too long",
    ("8839", "5.4"),
    why="It has 4 to 256 characters.",
    bad=_M + f"a=ice-ufrag:{'x' * 257}\n" + _PWD,
    good=_M + "a=ice-ufrag:8hhY\n" + _PWD,
)(_each("ice-ufrag", _long_ufrag))

longish_ufrag = rule(
    "ICE008",
    Severity.WARNING,
    "ufrag over 32 characters",
    ("8839", "5.4"),
    why="Up to 256 must be accepted, but no more than 32 may be sent: both ufrags and a colon have "
    "to fit into the USERNAME of a check.",
    bad=_M + f"a=ice-ufrag:{'x' * 33}\n" + _PWD,
    good=_M + f"a=ice-ufrag:{'x' * 32}\n" + _PWD,
)(_each("ice-ufrag", _longish_ufrag))

odd_ufrag = rule(
    "ICE009",
    Severity.ERROR,
    "Illegal character in the ufrag",
    ("8839", "5.4"),
    why="Letters, digits, + and / are allowed; a colon even breaks the USERNAME of the checks.",
    bad=_M + "a=ice-ufrag:8h:Y\n" + _PWD,
    good=_M + _BOTH,
)(_each("ice-ufrag", _odd_ufrag))


@rule(
    "ICE010",
    Severity.WARNING,
    "Different credentials at both levels",
    ("8839", "5.4"),
    why="Those of the m= section count. Peers that look at the session first fail their checks.",
    bad=_UFRAG + _PWD + _M + "a=ice-ufrag:9uB6\n" + _OTHER,
    good=_UFRAG + _PWD + _M + _BOTH,
)
def both_levels(view: View) -> Hits:
    """Report a ufrag or password that differs from the one at session level."""
    for stream in view.streams:
        for name in ("ice-ufrag", "ice-pwd"):
            own, session = stream.credentials[name], view.session.credentials[name]
            if own is not None and session is not None and own != session:
                message = f"a={name} differs from the one at session level; this one counts, but"
                yield stream.hit(stream.at(name), f"{message} some peers use the other")
                break


@rule(
    "ICE011",
    Severity.ERROR,
    "Repeated credentials at one level",
    ("8839", "5.4"),
    why="Some peers use the first and others the last; if they differ, checks fail.",
    bad=_M + _UFRAG + _BOTH,
    good=_M + _BOTH,
)
def repeated(view: View) -> Hits:
    """Report the second ufrag or password of a level."""
    for level in view.levels:
        for name in ("ice-ufrag", "ice-pwd"):
            for position in level.section.positions(name)[1:2]:
                yield level.hit(position, f"a second a={name} at one level; peers differ in which")


@rule(
    "ICE012",
    Severity.ERROR,
    "Equal ufrags with different passwords",
    ("8839", "5.4"),
    why="A check names the ufrag only, so equal ufrags need equal passwords.",
    bad=_M + _BOTH + "m=video 5006 RTP/AVP 31\n" + _UFRAG + _OTHER,
    good=_M + _BOTH + "m=video 5006 RTP/AVP 31\n" + _BOTH,
)
def one_ufrag_two_pwds(view: View) -> Hits:
    """Report the stream whose password differs from that of an earlier one of equal ufrag."""
    passwords: dict[str, str] = {}
    for stream in view.streams:
        ufrag, pwd = view.effective(stream, "ice-ufrag"), view.effective(stream, "ice-pwd")
        if ufrag and pwd and passwords.setdefault(ufrag, pwd) != pwd:
            message = f"ufrag {shown(ufrag)} already has another password in this description"
            yield stream.hit(stream.at("ice-pwd"), f"{message}; checks of one stream will fail")


@rule(
    "ICE013",
    Severity.WARNING,
    "ufrag and password at different levels",
    ("8839", "5.4"),
    why="Allowed, but many peers take both from one level and miss one of them.",
    bad=_PWD + _M + _UFRAG,
    good=_M + _BOTH,
)
def split_levels(view: View) -> Hits:
    """Report streams that have one of both and take the other from the session level."""
    for stream in view.streams:
        for have, lack in (("ice-ufrag", "ice-pwd"), ("ice-pwd", "ice-ufrag")):
            if stream.has(have) and not stream.has(lack) and view.description.has(lack):
                message = f"a={have} stands here and a={lack} at session level; some peers miss one"
                yield stream.hit(stream.at(have), message)
