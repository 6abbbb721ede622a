"""The table of ``sipice gather``, while it grows and at its end."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from sipice.aio.interfaces import LocalAddress
from sipice.cli.asked import Asked
from sipice.cli.render import BAD, GOOD, HEADING, ODD
from sipice.cli.terminal import grid, hanging, line
from sipice.ice import Candidate
from sipice.session.mapping import to_sdp


def render(
    addresses: Sequence[LocalAddress], asked: Sequence[Asked], candidates: Sequence[Candidate]
) -> RenderableType:
    """Local addresses, what each server answered, and what would be offered."""
    parts: list[RenderableType] = [
        hanging("addresses", line(", ".join(str(one) for one in addresses)))
    ]
    if asked:
        parts += [Text(), _servers(asked)]
        parts += [hanging("!", line((_sentence(one), BAD))) for one in _failures(asked)]
    if candidates:
        parts += [Text(), line(("would be offered", HEADING))]
        ordered = sorted(candidates, key=lambda one: (one.component, -one.priority))
        parts += [
            hanging(" ", line(f"a=candidate:{to_sdp(one).to_bytes().decode()}")) for one in ordered
        ]
    return Group(*parts)


def _servers(asked: Sequence[Asked]) -> RenderableType:
    table = grid("server", "from", ">asked", ">took", "answer", rigid=("asked", "took"))
    for one in asked:
        table.add_row(
            line(one.server),
            line(one.base or "-"),
            _milliseconds(one.asked_at),
            _milliseconds(one.took),
            _answer(one),
        )
    return table


def _answer(one: Asked) -> Text:
    if one.relayed:
        return line(("relay " + ", ".join(one.relayed), GOOD))
    if one.mapped is not None:
        same = " (no NAT)" if one.mapped == one.base else ""
        return line((f"srflx {one.mapped}{same}", GOOD))
    return line(("failed", BAD)) if one.has_failed else line(("...", ODD))


def _failures(asked: Sequence[Asked]) -> list[Asked]:
    """One of each kind: a server fails from all local addresses alike."""
    found: dict[tuple[str, str | None], Asked] = {}
    for one in asked:
        if one.has_failed:
            found.setdefault((one.server, one.why), one)
    return list(found.values())


def _sentence(one: Asked) -> str:
    return f"{one.server}: {one.why}"


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f} ms"
