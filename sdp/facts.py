"""RFC 9143 and RFC 8866: what holds for all streams of a description, read once per state of it.

Questions about one stream need these again and again; a hostile description has a thousand
streams and tens of thousands of session-level lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import is_

from sdp.attributes import Group
from sdp.fields import Bandwidth, Connection
from sdp.model import MediaDescription, SessionDescription


@dataclass(frozen=True, slots=True)
class Facts:
    """Session-level values and where each mid is, for one state of a description."""

    state: list[list[bytes]]
    """The lists of lines it was read from; an edit makes others."""

    sections: dict[str, MediaDescription]
    """The first section of each mid."""

    bundles: dict[str, Group]
    """The first BUNDLE group that names a mid."""

    connection: Connection | None
    options: tuple[str, ...]
    no_bandwidth: frozenset[str]
    """The types of the session-level b= lines that say 0, in capitals."""

    def is_of(self, state: list[list[bytes]]) -> bool:
        """Whether these are the lists of lines it was read from."""
        return len(self.state) == len(state) and all(map(is_, self.state, state))


def facts(description: SessionDescription) -> Facts:
    """The facts about a description as it is now."""
    state = [section._lines for section in description.sections]
    known = description._facts
    if isinstance(known, Facts) and known.is_of(state):
        return known
    found = _read(description, state)
    description._facts = found
    return found


def types_of_zero(bandwidths: list[Bandwidth]) -> frozenset[str]:
    """The types of the b= lines that say 0, in capitals."""
    return frozenset(line.type.upper() for line in bandwidths if line.amount == 0)


def _read(description: SessionDescription, state: list[list[bytes]]) -> Facts:
    sections: dict[str, MediaDescription] = {}
    for section in description.media:
        if (mid := section.mid) is not None:
            sections.setdefault(mid, section)
    bundles: dict[str, Group] = {}
    for group in description.groups:
        if group.semantics.upper() == "BUNDLE":
            for mid in group.mids:
                bundles.setdefault(mid, group)
    return Facts(
        state,
        sections,
        bundles,
        description.connection,
        description.ice_options,
        types_of_zero(description.bandwidths),
    )
