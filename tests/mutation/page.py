"""docs/mutation.md: which mutants of sipice.ice no test noticed, and why."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.mutation.runner import Outcome, Verdict

PAGE = Path("docs") / "mutation.md"
SURVIVORS = Path(__file__).parents[1] / "data" / "survivors.toml"
STATES = ("equivalent", "test missing")
_HEAD = """\
# Mutation of sipice.ice

Beside the faults that were planted by hand (`make mutants`, one or more per rule), a general tool
makes small edits of all kinds in `sipice/ice` and runs the tests that call the edited function.
Written by `make mutation`; do not edit. The states stand in `tests/data/survivors.toml`.

"""


class Judgement(NamedTuple):
    """Why a mutant may survive, or that it should not."""

    state: str
    why: str


def read_judgements(path: Path = SURVIVORS) -> dict[str, Judgement]:
    """By the key of the mutant; raises ValueError for a state that there is not."""
    found = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", ()):
        if entry["state"] not in STATES:
            raise ValueError(f"{entry['mutant']}: the state is one of {STATES}")
        found[entry["mutant"]] = Judgement(entry["state"], entry["why"])
    return found


def render(
    outcomes: list[Outcome],
    all_of_them: int,
    seed: int,
    judgements: dict[str, Judgement] | None = None,
) -> tuple[str, int]:
    """The page, and how many survivors nobody has judged yet."""
    known = read_judgements() if judgements is None else judgements
    real = [outcome for outcome in outcomes if outcome.verdict is not Verdict.NOTHING]
    survivors = [outcome for outcome in real if outcome.verdict is not Verdict.KILLED]
    unjudged = sum(outcome.mutant.key not in known for outcome in survivors)
    killed = len(real) - len(survivors)
    lines = [
        f"{all_of_them} mutants can be made. {len(outcomes)} were drawn (seed {seed}),",
        f"{len(outcomes) - len(real)} of them change nothing. Of the other {len(real)} the tests",
        f"noticed {killed} ({100 * killed / max(len(real), 1):.1f} %).",
        "",
        *_table(real),
        "",
        "## Survivors",
        "",
        *(_survivors(survivors, known) if survivors else ["None."]),
    ]
    return _HEAD + "\n".join(lines) + "\n", unjudged


def _table(outcomes: list[Outcome]) -> Iterator[str]:
    drawn = Counter(outcome.mutant.file for outcome in outcomes)
    killed = Counter(
        outcome.mutant.file for outcome in outcomes if outcome.verdict is Verdict.KILLED
    )
    yield "| file | mutants | killed |"
    yield "| --- | --: | --: |"
    for file in sorted(drawn):
        yield f"| `{file}` | {drawn[file]} | {killed[file]} |"


def _survivors(outcomes: list[Outcome], known: dict[str, Judgement]) -> Iterator[str]:
    yield "| function | was | becomes | state | why |"
    yield "| --- | --- | --- | --- | --- |"
    for outcome in sorted(outcomes, key=lambda one: one.mutant.key):
        mutant = outcome.mutant
        state, why = known.get(mutant.key, ("not judged yet", outcome.verdict.value))
        function = f"{Path(mutant.file).stem}.{mutant.function}"
        again = f" (no. {mutant.occurrence})" if mutant.occurrence > 1 else ""
        cells = (f"`{function}`", _code(mutant.was) + again, _code(mutant.becomes), state, why)
        yield "| " + " | ".join(cells) + " |"


def _code(text: str) -> str:
    return "`" + text.replace("|", r"\|") + "`"
