"""The page of mutation tells what survived and what was judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.operators import Mutant
from tests.mutation.page import Judgement, read_judgements, render
from tests.mutation.runner import Outcome, Verdict

MUTANT = Mutant("sipice/ice/x.py", 3, "f", "a < b", "a <= b", 1, lambda: None)
OTHER = MUTANT._replace(occurrence=2)


def test_killed_ones_are_counted_and_survivors_listed() -> None:
    outcomes = [Outcome(MUTANT, Verdict.KILLED, "t"), Outcome(OTHER, Verdict.SURVIVED)]
    outcomes.append(Outcome(OTHER, Verdict.NOTHING))
    page, unjudged = render(outcomes, 9, 1, {})
    assert "| `sipice/ice/x.py` | 2 | 1 |" in page
    assert "| `x.f` | `a < b` (no. 2) | `a <= b` | not judged yet | survived |" in page
    assert "noticed 1 (50.0 %)" in page
    assert unjudged == 1


def test_a_judged_survivor_shows_its_state() -> None:
    known = {OTHER.key: Judgement("equivalent", "never equal")}
    page, unjudged = render([Outcome(OTHER, Verdict.SURVIVED)], 9, 1, known)
    assert "| equivalent | never equal |" in page
    assert unjudged == 0


def test_a_state_that_there_is_not_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "survivors.toml"
    file.write_text('[[survivor]]\nmutant = "m"\nstate = "fine"\nwhy = ""\n')
    with pytest.raises(ValueError, match="m: the state is one of"):
        read_judgements(file)
