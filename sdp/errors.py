"""The one exception of the sdp package."""

from __future__ import annotations


class SdpError(ValueError):
    """A value that cannot be read or must not be written, or a text over a limit.

    ``reason`` is a sentence for people. ``field`` names the argument or attribute it is about,
    ``line`` is the line number (from 1) where one is known.
    """

    def __init__(self, reason: str, *, field: str | None = None, line: int | None = None) -> None:
        self.reason = reason
        self.field = field
        self.line = line
        where = f"line {line}: " if line is not None else ""
        what = f"{field}: " if field is not None else ""
        super().__init__(f"{where}{what}{reason}")
