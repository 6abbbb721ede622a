"""What an edit of a description did, and the way back."""

from __future__ import annotations

from sdp.errors import SdpError
from sdp.model import SessionDescription
from sdp.section import Section

Lines = list[bytes]


class Change:
    """One rewrite of one description; true when it changed a byte."""

    __slots__ = ("_edits",)

    def __init__(self, description: SessionDescription, texts: list[Lines]) -> None:
        """Give the sections of a description these lines where they differ from theirs."""
        self._edits: list[tuple[Section, Lines, Lines]] = []
        for section, lines in zip([description, *description.media], texts, strict=True):
            before = section._lines
            if before != lines:
                self._edits.append((section, before, lines))
                section._lines, section._index = lines, None

    def __bool__(self) -> bool:
        return bool(self._edits)

    def undo(self) -> None:
        """Give the description the bytes it had before.

        Undo changes in the reverse order of making them. Raises SdpError, and changes nothing,
        when a section was edited after this change.
        """
        if any(section._lines is not after for section, _, after in self._edits):
            raise SdpError("the description was edited after this change; undo that first")
        for section, before, _ in self._edits:
            section._set(before)
        self._edits = []


def copies(description: SessionDescription) -> list[Lines]:
    """The lines of each section, to be edited and then handed to a Change."""
    texts = [description._lines.copy()]
    texts += [section._lines.copy() for section in description.media]
    return texts
