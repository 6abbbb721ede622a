"""What an edit of a description did, and the way back."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sdp.errors import SdpError
from sdp.model import SessionDescription


class Change:
    """One rewrite of one description; true when it changed a byte.

    The rewrites run inside ``with Change(description)``: when one raises, the description is as
    it was.
    """

    __slots__ = ("_sections",)

    def __init__(self, description: SessionDescription) -> None:
        self._sections = [(s, s.edits, s._lines.copy()) for s in description.sections]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        edited = [(s, lines) for s, edits, lines in self._sections if s.edits != edits]
        if error is not None:
            for section, lines in edited:
                section._restore(lines)
        self._sections = [(section, section.edits, lines) for section, lines in edited]

    def __bool__(self) -> bool:
        return bool(self._sections)

    def undo(self) -> None:
        """Give the description the bytes it had before.

        Undo changes in the reverse order of making them. Raises SdpError, and changes nothing,
        when a section was edited after this change.
        """
        if any(section.edits != edits for section, edits, _ in self._sections):
            raise SdpError("the description was edited after this change; undo that first")
        for section, _, lines in self._sections:
            section._restore(lines)
        self._sections = []
