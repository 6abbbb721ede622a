"""RFC 8839 §4.4.3: streams of the agent that come, go and restart with their m= sections."""

from __future__ import annotations

from sdp import SessionDescription, effective
from sipice.ice import Agent, StreamId
from sipice.net import ReleaseBase
from sipice.session.config import Trickle
from sipice.session.events import ClosePorts, OpenPorts
from sipice.session.state import Dialog, Exchange, Leg, Mode, Ports, SessionCommand, Stream


def add(leg: Leg, dialog: Dialog, exchange: Exchange, components: int) -> StreamId:
    """A stream with sockets of its own, for as long as the exchange is open at first."""
    stream = dialog.agent.add_stream(components)
    exchange.added.append(stream)
    dialog.streams[stream] = Stream(capacity=components)
    leg.ports[stream] = Ports()
    leg.commands.append(OpenPorts(stream, components))
    return stream


def restart(leg: Leg, dialog: Dialog, exchange: Exchange, streams: list[StreamId]) -> None:
    """Begin the next generation of these; sockets that were released are bound again."""
    if not streams:
        return
    exchange.restarted = tuple(streams)
    exchange.marks = {stream: dialog.stream(stream).latest for stream in streams}
    exchange.restart = dialog.agent.prepare_restart(leg.now, streams)
    for stream in streams:
        leg.ports[stream].opening = True
        leg.commands.append(OpenPorts(stream, dialog.stream(stream).capacity))


def drop(leg: Leg, dialog: Dialog, stream: StreamId) -> None:
    """The dialog has no use for a stream any more."""
    dialog.agent.remove_stream(leg.now, stream)
    dialog.streams.pop(stream, None)
    dialog.restart.pop(stream, None)
    take_commands(leg, dialog.agent)
    close_unused(leg)


def take_commands(leg: Leg, agent: Agent) -> None:
    """What an agent wants from the shell."""
    for command in agent.take_commands():
        leg.commands.append(command)
        if isinstance(command, ReleaseBase):
            leg.bases.pop(command.base.number, None)


def close_unused(leg: Leg) -> None:
    """Give back the ports of streams that no dialog has any more."""
    used = {stream for dialog in leg.dialogs.values() for stream in dialog.streams}
    if leg.offered is not None and leg.spare is not None:
        used |= set(leg.offered.streams)
    for stream in [stream for stream in leg.ports if stream not in used]:
        leg.commands = [one for one in leg.commands if not _opens(one, stream)]
        if leg.ports.pop(stream).asked:
            leg.commands.append(ClosePorts(stream))


def _opens(command: SessionCommand, stream: StreamId) -> bool:
    return isinstance(command, OpenPorts) and command.stream == stream


def are_open(leg: Leg, exchange: Exchange) -> bool:
    """Whether the sockets for every stream of the exchange are there."""
    return not any(leg.ports[stream].opening for stream in _fresh(exchange))


def gather(leg: Leg, dialog: Dialog, exchange: Exchange) -> None:
    """Ask the servers for the streams that are new or begin anew."""
    for stream in _fresh(exchange):
        leg.ports[stream].gathering = True
        dialog.agent.gather(leg.now, stream)


def is_gathered(leg: Leg, dialog: Dialog, exchange: Exchange, *, offer: bool) -> bool:
    """Whether our description may leave: complete, unless the peer takes candidates one by one."""
    needed = [
        slot.stream
        for slot in exchange.plan
        if slot.stream is not None and slot.has_ports and leg.ports[slot.stream].gathering
    ]
    if not needed or (exchange.leave_by is not None and leg.now >= exchange.leave_by):
        return True
    if any(slot.mode is Mode.PLAIN and slot.stream in needed for slot in exchange.plan):
        return False
    if offer and leg.config.trickle is Trickle.FULL:
        return True
    return trickles(leg, dialog)


def trickles(leg: Leg, dialog: Dialog) -> bool:
    """Whether candidates may be sent to the peer one by one (RFC 8840 §4.3)."""
    if leg.config.trickle is Trickle.OFF or dialog.trickles is not None:
        return leg.config.trickle is not Trickle.OFF and bool(dialog.trickles)
    exchange = dialog.exchange
    remote = exchange.remote if exchange is not None and exchange.remote else dialog.remote
    return remote is not None and says_trickle(remote)


def says_trickle(remote: SessionDescription) -> bool:
    """Whether a description has the option for every stream with ICE, and names them all."""
    streams = [
        section
        for section in range(len(remote.media))
        if effective.credentials(remote, section) is not None
    ]
    return bool(streams) and all(
        effective.is_trickle(remote, section) and remote.media[section].mid is not None
        for section in streams
    )


def _fresh(exchange: Exchange) -> list[StreamId]:
    return [*exchange.added, *exchange.restarted]
