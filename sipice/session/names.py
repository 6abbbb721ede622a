"""draft-ietf-mmusic-mdns-ice-candidates: candidates whose address is a ``.local`` name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import sdp
from sdp import SessionDescription, effective
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
) -> None:
    """Have the names of a section's candidates resolved."""
    credentials = effective.credentials(description, section)
    if credentials is not None:
        for candidate in effective.ice_home(description, section).candidates:
            note(leg, dialog, slot, candidate, credentials.ufrag)


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
    waiting = leg.names.pop(name, [])
    if len({address.ip for address in addresses}) != 1:
        return
    for dialog_name, stream, candidate, ufrag in waiting:
        dialog = leg.dialogs.get(dialog_name)
        known = mapping.to_ice(replace(candidate, address=addresses[0].host))
        if dialog is not None and stream in dialog.streams and known is not None:
            dialog.agent.add_remote_candidate(leg.now, stream, known, ufrag)


def forget(leg: Leg) -> None:
    """The call is over: no answer is wanted any more."""
    for name in leg.names:
        leg.commands.append(CancelResolve(Resolve(QueryKind.MDNS, name)))
    leg.names.clear()
