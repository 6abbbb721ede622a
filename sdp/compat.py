"""A JSON view in the shape of the package sdp-transform, with our identifiers over its own.

sdp-transform turns identifiers into numbers, drops candidate extensions and keeps the last of
several lines; so everything that ICE and grouping depend on comes from our lines, the rest from
it. Needs the extra ``transform``; never part of a rewrite.
"""

from __future__ import annotations

from collections.abc import Mapping

from sdp.ice import Candidate
from sdp.lines import content, text
from sdp.model import SessionDescription
from sdp.section import Section

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

# Characters at which sdp-transform would cut a line in two, and what stands for them meanwhile.
_CUTS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_HIDE = {ord(cut): 0xF0000 + i for i, cut in enumerate(_CUTS)}
_SHOW = {hidden: cut for cut, hidden in _HIDE.items()}

_CANDIDATE_EXTENSIONS = ("generation", "network-id", "network-cost")


def to_dict(description: SessionDescription) -> dict[str, Json]:
    """The description as sdp-transform's dictionary.

    Identifiers (ufrag, pwd, foundation, mid, o= id) are always text. A candidate keeps every
    extension under its own name. Raises ImportError without the extra ``transform``.
    """
    from sdp_transform import parse as transform

    lines = [text(content(line)) for section in description.sections for line in section.lines]
    view = _shown(transform("\r\n".join(lines).translate(_HIDE)))
    assert isinstance(view, dict)
    _overlay_session(view, description)
    _overlay_section(view, description)
    media = view["media"]
    assert isinstance(media, list)
    for target, section in zip(media, description.media, strict=True):
        assert isinstance(target, dict)
        _overlay_section(target, section)
        _set(target, "mid", section.mid)
        _set(target, "type", section.type or None)
        _set(target, "port", section.port)
        _set(target, "protocol", section.proto or None)
        _set(target, "payloads", " ".join(section.formats) or None)
    return view


def _shown(value: object) -> Json:
    """A copy with the hidden characters back in their places and no odd types."""
    if isinstance(value, str):
        return value.translate(_SHOW)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _shown(item) for key, item in value.items()}
    return value if isinstance(value, int | float) else None


def _set(target: dict[str, Json], key: str, value: Json) -> None:
    if value is None:
        target.pop(key, None)
    else:
        target[key] = value


def _overlay_session(target: dict[str, Json], description: SessionDescription) -> None:
    origin = description.origin
    known = target.get("origin")
    if origin is not None and isinstance(known, dict):
        known["username"] = origin.username
        known["sessionId"] = origin.session_id
        known["sessionVersion"] = (
            origin.session_version if origin.version_number is None else origin.version_number
        )
    _set(target, "name", description.session_name)
    groups: list[Json] = [
        {"type": group.semantics, "mids": " ".join(group.mids)} for group in description.groups
    ]
    _set(target, "groups", groups or None)


def _overlay_section(target: dict[str, Json], section: Section) -> None:
    _set(target, "iceUfrag", section.ice_ufrag)
    _set(target, "icePwd", section.ice_pwd)
    _set(target, "iceOptions", " ".join(section.ice_options) or None)
    _set(target, "icelite", "ice-lite" if section.ice_lite else None)
    _set(target, "candidates", [_candidate(c) for c in section.candidates] or None)
    remote = " ".join(f"{e.component} {e.address} {e.port}" for e in section.remote_candidates)
    _set(target, "remoteCandidates", remote or None)
    ended = "end-of-candidates" if section.end_of_candidates else None
    _set(target, "endOfCandidates", ended)
    _set(target, "rtcpMux", "rtcp-mux" if section.rtcp_mux else None)
    _set(target, "setup", section.setup)


def _candidate(candidate: Candidate) -> Json:
    view: dict[str, Json] = {
        "foundation": candidate.foundation,
        "component": candidate.component,
        "protocol": candidate.transport,
        "priority": candidate.priority,
        "ip": candidate.address,
        "port": candidate.port,
        "type": candidate.type,
    }
    _set(view, "raddr", candidate.related_address)
    _set(view, "rport", candidate.related_port)
    _set(view, "tcptype", candidate.tcptype)
    for name, value in candidate.extensions:
        number = name in _CANDIDATE_EXTENSIONS and value.isascii() and value.isdigit()
        view.setdefault(name, int(value[:10]) if number else value)
    return view
