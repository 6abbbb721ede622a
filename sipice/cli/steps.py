"""How long each step of a run took, and how fast it could have been."""

from __future__ import annotations

from dataclasses import dataclass

from sipice.cli.story import Check, Pair, Part, Run, Selection, Story

NOTICEABLE = 0.010
"""Seconds beyond a bound that get an explanation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step with its bound; times in seconds since the peer's description was known."""

    what: str
    took: float
    bound: float | None = None
    formula: str = ""
    why: str = ""
    """What the time beyond the bound was spent on."""


def ms(seconds: float | None) -> str:
    """For people: ``50 ms``, ``1.25 s``."""
    if seconds is None:
        return "unknown"
    if abs(seconds) < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.2f} s" if abs(seconds) < 100 else f"{seconds:.0f} s"


def steps(story: Story, run: Run) -> list[Step]:
    """The steps of one run in order."""
    found = _gathering(story, run)
    if run.known_at is None:
        return found
    for part in sorted(run.parts.values(), key=lambda part: part.number):
        found += _valid(run, part, run.known_at)
        found += _nominated(story, run, part, run.known_at)
    return found


def _gathering(story: Story, run: Run) -> list[Step]:
    if run.gathering is None or not story.servers:
        return []
    silent = sorted({s.address for s in story.servers if s.answered_at is None and not s.code})
    why = f"no answer from {', '.join(silent)}" if silent else ""
    return [Step(what="gathering from servers", took=run.gathering, why=why)]


def _valid(run: Run, part: Part, start: float) -> list[Step]:
    if part.valid_at is None:
        return []
    pair = run.pairs[part.valid_pair]
    took, bound = part.valid_at - start, pair.rtt
    why = ""
    if bound is not None and took > bound + NOTICEABLE:
        why = _delay(pair, start, run)
    what = f"component {part.number} valid"
    return [Step(what=what, took=took, bound=bound, formula="1 RTT", why=why)]


def _delay(pair: Pair, start: float, run: Run) -> str:
    """Why a pair was not valid one round trip after the description."""
    done = next((check for check in pair.checks if check.result == "succeeded"), None)
    if done is None:
        return ""
    parts: list[str] = []
    wasted = [check for check in pair.checks if check.at < done.at]
    if done.at > start + NOTICEABLE:
        what = f"its check left only after {ms(done.at - start)}"
        if wasted:
            before = wasted[-1].reason or "no answer yet"
            what = f"an earlier check had {before}, the next left after {ms(done.at - start)}"
        elif done.kind == "triggered":
            what += ", when the peer's came"
        elif (first := _number(run, done)) > 1:
            what += f", as number {first} of all"
        parts.append(what)
    if done.copies > 1:
        parts.append(f"it took {done.copies} copies: packets were lost")
    return "; ".join(parts)


def _number(run: Run, check: Check) -> int:
    return sum(one.at <= check.at for one in run.checks if one.kind != "nominating")


def _nominated(story: Story, run: Run, part: Part, start: float) -> list[Step]:
    if not part.selections:
        return []
    selection = part.selections[0]
    took = selection.at - start
    what = f"component {part.number} selected"
    if selection.by != "us":
        return [Step(what=what, took=took, why=_peer(run, selection))]
    if part.valid_at is None or part.decided_at is None:
        return [Step(what=what, took=took)]
    pair = run.pairs.get(selection.pair)
    rtt = 0.0 if pair is None or pair.rtt is None else pair.rtt
    last = max(
        (
            check.at
            for one in story.runs
            for check in one.checks
            if check.kind != "nominating" and check.at <= part.decided_at
        ),
        default=start,
    )
    ready = last + story.ta(run)
    bound = max(part.valid_at, ready) + rtt - start
    formula = "last new check + Ta + RTT" if ready > part.valid_at else "first valid pair + RTT"
    why = _waiting(run, part, pair) if took > bound + NOTICEABLE else ""
    return [Step(what=what, took=took, bound=bound, formula=formula, why=why)]


def _peer(run: Run, selection: Selection) -> str:
    nominations = [at for at, text, nominates in run.heard if nominates and text == selection.pair]
    if not nominations or run.known_at is None:
        return "the peer nominates"
    return f"the peer nominates; it did so after {ms(nominations[0] - run.known_at)}"


def _waiting(run: Run, part: Part, pair: Pair | None) -> str:
    parts: list[str] = []
    if part.waits and part.decided_at is not None and part.valid_at is not None:
        better = part.waits[0].better
        shown = better[0] if len(better) == 1 else f"{len(better)} better pairs"
        parts.append(f"waited {ms(part.decided_at - part.valid_at)} for {shown}")
    nominating = [] if pair is None else [c for c in pair.checks if c.kind == "nominating"]
    if nominating and nominating[-1].copies > 1:
        parts.append(f"the nomination took {nominating[-1].copies} copies: packets were lost")
    elif len(nominating) > 1:
        parts.append(f"the nomination was sent {len(nominating)} times")
    return "; ".join(parts)
