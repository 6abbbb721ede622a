"""How far the streams of a session have come, for those who wait for it."""

from __future__ import annotations

from collections.abc import Callable

from sipice.aio.media import MediaPort
from sipice.aio.queue import Bell
from sipice.errors import SessionClosed, SessionFailed
from sipice.ice import (
    Event,
    GatheringFinished,
    MediaChanged,
    PairSelected,
    PathLost,
    RestartFinished,
    StreamFailed,
    StreamResumed,
)
from sipice.net import Path


class Outcome(Bell):
    """What the events of an agent have said so far."""

    __slots__ = ("_current", "_failures", "_selected", "closed", "gathered")

    def __init__(self) -> None:
        super().__init__()
        self.closed = False
        self.gathered: set[int] = set()
        """Streams whose gathering is over."""
        self._current: dict[int, int] = {}
        """The generation of each stream that carries its media."""
        self._selected: dict[tuple[int, int], int] = {}
        """The generation of the selected pair by stream and component."""
        self._failures: dict[tuple[int, int], str] = {}
        """Why a stream failed, by stream and generation."""

    def note(self, event: Event) -> None:
        """Take note of an event, and wake those who wait."""
        match event:
            case GatheringFinished(stream):
                self.gathered.add(stream)
            case MediaChanged(stream, generation) | RestartFinished(stream, generation):
                self._current[stream] = generation
            case PairSelected(stream, generation, component):
                self._current.setdefault(stream, generation)
                self._selected[stream, component] = generation
            case StreamFailed(stream, generation, reason) | PathLost(stream, generation, _, reason):
                self._current.setdefault(stream, generation)
                self._failures[stream, generation] = reason.value
            case StreamResumed(stream, generation):
                self._failures.pop((stream, generation), None)
            case _:
                return
        self.ring()

    async def path(self, port: MediaPort) -> Path:
        """See ``Session.path``."""
        found: Path | None = None

        def is_decided() -> bool:
            nonlocal found
            generation = self._current.get(port.stream, 0)
            failure = self._failures.get((port.stream, generation))
            if failure is not None:
                raise SessionFailed(port.stream, failure)
            if self._selected.get((port.stream, port.component)) == generation:
                found = port.table.send
            return found is not None

        await self.until(is_decided)
        assert found is not None
        return found

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until an event has made something true; raises SessionClosed at the end."""
        while not is_so():
            if self.closed:
                raise SessionClosed
            await self.wait()

    def close(self) -> None:
        """The end: nobody has to wait any longer."""
        self.closed = True
        self.ring()
