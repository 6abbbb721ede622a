"""From records to the stories of a session, record by record."""

from __future__ import annotations

from sipice.cli import tell_checks, tell_setup
from sipice.cli.inputs import InputError
from sipice.cli.records import Record, Recorded
from sipice.cli.story import Memory, Story

_BEGINNINGS = ("add-local-address", "gather", "set-remote-description", "receive-datagram")
_TOLD = {**tell_setup.TOLD, **tell_checks.TOLD}


def tell(recorded: Recorded) -> list[Story]:
    """The stories of a session: one, and one for each agent that was forked from it."""
    memory = Memory()
    stories = {1: Story(source=recorded.source, name=recorded.name, cut=recorded.cut)}
    for line, record in zip(recorded.lines, recorded.records, strict=True):
        try:
            number = record.get("sibling", 1)
            if number not in stories:
                stories[number] = stories[1].fork(number)
            _take(memory, stories[number], record)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as odd:
            problem = f"line {line} ({record['is']}) cannot be understood: {type(odd).__name__}"
            raise InputError(f"{problem} {odd}") from None
    for story in stories.values():
        story.finish()
    return list(stories.values())


def _take(memory: Memory, story: Story, record: Record) -> None:
    at = float(record["at"])
    story.records += 1
    story.ended_at = max(story.ended_at, at)
    if record["is"] in _BEGINNINGS and story.began_at is None:
        story.began_at = at
    told = _TOLD.get(record["is"])
    if told is not None:
        told(memory, story, at, record)
