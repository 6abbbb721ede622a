"""What each server was asked and what it answered, from the records of an agent as they come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sipice.ice import ServerFailed
from sipice.trace import Field


@dataclass(slots=True)
class Asked:
    """One server, asked from one local address; times are seconds since gathering began."""

    server: str
    base: str
    kind: str
    address: str = ""
    asked_at: float | None = None
    """None: it was not asked, its name already leads nowhere."""
    took: float | None = None
    """From question to answer, challenge and all."""
    mapped: str | None = None
    relayed: list[str] = field(default_factory=list)
    why: str | None = None
    """What went wrong."""
    code: int | None = None

    @property
    def has_failed(self) -> bool:
        """Whether it gave less than it was asked for."""
        return self.why is not None


class Questions:
    """A tracer that keeps what concerns servers; ``changed`` is called after each piece of news."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.asked: list[Asked] = []
        self.began = 0.0
        self._changed = changed

    def record(self, now: float, name: str, /, **fields: Field) -> None:
        """See Tracer."""
        if name == "gather":
            self.began = now
        elif name == "server-asked":
            one = self._find(str(fields["uri"]), str(fields["base"]), str(fields["kind"]))
            one.address, one.asked_at = str(fields["server"]), now - self.began
        elif name == "server-answered":
            one = self._find(str(fields["uri"]), str(fields["base"]), str(fields["kind"]))
            one.took = now - self.began - (one.asked_at or 0.0)
            one.mapped = str(fields["mapped"])
            relayed = fields.get("relayed", ())
            one.relayed = [str(address) for address in relayed] if isinstance(relayed, list) else []
        else:
            return
        self._changed()

    def failed(self, event: ServerFailed) -> None:
        """A server gave nothing, or less than it should."""
        base = "" if event.base is None else str(event.base.address)
        kind = event.server.partition(":")[0].removesuffix("s").upper()
        one = self._find(event.server, base, kind)
        one.why, one.code = event.why, event.code
        self._changed()

    def _find(self, server: str, base: str, kind: str) -> Asked:
        """The mapped address of a TURN server without room belongs to its own row."""
        for one in self.asked:
            if (one.server, one.base) == (server, base):
                return one
        self.asked.append(Asked(server, base, kind))
        return self.asked[-1]
