"""RFC 8839 §4.2.5, RFC 3264 §6: whether a description of the peer can be accepted, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sdp
from sdp import SdpError, SessionDescription, Support, effective
from sdp.ice import is_ice_chars
from sipice.session.events import Rejected
from sipice.session.state import Dialog, Mode, Phase, Slot

MAX_RETRY = 10
"""Seconds (RFC 3261 §14.2)."""


def rejected(status: int, reason: str, stream: int | None = None) -> Rejected:
    """A refusal with its Warning header field (RFC 3261 §20.43: 399 for all the rest)."""
    return Rejected(status, f'399 sipice "{reason}"', stream, reason)


def read(data: bytes) -> SessionDescription | Rejected:
    """Read what a peer sent; what cannot be a description is refused."""
    try:
        description = sdp.parse(data)
    except SdpError as problem:
        return rejected(413, f"the description is too large: {problem}")
    if description.origin is None or description.version is None:
        return rejected(400, "this is no session description: v= or o= cannot be read")
    for section, media in enumerate(description.media):
        if media.media_line is None or media.port is None:
            return rejected(400, f"the m= line of stream {section} cannot be read", section)
        if media.port > 65535:
            return rejected(400, f"stream {section} has the port {media.port}", section)
    return description


def own(data: bytes) -> SessionDescription | Rejected:
    """Read what our own stack wants to send."""
    found = read(data)
    if isinstance(found, Rejected):
        return rejected(500, f"our own description: {found.reason}", found.stream)
    return found


def own_offer_fits(dialog: Dialog | None, offer: SessionDescription, most: int) -> Rejected | None:
    """Whether our stack may make this offer now (RFC 3264 §4, §8)."""
    if dialog is not None and dialog.phase is not Phase.STABLE:
        return rejected(491, f"there is an open exchange: {dialog.phase.value}")
    count, before = len(offer.media), 0 if dialog is None else len(dialog.slots)
    if count < before:
        return rejected(500, f"{count} m= sections, there were {before}")
    return rejected(500, f"more than {most} streams") if count > most else None


def answer_fits(offer: SessionDescription, answer: SessionDescription) -> Rejected | None:
    """RFC 3264 §6: as many m= sections as offered, in the same order and of the same types."""
    ours, theirs = len(offer.media), len(answer.media)
    if ours != theirs:
        return rejected(488, f"{theirs} m= sections answer {ours}")
    for section, (asked, given) in enumerate(zip(offer.media, answer.media, strict=True)):
        if asked.type.lower() != given.type.lower():
            return rejected(488, f"stream {section} is answered with m={given.type}", section)
    return credentials_fit(answer)


def offer_fits(dialog: Dialog, offer: SessionDescription, most: int) -> Rejected | None:
    """What a further offer must not do (RFC 3264 §8, RFC 8839 §4.4.1.1.1)."""
    if len(offer.media) < len(dialog.slots):
        return rejected(488, f"{len(offer.media)} m= sections, there were {len(dialog.slots)}")
    if sum(effective.is_alive(offer, section) for section in range(len(offer.media))) > most:
        return rejected(488, f"more than {most} streams")
    before = dialog.remote
    if before is not None:
        for section, slot in enumerate(dialog.slots):
            if slot.mode is not Mode.ICE or section >= len(before.media):
                continue
            changed = effective.changed_without_restart(before, offer, section)
            if changed and not _is_only_trickle(before, offer, section, changed):
                what = " and ".join(changed)
                return rejected(488, f"{what} changed without an ICE restart", section)
    return credentials_fit(offer)


def _is_only_trickle(
    before: SessionDescription, offer: SessionDescription, section: int, changed: tuple[str, ...]
) -> bool:
    """Whether the option to trickle is all that came or went.

    DEVIATION RFC 8839 §4.4.2.1: pjsip leaves it out of its updated offers, when nothing is left to
    be trickled; a refusal would cost the call and gain nothing.
    """
    options = [set(effective.ice_options(one, section)) for one in (before, offer)]
    return changed == ("ice-options",) and options[0] ^ options[1] == {"trickle"}


def credentials_fit(description: SessionDescription) -> Rejected | None:
    """Ufrag and password have a length that checks can be made with (RFC 8839 §5.4)."""
    for section in range(len(description.media)):
        found = effective.credentials(description, section)
        if found is None or not effective.is_alive(description, section):
            continue
        if not are_usable(found):
            return rejected(
                488, f"stream {section} has an impossible ice-ufrag or ice-pwd", section
            )
    return None


def are_usable(credentials: sdp.Credentials) -> bool:
    """Whether checks can be made with them."""
    ufrag, pwd = credentials.ufrag, credentials.pwd
    sized = 4 <= len(ufrag) <= 256 and 22 <= len(pwd) <= 256
    return sized and is_ice_chars(ufrag) and is_ice_chars(pwd)


def is_repeated(dialog: Dialog, offer: SessionDescription) -> bool:
    """Whether the peer only repeats its last description: a session refresh (RFC 4028)."""
    return dialog.remote is not None and dialog.remote.to_bytes() == offer.to_bytes()


def judge_offer(
    dialog: Dialog, offer: SessionDescription, plan: Sequence[Slot]
) -> tuple[list[Slot], list[int]]:
    """The plan with ICE only where the offer can do it; the sections with a mismatch.

    A stream whose ICE is under way is not judged again: only what an offer begins with counts.
    """
    judged: list[Slot] = []
    odd: list[int] = []
    for section, slot in enumerate(plan):
        if not slot.has_ports:
            judged.append(slot)
        elif effective.support(offer, section) is Support.NONE:
            judged.append(replace(slot, mode=Mode.PLAIN, mismatch=False))
        elif not _is_under_way(dialog, section, slot) and effective.mismatch(offer, section):
            judged.append(replace(slot, mode=Mode.PLAIN, mismatch=True))
            odd.append(section)
        else:
            judged.append(replace(slot, mode=Mode.ICE, mismatch=False))
    return judged, odd


def judge_answer(
    dialog: Dialog, answer: SessionDescription, plan: Sequence[Slot]
) -> tuple[list[Slot], list[int]]:
    """The plan with ICE only where the answer does it, too (RFC 8839 §4.3.3).

    A stream without ICE, or with ice-mismatch, goes on alone without; a mismatch that we find
    ourselves ends ICE for all.
    """
    asked = [section for section, slot in enumerate(plan) if slot.mode is Mode.ICE]
    odd = [
        section
        for section in asked
        if not _is_under_way(dialog, section, plan[section]) and effective.mismatch(answer, section)
    ]
    off = asked if odd else [s for s in asked if effective.support(answer, s) is Support.NONE]
    judged = [
        replace(slot, mode=Mode.PLAIN) if section in off else slot
        for section, slot in enumerate(plan)
    ]
    return judged, odd


def _is_under_way(dialog: Dialog, section: int, slot: Slot) -> bool:
    if section >= len(dialog.slots):
        return False
    before = dialog.slots[section]
    return before.mode is Mode.ICE and before.stream == slot.stream
