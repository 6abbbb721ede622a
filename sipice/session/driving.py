"""What the agents of a call want from outside, and what happened in them."""

from __future__ import annotations

from sipice.ice import DataReceived as AgentData
from sipice.ice import (
    Event,
    GatheringFinished,
    Loss,
    PairSelected,
    PathLost,
    StreamCompleted,
    StreamResumed,
)
from sipice.ice import MediaChanged as AgentMedia
from sipice.ice import StreamFailed as AgentFailed
from sipice.session import answers, fragments, offers, streams, updates
from sipice.session.events import DataReceived, MediaChanged, PathSelected, Reason, StreamFailed
from sipice.session.state import Dialog, Leg, Phase, Selected


def pump(leg: Leg, *, look: bool = True) -> None:
    """After an input: take what the agents have to say, and every step that it makes possible.

    Without ``look`` the input was one of the network: unless an agent tells something, no offer
    and no fragment has become due.
    """
    busy = True
    while busy:
        busy = False
        for agent in leg.agents():
            dialog = next((one for one in leg.dialogs.values() if one.agent is agent), None)
            for event in agent.take_events():
                busy = True
                _happened(leg, dialog, event)
            streams.take_commands(leg, agent)
        for dialog in list(leg.dialogs.values()):
            busy = _advance(leg, dialog) or busy
        look = look or busy
    for dialog in leg.dialogs.values() if look else ():
        updates.consider(leg, dialog)
        fragments.consider(leg, dialog)


def _advance(leg: Leg, dialog: Dialog) -> bool:
    exchange = dialog.exchange
    if exchange is None or dialog.phase is Phase.STABLE:
        return False
    if dialog.phase is Phase.LOCAL_OFFER:
        return offers.advance(leg, dialog, exchange)
    return answers.advance(leg, dialog, exchange)


def _happened(leg: Leg, dialog: Dialog | None, event: Event) -> None:
    if isinstance(event, GatheringFinished):
        ports = leg.ports.get(event.stream)
        if ports is not None:
            ports.gathering = False
    if dialog is None:
        return
    match event:
        case AgentMedia(stream, _, component, table):
            leg.events.append(MediaChanged(dialog.name, stream, component, table))
        case AgentData(stream, component, data, remote):
            leg.events.append(DataReceived(dialog.name, stream, component, data, remote))
        case PairSelected():
            _selected(leg, dialog, event)
        case AgentFailed():
            _failed(leg, dialog, event)
        case _:
            _remember(dialog, event)


def _remember(dialog: Dialog, event: Event) -> None:
    match event:
        case StreamCompleted(stream, generation):
            dialog.stream(stream).completed.add(generation)
        case StreamResumed(stream, generation):
            dialog.stream(stream).failed.discard(generation)
        case PathLost(stream, generation, _, reason):
            # Who revokes consent does not want our media any more (RFC 7675 §5.2).
            if generation > dialog.stream(stream).floor and reason is not Loss.CONSENT_REVOKED:
                dialog.restart[stream] = Reason.RESTART
        case _:
            pass


def _failed(leg: Leg, dialog: Dialog, event: AgentFailed) -> None:
    memory = dialog.stream(event.stream)
    memory.failed.add(event.generation)
    if event.generation > memory.floor:
        leg.events.append(StreamFailed(dialog.name, event.stream, event.reason.value))


def _selected(leg: Leg, dialog: Dialog, event: PairSelected) -> None:
    memory = dialog.stream(event.stream)
    memory.selected[event.generation, event.component] = Selected(event.local, event.remote)
    for section, slot in enumerate(dialog.plan):
        if slot.stream == event.stream and slot.has_ports:
            leg.events.append(
                PathSelected(
                    dialog.name,
                    event.stream,
                    event.component,
                    slot.mid,
                    section,
                    event.path,
                    event.local,
                    event.remote,
                )
            )
