"""RFC 8839 §4.2: our stack's description with everything that ICE adds to it."""

from __future__ import annotations

from collections.abc import Iterable

import sdp
from sdp import Destination, Ice, RemoteCandidate, SessionDescription, StreamIce, effective
from sipice.ice import Candidate, Description, Role
from sipice.session import budget, mapping
from sipice.session.config import Trickle
from sipice.session.state import Dialog, Exchange, Leg, Mode, Slot, Stream

ICE2, TRICKLE = "ice2", "trickle"


def write(leg: Leg, dialog: Dialog, exchange: Exchange, *, offer: bool) -> bytes:
    """The text that leaves, smaller than the budget of the exchange if that is possible."""
    for cut in budget.cuts(leg, dialog, exchange):
        description = _written(leg, dialog, exchange, cut, offer=offer)
        if exchange.budget is None or len(description.to_bytes()) <= exchange.budget:
            break
    text = dialog.ours.stamp(description)
    if exchange.budget is not None and len(text) > exchange.budget:
        exchange.notes.append(
            f"the description has {len(text)} bytes, {exchange.budget} were wanted: use TCP"
        )
    return text


def _written(
    leg: Leg, dialog: Dialog, exchange: Exchange, cut: budget.Cut, *, offer: bool
) -> SessionDescription:
    assert exchange.local is not None
    description = sdp.parse(exchange.local.to_bytes())
    _tidy(description, exchange, offer=offer)
    streams: list[StreamIce | None] = []
    for section, slot in enumerate(exchange.plan):
        streams.append(None)
        if slot.mode is Mode.ICE and slot.stream is not None:
            streams[-1] = _ice_of(leg, dialog, exchange, slot, cut, offer=offer)
        elif slot.mode is Mode.PLAIN and slot.stream is not None:
            places = _plain_defaults(leg, dialog, slot)
            exchange.told[slot.stream] = places
            _send_to(description, section, mapping.destinations_of(places))
            if slot.mismatch and not offer:
                streams[-1] = StreamIce(mismatch=True)
    _follow_tags(description, exchange)
    sdp.rewrite.put(description, _ice(leg, dialog, exchange, streams))
    return description


def _ice(leg: Leg, dialog: Dialog, exchange: Exchange, streams: list[StreamIce | None]) -> Ice:
    if not any(slot.mode is Mode.ICE for slot in exchange.plan):
        return Ice(streams=streams, options=())
    options = (ICE2, TRICKLE) if says_trickle(leg, dialog, exchange) else (ICE2,)
    lite = leg.agent.lite
    return Ice(
        streams=streams,
        options=options,
        pacing=None if lite else round(leg.agent.ta * 1000),
        lite=lite,
    )


def says_trickle(leg: Leg, dialog: Dialog, exchange: Exchange) -> bool:
    """Whether our description has the option: not where a section has no name (RFC 8840 §4.1.1).

    It stays as it was unless all of ICE begins anew (RFC 8839 §4.4.1.1.1).
    """
    checked = [slot for slot in exchange.plan if slot.mode is Mode.ICE]
    begun = [slot for slot in checked if slot.stream not in (*exchange.restarted, *exchange.added)]
    wanted = leg.config.trickle is not Trickle.OFF
    if begun and dialog.local is not None:
        wanted = TRICKLE in dialog.local.ice_options
    return wanted and all(slot.mid is not None for slot in checked)


def _ice_of(
    leg: Leg,
    dialog: Dialog,
    exchange: Exchange,
    slot: Slot,
    cut: budget.Cut,
    *,
    offer: bool,
) -> StreamIce:
    assert slot.stream is not None
    ours = dialog.agent.local_description(slot.stream)
    memory = dialog.stream(slot.stream)
    remotes: tuple[RemoteCandidate, ...] = ()
    if slot.stream in exchange.pinned:
        candidates = defaults = exchange.pinned[slot.stream]
    elif slot.stream not in exchange.restarted and (pairs := memory.nominated):
        pairs = pairs[: slot.components]
        candidates = defaults = tuple(pair.local for pair in pairs)  # RFC 8839 §4.4.1.2.2
        if offer and dialog.agent.role is Role.CONTROLLING:
            remotes = tuple(_entry(pair.remote) for pair in pairs)
    else:
        known = told(memory, ours, slot)
        count = min(slot.components, cut.components)
        defaults = defaults_of(leg, known, count)
        kept = tuple(one for one in known if one in defaults or cut.keeps(one))
        candidates = tuple(one for one in kept if one.component <= slot.components)
        tell(memory, ours, kept)
    exchange.told[slot.stream] = defaults
    return StreamIce(
        candidates=[mapping.to_sdp(one) for one in candidates],
        credentials=sdp.Credentials(ours.credentials.ufrag, ours.credentials.pwd),
        end_of_candidates=ours.complete and says_trickle(leg, dialog, exchange),
        remote_candidates=remotes,
        destinations=mapping.destinations_of(defaults),
    )


def _entry(remote: Candidate) -> RemoteCandidate:
    return RemoteCandidate(remote.component, remote.address.host, remote.address.port)


def told(memory: Stream, ours: Description, slot: Slot) -> tuple[Candidate, ...]:
    """What was told of this generation, in that order, and behind it what is new since."""
    known = list(memory.known) if memory.ufrag == ours.credentials.ufrag else []
    places = {(one.component, one.address, one.tcptype) for one in known}
    for one in ours.candidates:
        place = (one.component, one.address, one.tcptype)
        if place not in places and one.component <= slot.components:
            places.add(place)
            known.append(one)
    return tuple(known)


def tell(memory: Stream, ours: Description, candidates: tuple[Candidate, ...]) -> None:
    """Remember what the peer is told now."""
    memory.ufrag, memory.known = ours.credentials.ufrag, candidates
    memory.ended = ours.complete


def _plain_defaults(leg: Leg, dialog: Dialog, slot: Slot) -> tuple[Candidate, ...]:
    """Where a peer without ICE sends: it stays once it has been told."""
    assert slot.stream is not None
    memory = dialog.stream(slot.stream)
    if memory.defaults:
        return memory.defaults[: slot.components]
    ours = dialog.agent.local_description(slot.stream)
    return defaults_of(leg, ours.candidates, slot.components)


def defaults_of(leg: Leg, candidates: Iterable[Candidate], count: int) -> tuple[Candidate, ...]:
    """The default candidates as configured."""
    config = leg.config
    order, family = config.default_order, config.default_family
    return mapping.default_candidates(candidates, count, order, family)


def _send_to(
    description: SessionDescription, section: int, places: tuple[Destination, ...]
) -> None:
    sdp.rewrite.set_destination(description, section, *places)


def _follow_tags(description: SessionDescription, exchange: Exchange) -> None:
    """Bundled sections name the address of their group's tag (RFC 9143 §7.3, §7.5)."""
    for section, slot in enumerate(exchange.plan):
        places = exchange.told.get(slot.stream) if slot.stream is not None else None
        if slot.mode is Mode.BUNDLED and places:
            _send_to(description, section, mapping.destinations_of(places[:1]))


def _tidy(description: SessionDescription, exchange: Exchange, *, offer: bool) -> None:
    """Repair what our stack cannot know: ports of streams that are over, mids, RTCP (RFC 5761)."""
    for section, (media, slot) in enumerate(zip(description.media, exchange.plan, strict=True)):
        if slot.mode is Mode.CLOSED and media.port:
            connection = effective.connection(description, section)
            address = "0.0.0.0" if connection is None else connection.address
            known = sdp.fields.ip_address(address)
            _send_to(description, section, (Destination(str(known or "0.0.0.0"), 0),))
        if slot.mid is not None and media.mid is None and slot.mode is not Mode.FOREIGN:
            media.insert(media.attributes_end(), [b"a=mid:" + slot.mid.encode("ascii")])
        if not offer:
            media.remove(media.positions("rtcp-mux-only"))
            if slot.has_ports and not slot.mux:
                media.remove(media.positions("rtcp-mux"))
