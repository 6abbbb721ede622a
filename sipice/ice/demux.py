"""RFC 8839 §7: which of several forked agents a datagram belongs to."""

from __future__ import annotations

from sipice.ice import questions
from sipice.ice.agent import Agent
from sipice.net import Address, Base


class Demux:
    """Gives each datagram to one sibling of a fork.

    Siblings share bases and allocations, so after an input to one of them the commands, events and
    deadlines of all are to be looked at.
    """

    __slots__ = ("agents",)

    def __init__(self, *agents: Agent) -> None:
        self.agents = list(agents)

    def receive_datagram(self, now: float, data: bytes, base: Base, remote: Address) -> None:
        """Hand a datagram to the sibling it is for; a stranger's check is kept by the first."""
        if self.agents:
            self.find(data, base, remote).receive_datagram(now, data, base, remote)

    def find(self, data: bytes, base: Base, remote: Address) -> Agent:
        """By transaction, else by the peer's ufrag in USERNAME, else by where it came from.

        Of what a TURN server relays, the packet inside tells: siblings share the allocation.
        """
        data, base, remote = self.agents[0].unwrap(data, base, remote)
        states = [agent._state for agent in self.agents]
        return self.agents[questions.owner(states, data, base, remote)]
