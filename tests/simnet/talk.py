"""Two peers that talk: a media packet every 20 ms each way, and what of it arrived."""

from __future__ import annotations

from itertools import pairwise

from tests.simnet.peer import Peer

PTIME = 0.020


class Talk:
    """Sends numbered packets from now on, as far as the agents let it."""

    def __init__(
        self, a: Peer, b: Peer, *, stream: int = 0, component: int = 1, ptime: float = PTIME
    ) -> None:
        self.ptime = ptime
        self.peers = a, b
        self.stream = stream
        self.component = component
        self.sent = {a.name: 0, b.name: 0}
        self.withheld = {a.name: 0, b.name: 0}
        """Packets for which there was no path."""
        self.running = True
        self._tick()

    def _tick(self) -> None:
        if not self.running:
            return
        for peer in self.peers:
            number = self.sent[peer.name]
            data = b"\x80\0" + number.to_bytes(4) + bytes(6)
            if peer.send_media(data, stream=self.stream, component=self.component):
                self.sent[peer.name] += 1
            else:
                self.withheld[peer.name] += 1
        self.peers[0].world.after(self.ptime, self._tick)

    def stop(self) -> None:
        self.running = False

    def longest_gap(self, peer: Peer, since: float = 0.0) -> float:
        """The longest time without a media packet arriving at a peer."""
        times = [when for when, _ in peer.media if when >= since]
        assert len(times) > 1, f"{peer.name} hears nothing"
        return max(later - earlier for earlier, later in pairwise(times))

    def missing(self, peer: Peer) -> int:
        """Packets that never arrived at a peer, up to the last one that did."""
        arrived = {int.from_bytes(data[2:6]) for _, data in peer.media}
        return max(arrived, default=-1) + 1 - len(arrived)
