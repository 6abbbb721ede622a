"""``sipice explain``: how a recorded session went, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from sipice.cli.advice import advice
from sipice.cli.diagnosis import headline, reasons
from sipice.cli.explain_render import render_replay, render_story
from sipice.cli.inputs import InputError, shown_name
from sipice.cli.records import Recorded, read_records
from sipice.cli.steps import steps
from sipice.cli.story import Run, Story
from sipice.cli.telling import tell
from sipice.cli.terminal import FINDINGS, FINE, UNUSABLE, complain, print_json, progress, screen
from sipice.ice.replay import Difference, replay

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Records of agents as JSON lines, see docs/trace.md; - is stdin.",
    ),
]


@dataclass(slots=True)
class Explained:
    """One session with its stories, and how its replay went if that was asked for."""

    recorded: Recorded
    stories: list[Story]
    difference: Difference | None = None


def explain(
    files: Files,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    again: Annotated[
        bool,
        typer.Option("--replay", help="Play the record again and say where it first differs."),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="The timeline with every packet.")
    ] = False,
) -> None:
    """Tell from the record of an agent what was tried, what worked, and why."""
    found: list[Explained] = []
    errors: list[str] = []
    with progress(files, "reading") as names:
        for name in names:
            try:
                found += [_explained(one, again=again) for one in read_records(name)]
            except InputError as why:
                errors.append(f"{shown_name(name)} {why}")
    if json:
        print_json({"sessions": [_as_json(one, again=again) for one in found], "errors": errors})
    else:
        _render(found, again=again, verbose=verbose)
    for error in errors:
        complain(error)
    differs = any(one.difference is not None for one in found)
    raise typer.Exit(UNUSABLE if errors else FINDINGS if differs else FINE)


def _explained(recorded: Recorded, *, again: bool) -> Explained:
    difference = replay(recorded.records) if again else None
    return Explained(recorded, [] if again else tell(recorded), difference)


def _render(found: Sequence[Explained], *, again: bool, verbose: bool) -> None:
    with screen() as console:
        for number, one in enumerate(found):
            if again:
                render_replay(console, one.recorded, one.difference)
                continue
            for at, story in enumerate(one.stories):
                if number or at:
                    console.print()
                render_story(console, story, verbose=verbose)


def _as_json(one: Explained, *, again: bool) -> dict[str, object]:
    recorded = one.recorded
    document: dict[str, object] = {"source": recorded.source, "session": recorded.name or None}
    if again:
        document["replay"] = {"equal": True} if one.difference is None else _difference_json(one)
        return document
    document["agents"] = [_story_json(story) for story in one.stories]
    return document


def _difference_json(one: Explained) -> dict[str, object]:
    assert one.difference is not None
    line = one.recorded.lines[one.difference.number]
    return {"line": line, **one.difference._asdict(), "equal": False}


def _story_json(story: Story) -> dict[str, object]:
    return {
        "role": story.role,
        "first_role": story.first_role,
        "sibling": None if story.sibling == 1 else story.sibling,
        "config": story.config,
        "records": story.records,
        "epoch": story.epoch,
        "cut": story.cut,
        "runs": [_run_json(story, run) for run in story.runs],
        "servers": [asdict(server) for server in story.servers],
        "paths": [asdict(path) for path in story.paths.values()],
        "conflicts": story.conflicts,
        "wrong_requests": dict(story.wrong_requests),
        "dropped": dict(story.dropped),
        "timeline": [{"at": entry.at, "text": entry.text} for entry in story.timeline],
    }


def _run_json(story: Story, run: Run) -> dict[str, object]:
    return {
        **asdict(run),
        "pairs": [asdict(pair) for pair in run.ordered],
        "parts": [asdict(part) for part in run.parts.values()],
        "state": run.state,
        "verdict": headline(story, run),
        "reasons": reasons(story, run),
        "steps": [asdict(step) for step in steps(story, run)],
        "advice": advice(story, run),
    }
