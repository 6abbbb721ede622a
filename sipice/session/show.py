"""RFC 3264: the peer's description as our stack sees it: no ICE, and our own sockets."""

from __future__ import annotations

import sdp
from sdp import Destination, SessionDescription, effective
from sipice.session.state import Dialog, Exchange, Leg, Mode, Slot


def show(leg: Leg, dialog: Dialog, exchange: Exchange) -> bytes:
    """The plain text for the stack; media goes to the anchors of the streams."""
    assert exchange.remote is not None
    description = sdp.parse(exchange.remote.to_bytes())
    places: dict[int, tuple[Destination, ...]] = {}
    for section, slot in enumerate(exchange.plan):
        anchors = _anchors(leg, slot)
        if anchors and not _is_held_the_old_way(description, section, slot):
            places[section] = anchors
    sdp.rewrite.strip(description, places)
    for media, slot in zip(description.media, exchange.plan, strict=True):
        if slot.own_mid and media.mid == slot.mid:
            media.remove(media.positions("mid"))
    return dialog.theirs.stamp(description)


def _anchors(leg: Leg, slot: Slot) -> tuple[Destination, ...]:
    if slot.stream is None or slot.mode in (Mode.CLOSED, Mode.FOREIGN):
        return ()
    ports = leg.ports.get(slot.stream)
    if ports is None:
        return ()
    count = 1 if slot.mux or slot.mode is Mode.BUNDLED else slot.components
    return tuple(Destination(one.host, one.port) for one in ports.anchor[:count])


def _is_held_the_old_way(description: SessionDescription, section: int, slot: Slot) -> bool:
    """c=0.0.0.0 of a peer without ICE stops media (RFC 3264 §8.4); our stack has to see it."""
    connection = effective.connection(description, section)
    return slot.mode is Mode.PLAIN and connection is not None and connection.is_unspecified
