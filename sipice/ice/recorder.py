"""What an agent that is traced sees of the world: every draw and slot is recorded on its way."""

from __future__ import annotations

from random import Random

from sipice.ice.credentials import PWD_CHARS, UFRAG_CHARS, Credentials
from sipice.ice.pacer import Pacer
from sipice.trace import Field, Tracer

_NAMES = {
    ("bits", 64): "tie-breaker",
    ("bits", 96): "transaction-id",
    ("bytes", 8 * 12): "transaction-ids",
    ("bytes", UFRAG_CHARS + PWD_CHARS): "credentials",
    ("fraction", 1): "consent-interval",
}
"""What each kind of draw is for. The value of any other draw is left out: it may be a secret."""


class Recorder:
    """Hands records on to a tracer, and holds what tracing has to remember between them."""

    __slots__ = ("_labels", "_tracer", "member", "now", "queued", "said")

    def __init__(self, tracer: Tracer, labels: dict[str, str] | None = None, member: int = 1):
        self._tracer = tracer
        self._labels = {} if labels is None else labels
        self.member = member
        self.now = 0.0
        self.queued: dict[tuple[int, str], str] = {}
        """Why a pair, by generation and text, waits in the triggered-check queue."""
        self.said: dict[tuple[int, int], object] = {}
        """What was last told about the stopping rule, by generation and component."""

    def record(self, now: float, name: str, /, **fields: Field) -> None:
        """One record; those of a forked sibling say which one it is."""
        self.now = now
        if self.member != 1:
            fields["sibling"] = self.member
        self._tracer.record(now, name, **fields)

    def sibling(self, member: int) -> Recorder:
        """The recorder of a forked agent; equal passwords have equal labels in both."""
        return Recorder(self._tracer, self._labels, member)

    def label(self, secret: str, of: str) -> str:
        """What stands for a secret: the same for the same, and nothing of it can be read."""
        found = self._labels.get(secret)
        if found is None:
            found = f"<pwd of {of}>"
            number = 1
            while found in self._labels.values():
                number += 1
                found = f"<pwd {number} of {of}>"
            self._labels[secret] = found
        return found

    def draw(self, of: str, **fields: Field) -> None:
        """Something that came neither from the network nor from the caller."""
        self.record(self.now, "draw", of=of, **fields)


class RecordedRandom(Random):
    """A generator whose draws are recorded by name, passwords as labels."""

    def __init__(self, source: Random, recorder: Recorder) -> None:
        super().__init__(0)
        self._source = source
        self._recorder = recorder

    def random(self) -> float:
        """See Random."""
        value = self._source.random()
        self._recorder.draw(_NAMES["fraction", 1], value=value)
        return value

    def getrandbits(self, k: int, /) -> int:
        """See Random."""
        value = self._source.getrandbits(k)
        name = _NAMES.get(("bits", k))
        if name is None:
            self._recorder.draw("unnamed")
        else:
            self._recorder.draw(name, value=f"{value:0{k // 4}x}")
        return value

    def randbytes(self, n: int) -> bytes:
        """See Random."""
        value = self._source.randbytes(n)
        name = _NAMES.get(("bytes", n))
        if name == "credentials":
            made = Credentials.of(value)
            label = self._recorder.label(made.pwd, made.ufrag)
            self._recorder.draw(name, ufrag=made.ufrag, pwd=label)
        elif name is None:
            self._recorder.draw("unnamed")
        else:
            self._recorder.draw(name, value=value.hex())
        return value


class RecordedPacer(Pacer):
    """A pacer whose slots are recorded: which one an agent gets depends on all others."""

    __slots__ = ("_pacer", "_recorder")

    def __init__(self, pacer: Pacer, recorder: Recorder) -> None:
        super().__init__(pacer.floor)
        self._pacer = pacer
        self._recorder = recorder

    def reserve(self, now: float) -> float:
        """See Pacer."""
        slot = self._pacer.reserve(now)
        self._recorder.draw("slot", value=slot)
        return slot

    def give_back(self, slot: float) -> None:
        """See Pacer."""
        self._pacer.give_back(slot)

    def waiting(self, now: float) -> float:
        """See Pacer."""
        return self._pacer.waiting(now)
