"""RFC 8839 §4.3.4, RFC 8445 §9: when an offer of ours has become necessary."""

from __future__ import annotations

from sdp import Support, effective
from sipice.ice import Role
from sipice.session import apply
from sipice.session.events import Reason, SessionFailed, UpdateNeeded
from sipice.session.state import Dialog, Leg, Mode, Phase, Slot, Stream


def consider(leg: Leg, dialog: Dialog) -> None:
    """Tell the owner, once for each cause, that our stack should make an offer."""
    if dialog.phase is not Phase.STABLE or dialog.remote is None or dialog.exchange is not None:
        return
    for stream, reason in dialog.restart.items():
        _report(leg, dialog, reason, stream, dialog.stream(stream).latest)
    found = [
        (section, slot, dialog.stream(slot.stream))
        for section, slot in enumerate(dialog.slots)
        if slot.has_ports and slot.stream is not None
    ]
    for _, slot, memory in found:
        if memory.refused and slot.stream is not None:
            _report(leg, dialog, Reason.MUX_REFUSED, slot.stream)
    checked = [one for one in found if one[1].mode is Mode.ICE]
    if not checked or not all(memory.nominated or memory.has_failed for _, _, memory in checked):
        return
    _conclude(leg, dialog, checked, has_other=len(checked) < len(found))


def _conclude(
    leg: Leg, dialog: Dialog, checked: list[tuple[int, Slot, Stream]], *, has_other: bool
) -> None:
    """All checklists are Completed or Failed."""
    failed = [memory.latest for _, _, memory in checked if memory.has_failed]
    lost = len(failed) == len(checked) and not has_other
    if lost and (None, *failed) not in dialog.reported:
        dialog.reported.add((None, *failed))
        leg.events.append(SessionFailed(dialog.name, "no stream has a path"))
    if dialog.agent.role is not Role.CONTROLLING:
        return
    if failed:
        _report(leg, dialog, Reason.STREAM_FAILED, *failed)
        return
    if all(_speaks_ice2(dialog, section) for section, _, _ in checked):
        return
    odd = [memory.latest for section, _, memory in checked if _strays(dialog, section, memory)]
    if odd:
        _report(leg, dialog, Reason.NOMINATED, *odd)


def _report(leg: Leg, dialog: Dialog, reason: Reason, *what: int) -> None:
    if (reason, *what) not in dialog.reported:
        dialog.reported.add((reason, *what))
        leg.events.append(UpdateNeeded(dialog.name, reason))


def _speaks_ice2(dialog: Dialog, section: int) -> bool:
    assert dialog.remote is not None
    return effective.support(dialog.remote, section) is Support.FULL


def _strays(dialog: Dialog, section: int, memory: Stream) -> bool:
    """Whether a nominated pair is not that of the default candidates of both sides."""
    assert dialog.remote is not None
    for place, pair in enumerate(memory.nominated):
        ours = memory.defaults[place].address if place < len(memory.defaults) else None
        theirs = apply.destination_of(dialog.remote, section, place + 1)
        if ours != pair.local.address or theirs != pair.remote.address:
            return True
    return False
