"""RFC 3264 §8, RFC 8866 §5.2: an o= line that stays, whose version grows only with the text."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import sdp
from sdp import SdpError, SessionDescription

MAX_FIRST_VERSION = 2**62 - 2
"""RFC 3264 §5: the first version is less than 2^62 - 1."""


@dataclass(slots=True, eq=False)
class Origin:
    """The o= line of one side in one dialog, as the other side has come to know it.

    User name, id and address are those of the first description. The version grows by one when
    any other byte differs from the last description, and only then.
    """

    first: sdp.Origin | None = None
    version: int = 0
    last: bytes = b""
    """The last description, o= line included."""

    def stamp(self, description: SessionDescription) -> bytes:
        """Give a description its o= line; the text that leaves."""
        origin = description.origin
        if origin is None:
            return description.to_bytes()
        if self.first is None:
            version = origin.version_number
            fits = version is not None and version <= MAX_FIRST_VERSION
            self.first, self.version = origin, version if version is not None and fits else 1
            self.last = self._written(description)
            return self.last
        if self._written(description) != self.last:
            self.version += 1
            self.last = self._written(description)
        return self.last

    def copy(self) -> Origin:
        """The same past, for another branch of a fork."""
        return Origin(self.first, self.version, self.last)

    def _written(self, description: SessionDescription) -> bytes:
        """The text with this o= line; of what cannot be written the description's own stays."""
        first = self.first
        assert first is not None
        copy = sdp.parse(description.to_bytes())
        for fields in (
            {"version": str(self.version)},
            {"username": first.username},
            {"session_id": first.session_id},
            {"address": first.address},
        ):
            with suppress(SdpError):
                sdp.rewrite.set_origin(copy, **fields)
        return copy.to_bytes()
