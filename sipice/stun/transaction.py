"""RFC 8489 §6.2: when a client sends its request again, and when it gives up."""

from __future__ import annotations

from dataclasses import dataclass

from sipice.errors import UsageError

RTO = 0.5
"""Default and least initial retransmission time-out, seconds (§6.2.1)."""
RC = 7
"""Requests sent in all (§6.2.1)."""
RM = 16
"""The last request is waited for this many RTO (§6.2.1)."""
TI = 39.5
"""Time-out over a reliable transport, seconds (§6.2.2)."""


@dataclass(slots=True)
class Transaction:
    """The schedule of one request: the owner sends it, asks for ``next_timeout`` and obeys.

    It is made when the request is first sent. It knows no bytes and no addresses; whoever matches
    responses by transaction id holds them beside it.
    """

    started: float
    rto: float = RTO
    rc: int = RC
    rm: float = RM
    reliable: bool = False
    """Over a stream: one request, and ``ti`` to wait for its response."""
    ti: float = TI
    sent: int = 1
    """Requests sent so far."""
    _deadline: float = 0.0

    def __post_init__(self) -> None:
        if self.rto <= 0 or self.rc < 1:
            raise UsageError("a transaction needs a positive RTO and at least one request")
        self._deadline = self.started + self._wait()

    def next_timeout(self) -> float:
        """When to call ``handle_timeout``."""
        return self._deadline

    def handle_timeout(self, now: float) -> bool | None:
        """True: send the request again; False: it failed; None: it is not time yet."""
        if now < self._deadline:
            return None
        if self.reliable or self.sent >= self.rc:
            return False
        self.sent += 1
        self._deadline = now + self._wait()
        return True

    def _wait(self) -> float:
        if self.reliable:
            return self.ti
        return self.rto * (self.rm if self.sent >= self.rc else 1 << (self.sent - 1))
