"""RFC 8445 §5.1.1.3: foundations of one local generation."""

from __future__ import annotations

from sipice.ice.state import LocalGeneration


def foundation_of(local: LocalGeneration, key: tuple[object, ...]) -> str:
    """The foundation of candidates with this key: small numbers in order of appearance."""
    found = local.foundations.get(key)
    if found is None:
        known = local.foundations
        highest = max(map(int, known.values())) if known else 0
        found = local.foundations[key] = str(highest + 1)
    return found
