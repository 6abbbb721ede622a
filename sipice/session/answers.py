"""RFC 8839 §4.3.2, §4.4.2: the peer's offers, and our answers to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sdp
from sdp import SessionDescription, effective
from sipice.ice import Candidate, StreamId
from sipice.ice.questions import Outlook
from sipice.session import apply, describe, mapping, offers, sections, show, streams, verify
from sipice.session.events import DescriptionReady, Direction, Kind, MismatchFound, Reason, Rejected
from sipice.session.state import CLOSED, Dialog, Exchange, Leg, Mode, Phase, Slot, Step

_Found = tuple[Outlook, Candidate | None]
"""Of a pair that the peer says it uses, and our half of it."""
_HOPE = (Outlook.VALID, Outlook.OPEN, Outlook.LOST)


def busy(leg: Leg, dialog: Dialog) -> Rejected | None:
    """RFC 6337 §4.3: an offer that comes while another one is open."""
    if dialog.phase is Phase.LOCAL_OFFER:
        return verify.rejected(491, "our own offer is open")
    if dialog.phase is Phase.REMOTE_OFFER:
        refusal = verify.rejected(500, "the offer before this one has no answer yet")
        return refusal._replace(retry_after=int(leg.rng.random() * (verify.MAX_RETRY + 1)))
    return None


def receive(leg: Leg, dialog: Dialog, offer: SessionDescription) -> None:
    """The peer's offer, which has been found fit."""
    exchange = Exchange(Step.PORTS, list(dialog.slots), remote=offer)
    if verify.is_repeated(dialog, offer):
        exchange.refresh = True
    else:
        exchange.plan = [
            _slot(leg, dialog, exchange, section) for section in range(len(offer.media))
        ]
        exchange.plan, odd = verify.judge_offer(dialog, offer, exchange.plan)
        leg.events += [MismatchFound(dialog.name, section) for section in odd]
        streams.restart(leg, dialog, exchange, _restarted(dialog, exchange))
    dialog.exchange, dialog.phase = exchange, Phase.REMOTE_OFFER


def _slot(leg: Leg, dialog: Dialog, exchange: Exchange, section: int) -> Slot:
    assert exchange.remote is not None
    offer = exchange.remote
    before = dialog.slots[section] if section < len(dialog.slots) else CLOSED
    kind = sections.kind_of(offer, section)
    mid = offer.media[section].mid
    own = before.own_mid and mid == before.mid
    if kind in (Mode.CLOSED, Mode.FOREIGN):
        return Slot(kind, mid=mid)
    grouped = before.mode is Mode.BUNDLED and effective.bundle_of(offer, section) is not None
    if kind is Mode.BUNDLED or grouped:
        return Slot(Mode.BUNDLED, before.stream, mid=mid, own_mid=own)
    needed = sections.asked_components(offer, section, before)
    stream = before.stream if before.has_ports else None
    if stream is not None and needed <= dialog.stream(stream).capacity:
        return replace(before, components=needed, mid=mid, own_mid=own)
    stream = streams.add(leg, dialog, exchange, needed)
    return Slot(Mode.ICE, stream, needed, mid=mid)


def _restarted(dialog: Dialog, exchange: Exchange) -> list[StreamId]:
    """The streams whose ICE begins anew: restarted by the peer, or without ICE until now."""
    assert exchange.remote is not None
    again: list[StreamId] = []
    for section, slot in enumerate(exchange.plan):
        if slot.mode is not Mode.ICE or slot.stream is None or slot.stream in exchange.added:
            continue
        before = dialog.slots[section]
        known = dialog.remote
        if before.mode is Mode.PLAIN or (
            known is not None and effective.is_restart(known, exchange.remote, section)
        ):
            again.append(slot.stream)
    return again


def begin(
    leg: Leg, dialog: Dialog, data: bytes, *, final: bool, budget: int | None
) -> Rejected | None:
    """Our stack's answer, or one to be previewed in an unreliable 18x."""
    exchange = dialog.exchange
    ready = (Step.SHOWN, Step.PREVIEWED)
    if dialog.phase is not Phase.REMOTE_OFFER or exchange is None or exchange.step not in ready:
        return verify.rejected(500, "there is no offer to be answered")
    if exchange.step is Step.PREVIEWED:
        _repeat(leg, dialog, exchange, final=final)
        return None
    assert exchange.remote is not None
    answer = verify.own(data)
    if isinstance(answer, Rejected):
        return answer
    if len(answer.media) != len(exchange.remote.media):
        asked = len(exchange.remote.media)
        return verify.rejected(
            500, f"our own answer has {len(answer.media)} m= sections of {asked}"
        )
    exchange.local, exchange.final, exchange.budget = answer, final, budget
    if not exchange.refresh:
        exchange.plan = [
            _answered(exchange, answer, section) for section in range(len(answer.media))
        ]
    exchange.step = Step.RACING
    return None


def _answered(exchange: Exchange, answer: SessionDescription, section: int) -> Slot:
    assert exchange.remote is not None
    slot, offer = exchange.plan[section], exchange.remote
    closed = replace(CLOSED, mid=slot.mid, own_mid=slot.own_mid)
    if slot.mode in (Mode.CLOSED, Mode.FOREIGN):
        return slot
    tag = sections.tag_of(offer, answer, section)
    if tag is not None and effective.is_alive(answer, section):
        return Slot(Mode.BUNDLED, exchange.plan[tag].stream, mid=slot.mid, own_mid=slot.own_mid)
    if not answer.media[section].port or slot.mode is Mode.BUNDLED:
        return closed
    if sections.may_mux(offer, answer, section):
        return replace(slot, components=1, mux=True)
    if offer.media[section].rtcp_mux_only:
        exchange.notes.append(f"stream {section} is refused: it needs rtcp-mux (RFC 8858 §4.3)")
        return closed
    return replace(slot, mux=False)


def advance(leg: Leg, dialog: Dialog, exchange: Exchange) -> bool:
    """Take the next step of the peer's offer if it can be taken."""
    match exchange.step:
        case Step.PORTS if streams.are_open(leg, exchange):
            exchange.leave_by = leg.now + leg.config.gather_deadline
            streams.gather(leg, dialog, exchange)
            _show(leg, dialog, exchange)
            return True
        case Step.RACING if _is_decided(leg, dialog, exchange):
            exchange.step = Step.ANSWERING
            return True
        case Step.ANSWERING if streams.is_gathered(leg, dialog, exchange, offer=False):
            _send(leg, dialog, exchange)
            return True
        case _:
            return False


def _show(leg: Leg, dialog: Dialog, exchange: Exchange) -> None:
    exchange.step = Step.SHOWN
    exchange.shown = show.show(leg, dialog, exchange)
    notes, exchange.notes = tuple(exchange.notes), []
    leg.events.append(
        DescriptionReady(dialog.name, Direction.TO_STACK, Kind.OFFER, exchange.shown, notes)
    )


def _is_decided(leg: Leg, dialog: Dialog, exchange: Exchange) -> bool:
    """RFC 8839 §4.4.2: whether the pairs that the peer says it uses have won or lost here."""
    assert exchange.remote is not None
    pinned: dict[StreamId, tuple[Candidate, ...]] = {}
    lost: list[StreamId] = []
    for section, slot in enumerate(exchange.plan):
        entries = exchange.remote.media[section].remote_candidates
        if slot.mode is not Mode.ICE or slot.stream is None or not entries or exchange.refresh:
            continue
        if slot.stream in exchange.restarted or slot.stream in exchange.added:
            continue
        ask = _own if leg.agent.lite else _outlook
        named = {one.component for one in entries if one.component <= slot.components}
        found = [
            _best(
                ask(dialog, exchange.remote, section, slot.stream, entry)
                for entry in entries
                if entry.component == component
            )
            for component in sorted(named)
        ]
        locals_ = [local for _, local in found if local is not None]
        if len(locals_) == len(found):
            pinned[slot.stream] = tuple(locals_)
        elif any(outlook is Outlook.LOST for outlook, _ in found):
            lost.append(slot.stream)
        else:
            return False
    exchange.pinned = pinned
    dialog.restart |= dict.fromkeys(lost, Reason.RESTART)
    return True


def _best(found: Iterable[_Found]) -> _Found:
    """Of one component: baresip names all candidates that it knows of us, not only the used one."""
    return min(found, key=lambda one: _HOPE.index(one[0]))


def _outlook(
    dialog: Dialog,
    offer: SessionDescription,
    section: int,
    stream: StreamId,
    entry: sdp.RemoteCandidate,
) -> _Found:
    local = mapping.parsed(entry.address, entry.port)
    remote = apply.destination_of(offer, section, entry.component)
    if local is None or remote is None:
        return Outlook.LOST, None
    return dialog.agent.outlook(stream, local, remote)


def _own(
    dialog: Dialog,
    offer: SessionDescription,
    section: int,
    stream: StreamId,
    entry: sdp.RemoteCandidate,
) -> _Found:
    """A lite agent has no checks that could be lost: it takes the pair (RFC 8839 §4.4.2.2)."""
    address = mapping.parsed(entry.address, entry.port)
    known = dialog.agent.local_description(stream).candidates
    local = next((one for one in known if one.address == address), None)
    return (Outlook.LOST if local is None else Outlook.VALID), local


def _send(leg: Leg, dialog: Dialog, exchange: Exchange) -> None:
    """Our answer leaves; checks may begin right after it (RFC 8839 §4.3.2)."""
    if exchange.refresh and _may_repeat(dialog):
        assert dialog.local is not None
        exchange.sent = dialog.local.to_bytes()
    else:
        exchange.sent = describe.write(leg, dialog, exchange, offer=False)
    _hand_out(leg, dialog, exchange)
    if not exchange.refresh:
        apply.apply(leg, dialog, exchange, final=exchange.final, ours=False)
    _conclude(leg, dialog, exchange)


def _may_repeat(dialog: Dialog) -> bool:
    """Whether our last description can stand as an answer; an offer has lines that cannot."""
    local = dialog.local
    if local is None or local.to_bytes() != dialog.ours.last:
        return False
    return not any(
        media.remote_candidates or media.rtcp_mux_only or media.setup == "actpass"
        for media in local.media
    )


def _repeat(leg: Leg, dialog: Dialog, exchange: Exchange, *, final: bool) -> None:
    """The same text again: all descriptions in responses to one INVITE are (RFC 6337 §3.1.1)."""
    exchange.final = final
    _hand_out(leg, dialog, exchange)
    if final:
        if not exchange.refresh:
            apply.apply(leg, dialog, exchange, final=True, ours=False)
        _conclude(leg, dialog, exchange)
        offers.resume(leg, dialog)


def _hand_out(leg: Leg, dialog: Dialog, exchange: Exchange) -> None:
    kind = Kind.ANSWER if exchange.final else Kind.PREVIEW
    notes, exchange.notes = tuple(exchange.notes), []
    leg.events.append(DescriptionReady(dialog.name, Direction.TO_PEER, kind, exchange.sent, notes))


def _conclude(leg: Leg, dialog: Dialog, exchange: Exchange) -> None:
    if exchange.final:
        dialog.local = sdp.parse(exchange.sent)
        apply.commit(leg, dialog, exchange)
    else:
        exchange.step = Step.PREVIEWED
