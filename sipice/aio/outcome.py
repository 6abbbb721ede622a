"""How far the streams of a session have come, for those who wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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


class _Stream:
    """One stream."""

    __slots__ = ("current", "failures", "gathered", "selected")

    def __init__(self) -> None:
        self.current = 0
        """The generation that carries its media; 0: none has done anything yet."""
        self.gathered = False
        self.selected: tuple[tuple[int, int], ...] = ()
        """Component and generation of the selected pairs."""
        self.failures: tuple[tuple[int, str], ...] = ()
        """The generations that failed, and why."""


class Outcome(Bell):
    """What the events of an agent have said so far."""

    __slots__ = ("_streams", "closed")

    def __init__(self) -> None:
        super().__init__()
        self.closed = False
        self._streams: dict[int, _Stream] = {}

    def note(self, event: Event) -> None:
        """Take note of an event, and wake those who wait."""
        match event:
            case GatheringFinished(stream):
                self._of(stream).gathered = True
            case MediaChanged(stream, generation) | RestartFinished(stream, generation):
                self._of(stream).current = generation
            case PairSelected(stream, generation, component):
                found = self._of(stream, generation)
                found.selected += ((component, generation),)
            case StreamFailed(stream, generation, reason) | PathLost(stream, generation, _, reason):
                found = self._of(stream, generation)
                found.failures += ((generation, reason.value),)
            case StreamResumed(stream, generation):
                found = self._of(stream, generation)
                found.failures = tuple(one for one in found.failures if one[0] != generation)
            case _:
                return
        self.ring()

    def begin_gathering(self) -> None:
        """Servers are about to be asked, once more perhaps."""
        for stream in self._streams.values():
            stream.gathered = False

    def has_gathered(self, streams: Iterable[int]) -> bool:
        """Whether gathering is over for all these streams."""
        return all(self._of(stream).gathered for stream in streams)

    async def path(self, port: MediaPort) -> Path:
        """See ``Session.path``."""
        found: Path | None = None

        def is_decided() -> bool:
            nonlocal found
            stream = self._of(port.stream)
            for generation, why in stream.failures:
                if generation == stream.current:
                    raise SessionFailed(port.stream, why)
            if (port.component, stream.current) in stream.selected:
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

    def _of(self, number: int, generation: int = 0) -> _Stream:
        """The stream; the generation that is heard of first is the current one."""
        found = self._streams.get(number)
        if found is None:
            found = self._streams[number] = _Stream()
        found.current = found.current or generation
        return found
