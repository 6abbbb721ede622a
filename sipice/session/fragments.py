"""RFC 8840 §4.4: candidates that travel one by one, in cumulative fragments."""

from __future__ import annotations

import sdp
from sdp import FragmentStream, SdpError, SessionDescription, effective
from sipice.ice import Credentials, Description
from sipice.session import describe, mapping, names, streams, verify
from sipice.session.events import FragmentReady, Rejected
from sipice.session.state import Dialog, Leg, Mode, Slot, Trickled

MAX_WAITING = 256
"""Candidates kept for a description still to come."""


def consider(leg: Leg, dialog: Dialog) -> None:
    """Hand out a fragment when there is something that the peer has not been told."""
    if dialog.name and streams.trickles(leg, dialog) and _has_news(dialog):
        leg.events.append(FragmentReady(dialog.name, build(dialog)))


def build(dialog: Dialog) -> bytes:
    """Everything of the present generations; empty when nothing can be trickled."""
    own = _own(dialog)
    parts: list[FragmentStream] = []
    for slot, ours in _streams(dialog):
        assert slot.mid is not None
        assert slot.stream is not None
        memory = dialog.stream(slot.stream)
        known = describe.told(memory, ours, slot)
        describe.tell(memory, ours, known)
        parts.append(
            FragmentStream(
                mid=slot.mid,
                candidates=[mapping.to_sdp(one) for one in known],
                end_of_candidates=ours.complete,
                credentials=sdp.Credentials(ours.credentials.ufrag, ours.credentials.pwd),
                media_line=_media_line(own, slot.mid),
            )
        )
    if not parts:
        return b""
    groups = effective.bundles(own) if own is not None and _is_agreed(dialog) else []
    return sdp.build_fragment(parts, bundle=groups[0].mids if groups else ()).to_bytes()


def _streams(dialog: Dialog) -> list[tuple[Slot, Description]]:
    """Those of which the peer has a description; one on its way tells the rest itself."""
    return [
        (slot, ours)
        for slot in dialog.plan
        if slot.mode is Mode.ICE and slot.stream is not None and slot.mid is not None
        for ours in (dialog.agent.local_description(slot.stream),)
        if dialog.stream(slot.stream).ufrag == ours.credentials.ufrag
    ]


def _has_news(dialog: Dialog) -> bool:
    """Whether there is something that the peer has not been told and may still use."""
    for slot, ours in _streams(dialog):
        assert slot.stream is not None
        memory = dialog.stream(slot.stream)
        if memory.nominated:
            continue
        if ours.complete and not memory.ended:
            return True
        if len(describe.told(memory, ours, slot)) > len(memory.known):
            return True
    return False


def _own(dialog: Dialog) -> SessionDescription | None:
    """Our description that the peer has seen last."""
    exchange = dialog.exchange
    return sdp.parse(exchange.sent) if exchange is not None and exchange.sent else dialog.local


def _is_agreed(dialog: Dialog) -> bool:
    """Whether a group in our description is one that both have accepted (§7)."""
    return dialog.exchange is None or dialog.exchange.remote is not None


def _media_line(own: SessionDescription | None, mid: str) -> str:
    """The real m= line, where it is of the form that a fragment may have (§4.4)."""
    media = None if own is None else own.section_of(mid)
    line = f"m={media.media_line}" if media is not None else ""
    return line if sdp.fragment.is_media_line(line) else sdp.fragment.PSEUDO_MEDIA_LINE


def receive(leg: Leg, dialog: Dialog, body: bytes) -> Rejected | None:
    """A fragment of the peer's; one of another generation is ignored (§4.4)."""
    try:
        fragment = sdp.parse_fragment(body)
    except SdpError as problem:
        return verify.rejected(413, f"the fragment is too large: {problem}")
    remote = _remote(dialog)
    positions = {slot.mid: position for position, slot in enumerate(dialog.plan) if slot.mid}
    for media in fragment.media:
        position = positions.get(media.mid or "")
        credentials = fragment.credentials(media.mid)
        if position is None or credentials is None or media.mid is None:
            continue
        slot = dialog.plan[position]
        if slot.mode not in (Mode.ICE, Mode.BUNDLED) or slot.stream is None:
            continue  # of a bundled section they are the group's (RFC 9143 §10)
        known = remote is not None and position < len(remote.media)
        if known and remote and effective.credentials(remote, position) != credentials:
            continue
        if not known:
            _introduce(leg, dialog, slot, credentials)
        for candidate in media.candidates:
            _take(leg, dialog, slot, candidate, credentials.ufrag)
        if fragment.has_ended(media.mid):
            _deliver(leg, dialog, Trickled(slot.stream, None, credentials.ufrag))
    return None


def _remote(dialog: Dialog) -> SessionDescription | None:
    """The description whose generation counts."""
    exchange = dialog.exchange
    if exchange is not None and exchange.remote is not None:
        return exchange.remote
    return dialog.remote


def _introduce(leg: Leg, dialog: Dialog, slot: Slot, credentials: sdp.Credentials) -> None:
    """Before any answer the fragment itself tells who the peer is (§4.3.3)."""
    assert slot.stream is not None
    if verify.are_usable(credentials):
        theirs = Credentials(credentials.ufrag, credentials.pwd)
        description = Description(theirs, trickle=True, complete=False)
        dialog.agent.set_remote_description(leg.now, slot.stream, description)


def _take(leg: Leg, dialog: Dialog, slot: Slot, candidate: sdp.Candidate, ufrag: str) -> None:
    assert slot.stream is not None
    names.note(leg, dialog, slot, candidate, ufrag)
    known = mapping.to_ice(candidate)
    if known is not None and known.component <= slot.components:
        _deliver(leg, dialog, Trickled(slot.stream, known, ufrag))


def _deliver(leg: Leg, dialog: Dialog, one: Trickled) -> None:
    """To the agent, or to those that wait until our own answer has left."""
    exchange = dialog.exchange
    if exchange is not None and exchange.remote is not None and not exchange.sent:
        if len(dialog.waiting) < MAX_WAITING and one not in dialog.waiting:
            dialog.waiting.append(one)
    elif one.candidate is None and names.are_awaited(leg, dialog, one.stream):
        dialog.stream(one.stream).unended = one.ufrag
    elif one.candidate is None:
        dialog.agent.end_of_candidates(leg.now, one.stream, one.ufrag)
    else:
        dialog.agent.add_remote_candidate(leg.now, one.stream, one.candidate, one.ufrag)
