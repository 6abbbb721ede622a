"""Real descriptions, damaged, at any moment: nothing raises, and every socket comes back."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

import sdp
from sipice.session import DescriptionReady, Direction, Kind, SessionConfig
from tests.session.conversation import Judge
from tests.session.solo import Solo
from tests.session.stack import Stack
from tests.traces.corpus import own_traces

BODIES = [trace.data for trace in own_traces() if len(trace.data) < 20_000]
WORDS = (b"0", b"-1", b"99999999999", b"65536", b"\xff", b"", b"127.0.0.1", b"::1", b"fe80::1%eth0",
         b"a.local", b"IP6", b"0.0.0.0", b"224.1.1.1")  # fmt: skip


class Lenient(Judge):
    """What our own stack repeats of damaged offers is not ours to judge."""

    def look(self, who: str, event: DescriptionReady) -> None:
        pass


class Mutator:
    def __init__(self, seed: int) -> None:
        self.rng = Random(f"mutated {seed}")

    def body(self) -> bytes:
        return self.rng.choice(BODIES)

    def damage(self, data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        for _ in range(self.rng.randrange(1, 6)):
            if lines:
                self._damage_one(lines, self.rng.randrange(len(lines)))
        return b"".join(lines)

    def _damage_one(self, lines: list[bytes], at: int) -> None:
        rng, line = self.rng, lines[at]
        match rng.randrange(7):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, rng.choice(lines))
            case 2:
                lines[at] = rng.choice(self.body().splitlines(keepends=True) or [b""])
            case 3:
                byte = rng.randrange(len(line))
                lines[at] = line[:byte] + bytes([rng.randrange(256)]) + line[byte + 1 :]
            case 4:
                words = line.rstrip(b"\r\n").split(b" ")
                words[rng.randrange(len(words))] = rng.choice(WORDS)
                lines[at] = b" ".join(words) + b"\r\n"
            case 5:
                lines[at] = line.swapcase()
            case _:
                del lines[at + 1 :]


def play(mutator: Mutator, met: Counter[str]) -> None:
    """One dialog of damaged descriptions; ``met`` counts what became of the first."""
    rng = mutator.rng
    solo, stack = Solo(SessionConfig(mdns=True, max_streams=64)), Stack("me", [])
    solo.judge = Lenient()
    controller = solo.controller
    if rng.random() < 0.5:
        text = mutator.body()
        own = sdp.parse(text)
        sdp.rewrite.strip(own)
        controller.begin_offer(0.0, "", own.to_bytes())
        solo.wait(1.0)
        refusal = controller.receive_answer(
            1.0, "peer", mutator.damage(text), final=rng.random() < 0.5
        )
    else:
        refusal = controller.receive_offer(0.0, "peer", mutator.damage(mutator.body()))
    met["taken" if refusal is None else str(refusal.status)] += 1
    for _ in range(4):
        for event in solo.take():
            if _is_offered(event):
                answer = stack.answer(event.sdp)  # type: ignore[union-attr]
                if rng.random() < 0.2:
                    answer = mutator.damage(answer)
                controller.begin_answer(solo.now, "peer", answer, final=rng.random() < 0.7)
        solo.wait(solo.now + rng.choice([0.0, 1.0, 50.0]))
        match rng.randrange(4):
            case 0:
                controller.receive_offer(solo.now, "peer", mutator.damage(mutator.body()))
            case 1:
                controller.receive_fragment(solo.now, "peer", mutator.damage(mutator.body()))
            case 2:
                controller.receive_answer(solo.now, "x", mutator.damage(mutator.body()))
            case _:
                controller.offer_failed(solo.now, "peer", 488)
    controller.close(solo.now)
    solo.take()
    assert set(solo.released) >= set(solo.bases.values())


def _is_offered(event: object) -> bool:
    return (
        isinstance(event, DescriptionReady)
        and event.kind is Kind.OFFER
        and event.direction is Direction.TO_STACK
    )


def test_damaged_descriptions_never_raise() -> None:
    mutator, met = Mutator(0), Counter[str]()
    for _ in range(400):
        play(mutator, met)
    assert set(met) >= {"taken", "400", "488"}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 9))
def test_many_damaged_descriptions_never_raise(seed: int) -> None:
    mutator = Mutator(seed)
    for _ in range(3000):
        play(mutator, Counter())
