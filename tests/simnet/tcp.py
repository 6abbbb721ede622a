"""Byte streams in the virtual network: connections that pass NATs and firewalls as packets do.

A segment is a datagram with a mark in front, so mapping and filtering apply to it as to UDP. Links
do not lose segments by chance (TCP would repeat them); a wire that is cut does, and a connection
that is not answered is given up after some attempts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sipice.net import Address
from tests.simnet.world import TCP_MARK, Packet, World

SYN, ACCEPT, REFUSE, DATA, FIN = (bytes([number]) for number in range(5))
SYN_ATTEMPTS = (0.0, 1.0, 3.0, 7.0)
GIVE_UP = 15.0


def _nothing() -> None:
    pass


def _no_data(data: bytes) -> None:
    pass


@dataclass(slots=True, eq=False)
class End:
    """One end of a connection."""

    stack: Stack
    local: Address
    remote: Address
    opened: bool = False
    closed: bool = False
    on_open: Callable[[], None] = _nothing
    on_data: Callable[[bytes], None] = _no_data
    on_close: Callable[[], None] = _nothing

    def send(self, data: bytes) -> None:
        if self.opened and not self.closed:
            self.stack.segment(self, DATA + data)

    def close(self) -> None:
        """Tell the other end, and forget the connection."""
        if not self.closed:
            if self.opened:
                self.stack.segment(self, FIN)
            self.stack.forget(self)


@dataclass(slots=True, eq=False)
class Stack:
    """The TCP of one host: listeners and connections."""

    world: World
    transmit: Callable[[Packet], None]
    listeners: dict[Address, Callable[[End], None]] = field(default_factory=dict)
    ends: dict[tuple[Address, Address], End] = field(default_factory=dict)
    next_port: int = 40_000

    def listen(self, address: Address, accept: Callable[[End], None]) -> None:
        self.listeners[address] = accept

    def connect(self, local: Address, remote: Address) -> End:
        """Begin to connect; port 0 takes a free one. The handlers of the end tell how it went."""
        if local.port == 0:
            self.next_port += 1
            local = Address(local.ip, self.next_port)
        end = self.ends[local, remote] = End(self, local, remote)
        for delay in SYN_ATTEMPTS:
            self.world.after(delay, lambda: self._try(end))
        self.world.after(GIVE_UP, lambda: self._give_up(end))
        return end

    def _try(self, end: End) -> None:
        if not end.opened and not end.closed:
            self.segment(end, SYN)

    def _give_up(self, end: End) -> None:
        if not end.opened and not end.closed:
            self.forget(end)
            end.on_close()

    def segment(self, end: End, data: bytes) -> None:
        self.transmit(Packet(end.local, end.remote, TCP_MARK + data))

    def forget(self, end: End) -> None:
        end.closed = True
        if self.ends.get((end.local, end.remote)) is end:
            del self.ends[end.local, end.remote]

    def receive(self, packet: Packet) -> None:
        """A segment came to this host."""
        kind, data = packet.data[4:5], packet.data[5:]
        end = self.ends.get((packet.dst, packet.src))
        if kind == SYN:
            self._syn(packet, end)
        elif end is None:
            return
        elif kind == ACCEPT and not end.opened:
            end.opened = True
            end.on_open()
        elif kind == DATA:
            end.on_data(data)
        elif kind in (FIN, REFUSE):
            self.forget(end)
            end.on_close()

    def _syn(self, packet: Packet, end: End | None) -> None:
        if end is not None:
            # Repeated, or both ends connect at once (simultaneous open).
            self.segment(end, ACCEPT)
            if not end.opened:
                end.opened = True
                end.on_open()
            return
        accept = self.listeners.get(packet.dst)
        end = End(self, packet.dst, packet.src, opened=True)
        if accept is None:
            self.segment(end, REFUSE)
            return
        self.ends[end.local, end.remote] = end
        self.segment(end, ACCEPT)
        accept(end)
