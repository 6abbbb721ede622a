"""draft-ietf-mmusic-mdns-ice-candidates: candidates whose address is a ``.local`` name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import sdp
from sdp import SessionDescription, effective
from sipice.ice import StreamId
from sipice.net import Address, CancelResolve, QueryKind, Resolve
from sipice.session import mapping
from sipice.session.state import Dialog, Leg, Named, Slot

_UUID_NAME = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.local\.?", re.IGNORECASE
)
MAX_NAMES = 32
"""Outstanding names of one call; a peer may not make us ask for more."""


def ask(
    leg: Leg, dialog: Dialog, description: SessionDescription, section: int, slot: Slot
) -> bool:
    """Have the names of a section's candidates resolved; whether there are any."""
    credentials = effective.credentials(description, section)
    if credentials is not None:
        for candidate in effective.ice_home(description, section).candidates:
            note(leg, dialog, slot, candidate, credentials.ufrag)
    return slot.stream is not None and are_awaited(leg, dialog, slot.stream)


def are_awaited(leg: Leg, dialog: Dialog, stream: StreamId) -> bool:
    """Whether candidates of a stream wait for the address behind their name."""
    waiting = (one for names in leg.names.values() for one in names)
    return any((one.dialog, one.stream) == (dialog.name, stream) for one in waiting)


def note(leg: Leg, dialog: Dialog, slot: Slot, candidate: sdp.Candidate, ufrag: str) -> None:
    """One candidate of the peer; nothing happens unless it is one with a name of that form."""
    name = candidate.address
    usable = slot.stream is not None and candidate.component <= slot.components
    if not leg.config.mdns or not usable or not _UUID_NAME.fullmatch(name):
        return
    if name not in leg.names:
        if len(leg.names) >= MAX_NAMES:
            return
        leg.commands.append(Resolve(QueryKind.MDNS, name))
    assert slot.stream is not None
    waiting = leg.names.setdefault(name, [])
    named = Named(dialog.name, slot.stream, candidate, ufrag)
    if named not in waiting and len(waiting) < MAX_NAMES:
        waiting.append(named)


def resolved(leg: Leg, name: str, addresses: Sequence[Address]) -> None:
    """A name has an address; with several it is ignored."""
    single = len({address.ip for address in addresses}) == 1
    for dialog_name, stream, candidate, ufrag in leg.names.pop(name, []):
        dialog = leg.dialogs.get(dialog_name)
        if dialog is None or stream not in dialog.streams:
            continue
        known = mapping.to_ice(replace(candidate, address=addresses[0].host)) if single else None
        if known is not None:
            dialog.agent.add_remote_candidate(leg.now, stream, known._replace(hidden=True), ufrag)
        memory = dialog.stream(stream)
        if memory.unended and not are_awaited(leg, dialog, stream):
            dialog.agent.end_of_candidates(leg.now, stream, memory.unended)
            memory.unended = ""


def forget(leg: Leg) -> None:
    """The call is over: no answer is wanted any more."""
    for name in leg.names:
        leg.commands.append(CancelResolve(Resolve(QueryKind.MDNS, name)))
    leg.names.clear()
