from __future__ import annotations

from random import Random

import pytest

from sipice.ice import Credentials, Pacer
from sipice.ice.recorder import RecordedPacer, RecordedRandom, Recorder
from sipice.trace import Field


class Kept:
    def __init__(self) -> None:
        self.records: list[tuple[str, dict[str, Field]]] = []

    def record(self, now: float, name: str, /, **fields: Field) -> None:
        self.records.append((name, fields))


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_equal_secrets_have_one_label_and_different_ones_two(kept: Kept) -> None:
    recorder = Recorder(kept)
    first = recorder.label("secret", "ufrag")
    assert first == "<pwd of ufrag>"
    assert recorder.label("secret", "other") == first
    assert recorder.label("different", "ufrag") == "<pwd 2 of ufrag>"
    assert recorder.sibling(2).label("secret", "x") == first


def test_a_sibling_says_who_it_is(kept: Kept) -> None:
    Recorder(kept).record(1.0, "role-switched", role="controlled")
    Recorder(kept).sibling(4).record(1.0, "role-switched", role="controlled")
    assert [fields.get("sibling") for _, fields in kept.records] == [None, 4]


def test_draws_are_those_of_the_generator_behind(kept: Kept) -> None:
    rng, plain = RecordedRandom(Random(1), Recorder(kept)), Random(1)
    assert rng.getrandbits(64) == plain.getrandbits(64)
    assert rng.getrandbits(96) == plain.getrandbits(96)
    assert rng.randbytes(96) == plain.randbytes(96)
    assert rng.random() == plain.random()
    assert [fields["of"] for _, fields in kept.records] == [
        "tie-breaker",
        "transaction-id",
        "transaction-ids",
        "consent-interval",
    ]
    assert kept.records[0][1]["value"] == f"{Random(1).getrandbits(64):016x}"


def test_of_credentials_only_the_ufrag_is_recorded(kept: Kept) -> None:
    made = Credentials.make(RecordedRandom(Random(1), Recorder(kept)))
    (draw,) = kept.records
    assert draw[1] == {"of": "credentials", "ufrag": made.ufrag, "pwd": f"<pwd of {made.ufrag}>"}
    assert made == Credentials.make(Random(1))


def test_a_draw_that_nobody_named_is_recorded_without_its_value(kept: Kept) -> None:
    """It might be a secret of a later version."""
    rng = RecordedRandom(Random(1), Recorder(kept))
    rng.randbytes(20)
    rng.getrandbits(128)
    assert [fields for _, fields in kept.records] == [{"of": "unnamed"}, {"of": "unnamed"}]


def test_slots_are_recorded_as_the_pacer_gave_them(kept: Kept) -> None:
    shared = Pacer(0.005)
    pacer = RecordedPacer(shared, Recorder(kept))
    assert shared.reserve(1.0) == 1.0
    assert pacer.reserve(1.0) == 1.005
    assert pacer.waiting(1.0) == shared.waiting(1.0)
    pacer.give_back(1.005)
    assert shared.reserve(1.0) == 1.005
    assert kept.records == [("draw", {"of": "slot", "value": 1.005})]
