"""RFC 8839 §4.3.1, §4.4.1: our offers, and the answers to them."""

from __future__ import annotations

from dataclasses import replace

import sdp
from sdp import SessionDescription, effective
from sipice.ice import StreamId
from sipice.session import apply, describe, dialogs, sections, show, streams, verify
from sipice.session.config import Trickle
from sipice.session.events import DescriptionReady, Direction, Kind, MismatchFound, Reason, Rejected
from sipice.session.state import (
    CLOSED,
    Dialog,
    Exchange,
    Leg,
    Mode,
    Offered,
    Phase,
    Slot,
    Step,
)


def begin(
    leg: Leg, name: str, data: bytes, *, budget: int | None, restart: bool
) -> Rejected | None:
    """Our stack wants to send this offer."""
    description = verify.own(data)
    if isinstance(description, Rejected):
        return description
    if name == dialogs.INITIAL:
        dialogs.revive(leg)
    if dialogs.is_premature(leg, name):
        return verify.rejected(491, "our initial offer is open")
    known = leg.dialogs.get(name)
    refusal = verify.own_offer_fits(known, description, leg.config.max_streams)
    dialog = None if refusal is not None else known or dialogs.make(leg, name)
    if dialog is None:
        return refusal or verify.rejected(500, "no further dialog is possible")
    _plan(leg, dialog, description, budget=budget, restart=restart)
    return None


def _plan(
    leg: Leg,
    dialog: Dialog,
    description: SessionDescription,
    *,
    budget: int | None,
    restart: bool,
) -> None:
    exchange = _shelved(dialog, description)
    if exchange is None:
        apply.roll_back(leg, dialog)
        exchange = Exchange(Step.PORTS, [], local=description)
        again: list[StreamId] = []
        for section in range(len(description.media)):
            exchange.plan.append(_slot(leg, dialog, exchange, section, restart, again))
        streams.restart(leg, dialog, exchange, again)
    exchange.local, exchange.budget = description, budget
    dialog.exchange, dialog.phase = exchange, Phase.LOCAL_OFFER


def _shelved(dialog: Dialog, description: SessionDescription) -> Exchange | None:
    """The initial offer that was challenged or refused, if this one is of the same shape."""
    shelved = dialog.exchange
    if shelved is None or len(shelved.plan) != len(description.media):
        return None
    for section, slot in enumerate(shelved.plan):
        kind = sections.kind_of(description, section)
        if kind is not slot.mode:
            return None
        if kind is Mode.ICE:
            needed = sections.offered_components(description, section, CLOSED)
            if needed != slot.components:
                return None
    shelved.step = Step.GATHERING
    return shelved


def _slot(
    leg: Leg,
    dialog: Dialog,
    exchange: Exchange,
    section: int,
    restart: bool,
    again: list[StreamId],
) -> Slot:
    """What a section of our offer becomes; its stream stays as long as it serves."""
    assert exchange.local is not None
    description = exchange.local
    before = dialog.slots[section] if section < len(dialog.slots) else CLOSED
    kind = sections.kind_of(description, section)
    mid, own = _mid(leg, description, section, before)
    media = description.media[section]
    if kind in (Mode.CLOSED, Mode.FOREIGN):
        return Slot(kind, mid=media.mid)
    grouped = before.mode is Mode.BUNDLED and effective.bundle_of(description, section) is not None
    if kind is Mode.BUNDLED or grouped:
        return Slot(Mode.BUNDLED, before.stream, mid=mid, own_mid=own)
    needed = sections.offered_components(description, section, before)
    if before.has_ports and before.stream is not None:
        memory = dialog.stream(before.stream)
        wanted = restart or memory.again or before.stream in dialog.restart
        if (memory.has_failed and not wanted) or memory.refused:
            exchange.notes.append(f"stream {section} is removed: it has no path")
            return Slot(Mode.CLOSED, mid=media.mid)
        if needed <= memory.capacity:
            slot = replace(before, components=needed, mux=before.mux and media.rtcp_mux,
                           mid=mid, own_mid=own, mismatch=False)  # fmt: skip
            if not wanted:
                return slot
            again.append(before.stream)
            return replace(slot, mode=Mode.ICE)
    stream = streams.add(leg, dialog, exchange, needed)
    return Slot(Mode.ICE, stream, needed, mid=mid, own_mid=own)


def _mid(
    leg: Leg, description: SessionDescription, section: int, before: Slot
) -> tuple[str | None, bool]:
    """The a=mid of a section; trickling needs one everywhere (RFC 8840 §4.1.1)."""
    mid = description.media[section].mid
    if mid is not None or leg.config.trickle is Trickle.OFF:
        return mid, False
    if before.own_mid:
        return before.mid, True
    taken = {media.mid for media in description.media}
    return next(name for name in (str(section), f"s{section}") if name not in taken), True


def advance(leg: Leg, dialog: Dialog, exchange: Exchange) -> bool:
    """Take the next step of our offer if it can be taken."""
    if exchange.step is Step.PORTS and streams.are_open(leg, exchange):
        exchange.step = Step.GATHERING
        exchange.leave_by = leg.now + leg.config.gather_deadline
        streams.gather(leg, dialog, exchange)
        return True
    if exchange.step is Step.GATHERING and streams.is_gathered(leg, dialog, exchange, offer=True):
        _send(leg, dialog, exchange)
        return True
    return False


def _send(leg: Leg, dialog: Dialog, exchange: Exchange) -> None:
    assert exchange.local is not None
    exchange.sent = describe.write(leg, dialog, exchange, offer=True)
    exchange.step = Step.OUT
    notes, exchange.notes = tuple(exchange.notes), []
    ready = DescriptionReady(dialog.name, Direction.TO_PEER, Kind.OFFER, exchange.sent, notes)
    leg.events.append(ready)
    if not dialog.name and not dialog.slots:
        leg.offered = Offered(
            exchange.sent,
            exchange.local,
            tuple(exchange.plan),
            dialog.ours.copy(),
            dict(exchange.told),
            {stream: memory.for_sibling() for stream, memory in dialog.streams.items()},
        )


def receive(
    leg: Leg, name: str, prospect: tuple[Dialog, Exchange], data: bytes, *, final: bool
) -> Rejected | None:
    """The peer's answer, or a preview of it (RFC 6337 §3.1.1)."""
    exchange = prospect[1]
    if exchange.step is not Step.OUT:
        return verify.rejected(500, "our offer has not left yet")
    if exchange.remote is not None:
        _receive_again(leg, prospect[0], data, final=final)
        return None
    answer = verify.read(data)
    if isinstance(answer, Rejected):
        return answer
    offer = sdp.parse(exchange.sent)
    refusal = verify.answer_fits(offer, answer)
    dialog = None if refusal is not None else dialogs.answered(leg, name)
    if dialog is None or dialog.exchange is None:
        return refusal or verify.rejected(481, "this answers no offer of ours")
    _accept(leg, dialog, dialog.exchange, offer, answer)
    _settle(leg, dialog, dialog.exchange, final=final)
    return None


def _accept(
    leg: Leg,
    dialog: Dialog,
    exchange: Exchange,
    offer: SessionDescription,
    answer: SessionDescription,
) -> None:
    count = len(offer.media)
    plan = [_answered(exchange.plan, offer, answer, section) for section in range(count)]
    exchange.plan, odd = verify.judge_answer(dialog, answer, plan)
    exchange.remote = answer
    leg.events += [MismatchFound(dialog.name, section) for section in odd]
    _note_mux(dialog, exchange, offer)
    _note_restart(dialog, exchange)
    exchange.shown = show.show(leg, dialog, exchange)


def _receive_again(leg: Leg, dialog: Dialog, data: bytes, *, final: bool) -> None:
    """A description after a preview: the first one counts (RFC 6337 §3.1.1, RFC 8840 §4.3.2)."""
    exchange = dialog.exchange
    assert exchange is not None
    assert exchange.remote is not None
    if data != exchange.remote.to_bytes():
        exchange.notes.append("the answer differs from its preview; the preview counts")
    _settle(leg, dialog, exchange, final=final)
    if final:
        resume(leg, dialog)


def resume(leg: Leg, dialog: Dialog) -> None:
    """The call was answered, perhaps long after its preview: what has failed is tried again."""
    for slot in dialog.slots:
        if slot.mode is Mode.ICE and slot.stream is not None:
            dialog.agent.resume(leg.now, slot.stream)


def _settle(leg: Leg, dialog: Dialog, exchange: Exchange, *, final: bool) -> None:
    apply.apply(leg, dialog, exchange, final=final, ours=True)
    kind = Kind.ANSWER if final else Kind.PREVIEW
    notes, exchange.notes = tuple(exchange.notes), []
    ready = DescriptionReady(dialog.name, Direction.TO_STACK, kind, exchange.shown, notes)
    leg.events.append(ready)
    if final:
        dialog.local = sdp.parse(exchange.sent)
        apply.commit(leg, dialog, exchange)


def _answered(
    plan: list[Slot], offer: SessionDescription, answer: SessionDescription, section: int
) -> Slot:
    slot = plan[section]
    if slot.mode in (Mode.CLOSED, Mode.FOREIGN) or not effective.is_alive(answer, section):
        closed = slot.mode is not Mode.FOREIGN
        return replace(CLOSED, mid=slot.mid, own_mid=slot.own_mid) if closed else slot
    tag = sections.tag_of(offer, answer, section)
    if tag is not None:
        return Slot(Mode.BUNDLED, plan[tag].stream, mid=slot.mid, own_mid=slot.own_mid)
    if slot.mode is Mode.BUNDLED:
        return replace(CLOSED, mid=slot.mid, own_mid=slot.own_mid)
    if sections.may_mux(offer, answer, section):
        return replace(slot, components=1, mux=True)
    return replace(slot, mux=False)


def _note_mux(dialog: Dialog, exchange: Exchange, offer: SessionDescription) -> None:
    """RFC 8858 §4.4: a stream that needs RTCP on the port of RTP cannot do without."""
    for media, slot in zip(offer.media, exchange.plan, strict=True):
        if media.rtcp_mux_only and slot.has_ports and not slot.mux and slot.stream is not None:
            dialog.stream(slot.stream).refused = True


def _note_restart(dialog: Dialog, exchange: Exchange) -> None:
    """A restart that only the answer knows of leaves us without credentials: we restart, too."""
    assert exchange.remote is not None
    if dialog.remote is None:
        return
    for section, slot in enumerate(exchange.plan):
        if slot.mode is not Mode.ICE or slot.stream is None or section >= len(dialog.slots):
            continue
        if slot.stream in (*exchange.restarted, *exchange.added):
            continue
        if effective.is_restart(dialog.remote, exchange.remote, section):
            exchange.notes.append(f"stream {section}: the answer restarts ICE, the offer did not")
            dialog.restart[slot.stream] = Reason.RESTART
