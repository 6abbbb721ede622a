"""The story of a session as text: verdict, reasons, pairs, times, timeline, advice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from sipice.cli.advice import advice
from sipice.cli.diagnosis import fate, headline, losses, reasons
from sipice.cli.printable import counted, printable
from sipice.cli.records import Record, Recorded
from sipice.cli.render import HEADING, ODD
from sipice.cli.steps import Step, ms, steps
from sipice.cli.story import Entry, Pair, Run, Story
from sipice.cli.terminal import grid, hanging, line
from sipice.ice.replay import Difference

GOOD, BAD = "green", "red"
MAX_PAIRS = 12
"""Rows of the table of pairs; the rest is counted."""
MAX_ENTRIES = 24
"""Lines of the timeline unless all are asked for."""


def render_story(console: Console, story: Story, *, verbose: bool) -> None:
    """Everything about one agent."""
    _render_head(console, story)
    for run in story.runs:
        _render_run(console, story, run, verbose=verbose)
    _render_timeline(console, story, verbose=verbose)


def _render_head(console: Console, story: Story) -> None:
    name = f" session {story.name}" if story.name else ""
    sibling = "" if story.sibling == 1 else f", fork {story.sibling}"
    console.print(
        line((f"{story.source}{name}{sibling}", HEADING), f"  {counted(story.records, 'record')}")
    )
    kind = "lite agent" if story.is_lite else "full agent"
    nominates = "we nominate" if story.role == "controlling" else "the peer nominates"
    role = f"{story.role} ({nominates})"
    if story.role != story.first_role:
        role += f", began as {story.first_role}"
    changed = ", ".join(_setting(*item) for item in story.config.items() if item[0] != "servers")
    console.print(hanging(" ", f"{kind}, {role}"))
    if changed:
        console.print(hanging(" ", f"configured: {changed}"))
    for one in story.config.get("servers", ()):
        name = one["uri"] if "uri" in one else one["address"]
        console.print(hanging(" ", f"{one['kind'].upper()} server {name}"))
    if not story.config.get("servers") and not story.is_lite:
        console.print(hanging(" ", "no STUN or TURN server"))
    if story.cut:
        console.print(hanging("!", line(("the last line of the file is incomplete", ODD))))


def _setting(name: str, value: object) -> str:
    return f"{name} {'on' if value is True else 'off' if value is False else value}"


def _render_run(console: Console, story: Story, run: Run, *, verbose: bool) -> None:
    number = [one for one in story.runs if one.stream == run.stream].index(run) + 1
    again = f", ICE run {number} (restart)" if number > 1 else ""
    style = {"connected": GOOD, "failed": BAD}.get(run.state, ODD)
    if losses(story, run):
        style = BAD
    console.print()
    console.print(line((f"Stream {run.stream}{again}: ", HEADING), (headline(story, run), style)))
    for text in reasons(story, run):
        console.print(hanging("  =>", text))
    _render_candidates(console, run)
    if run.pairs:
        console.print(_pairs(run, verbose=verbose))
    times = steps(story, run)
    if times:
        console.print(_times(times))
    found = advice(story, run)
    if found:
        console.print(hanging(" ", line(("What would help:", HEADING))))
        for text in found:
            console.print(hanging("  *", text))


def _render_candidates(console: Console, run: Run) -> None:
    ours = [_candidate(one) for one in run.local]
    theirs = [
        _candidate(one) + ("" if _is_used(verdict) else f" ({verdict})")
        for one, verdict in run.remote
        if verdict != "known already"
    ]
    for who, found in (("our candidates:", ours), ("the peer's:", theirs)):
        if found:
            shown = ", ".join(found[:8])
            more = f" and {len(found) - 8} more" if len(found) > 8 else ""
            console.print(hanging(" ", line((who, "dim"), f" {shown}{more}")))


def _candidate(one: Record) -> str:
    tcp = f" TCP {one['tcptype']}" if "tcptype" in one else ""
    return f"{one['type']} {one['address']}{tcp}"


def _is_used(verdict: str) -> bool:
    return verdict == "taken" or verdict.startswith("new")


def _pairs(run: Run, *, verbose: bool) -> Table:
    rigid = ("   #", "sent", "heard", "RTT")
    table = grid(
        ">   #", ">c", "from > to", "types", ">sent", ">heard", ">RTT", "result", rigid=rigid
    )
    ordered = run.ordered
    shown = ordered if verbose else ordered[:MAX_PAIRS]
    for pair in shown:
        table.add_row(
            f"#{pair.number}",
            str(pair.component),
            line(pair.text),
            f"{pair.local}-{pair.remote}",
            str(sum(check.copies for check in pair.checks)),
            str(len(pair.heard)),
            "" if pair.rtt is None else ms(pair.rtt),
            _result(run, pair),
        )
    if len(ordered) > len(shown):
        table.add_row("", "", f"and {len(ordered) - len(shown)} more (-v shows all)")
    return table


def _result(run: Run, pair: Pair) -> str:
    part = run.parts.get(pair.component)
    if part is not None and part.selections and part.selections[-1].pair == pair.text:
        return "selected"
    text = fate(pair)
    return "no answer" if text.startswith("no answer") else text


def _times(found: list[Step]) -> Table:
    table = grid("  step", ">took", ">at best", "why", rigid=("took",))
    for step in found:
        bound = "" if step.bound is None else ms(step.bound)
        remark = "; ".join(text for text in (step.formula, step.why) if text)
        table.add_row(hanging(" ", step.what), ms(step.took), bound, line(remark))
    return table


def _render_timeline(console: Console, story: Story, *, verbose: bool) -> None:
    if not story.timeline:
        return
    start = min((run.known_at for run in story.runs if run.known_at is not None), default=None)
    zero = story.began_at or 0.0 if start is None else start
    what = "the record began" if start is None else "the peer's description came"
    console.print()
    clock = "" if story.epoch is None else f" ({_clock(story.epoch + zero)})"
    console.print(line(("Timeline", HEADING), f", 0 is when {what}{clock}"))
    table = grid(">  s", "what", rigid=("  s",))
    before = ""
    chosen = _chosen(story.timeline, verbose=verbose)
    for entry in chosen:
        if entry is None:
            table.add_row("...", "")
            continue
        shown = f"{entry.at - zero:.3f}"
        table.add_row("" if shown == before else shown, line(entry.text))
        before = shown
    console.print(table)
    left = len(story.timeline) - sum(entry is not None for entry in chosen)
    if left:
        console.print(hanging(" ", f"{counted(left, 'line')} left out; -v shows all"))


def _clock(seconds: float) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return "at no time that a calendar knows"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} UTC"


def _chosen(timeline: list[Entry], *, verbose: bool) -> Sequence[Entry | None]:
    """What fits: the least important entries are left out first, then the middle (None)."""
    if verbose:
        return timeline
    kept = timeline
    for weight in (1, 2, 3):
        fewer = [entry for entry in timeline if entry.weight >= weight]
        if len(kept) <= MAX_ENTRIES or len(fewer) < MAX_ENTRIES // 4:
            break
        kept = fewer
    if len(kept) <= MAX_ENTRIES:
        return kept
    half = MAX_ENTRIES // 2
    return [*kept[:half], None, *kept[-half:]]


# Replay


def render_replay(console: Console, recorded: Recorded, difference: Difference | None) -> None:
    """Whether a replay went the same way, and where it first did not."""
    name = f"{recorded.source}{' ' + recorded.name if recorded.name else ''}"
    count = counted(len(recorded.records), "record")
    if difference is None:
        console.print(line((name, HEADING), f": {count} replayed, the same decisions"))
        return
    where = recorded.lines[difference.number]
    text = f": the replay differs from line {where} on: {difference.why}"
    console.print(line((name, HEADING), (text, BAD)))
    console.print(hanging("  recorded", printable(_text(difference.recorded))))
    if difference.replayed is not None:
        console.print(hanging("  replayed", printable(_text(difference.replayed))))


def _text(record: Record) -> str:
    return json.dumps(record, separators=(",", ":"))
