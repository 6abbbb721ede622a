"""The media of one user agent: a tone as G.711 over RTP, and ears for the other one's."""

from __future__ import annotations

import asyncio

from sipice.cli.demo.g711 import Law, decode, encode
from sipice.cli.demo.rtp import Receiver, pack
from sipice.cli.demo.tone import RATE, loudest, sine

PACKET = 160
"""Samples per packet: 20 ms."""
_PART = 8 * PACKET
"""Samples in which a tone is looked for."""
TONES = (440.0, 660.0)
"""Hertz, of caller and callee."""


class Voice(asyncio.DatagramProtocol):
    """Bound to a socket of its own, as the media of an ordinary stack is."""

    def __init__(self, hertz: float, law: Law = Law.MU) -> None:
        self.hertz = hertz
        self.receiver = Receiver()
        self.times: list[float] = []
        self.sent = 0
        self.to: tuple[str, int] | None = None
        """Where to send; None is silence."""
        self._law = law
        self._transport: asyncio.DatagramTransport | None = None
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._began = self._loop.time()
        self._next = 0.0

    async def open(self, host: str) -> int:
        """Bind; returns the port."""
        transport, _ = await self._loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        self._transport = transport
        port: int = transport.get_extra_info("sockname")[1]
        return port

    def talk(self, to: tuple[str, int] | None) -> None:
        """Send there from now on, one packet each 20 ms; None is silence."""
        self.to = to
        if to is not None and self._timer is None:
            self._next = self._loop.time()
            self._tick()

    def close(self) -> None:
        """No more packets."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.close()

    def heard_tone(self) -> float | None:
        """Which tone was heard, all the time; None if there was none, or another for a while."""
        samples = decode(b"".join(self.receiver.payloads), self._law)
        parts = [samples[at : at + _PART] for at in range(0, len(samples) - _PART + 1, _PART)]
        tones = {loudest(part, TONES) for part in parts}
        return tones.pop() if len(tones) == 1 else None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A packet came."""
        now = self._loop.time()
        if self.receiver.receive(now, data):
            self.times.append(now)

    def _tick(self) -> None:
        if self.to is None or self._transport is None:
            self._timer = None
            return
        timestamp = round((self._next - self._began) * RATE)  # goes on in silence
        payload = encode(sine(self.hertz, PACKET, self.sent * PACKET), self._law)
        packet = pack(self._law.value, self.sent, timestamp, int(self.hertz), payload)
        self._transport.sendto(packet, self.to)
        self.sent += 1
        self._next += PACKET / RATE
        self._timer = self._loop.call_at(self._next, self._tick)
