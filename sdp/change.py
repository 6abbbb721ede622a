"""What an edit of a description did, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sdp.errors import SdpError
from sdp.model import SessionDescription
from sdp.section import Section


@dataclass(frozen=True, slots=True)
class _Edited:
    section: Section
    before: list[bytes]
    edits: int


class Change:
    """One rewrite of one description; true when it changed a byte."""

    __slots__ = ("_edited",)

    def __init__(self, edited: list[_Edited]) -> None:
        self._edited = edited

    def __bool__(self) -> bool:
        return bool(self._edited)

    def undo(self) -> None:
        """Give the description the bytes it had before.

        Undo changes in the reverse order of making them. Raises SdpError, and changes nothing,
        when a section was edited after this change.
        """
        if any(edited.section.edits != edited.edits for edited in self._edited):
            raise SdpError("the description was edited after this change; undo that first")
        for edited in self._edited:
            edited.section._restore(edited.before)
        self._edited = []


def apply(description: SessionDescription, edit: Callable[[], None]) -> Change:
    """Run an edit as one Change: when it raises, the description is as it was."""
    before = [(section, section.edits, list(section._lines)) for section in description.sections]
    try:
        edit()
    except SdpError:
        for section, edits, lines in before:
            if section.edits != edits:
                section._restore(lines)
        raise
    return Change(
        [
            _Edited(section, lines, section.edits)
            for section, edits, lines in before
            if section.edits != edits
        ]
    )
