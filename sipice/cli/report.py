"""A whole description as facts: what ``sipice show`` renders and writes as JSON."""

from __future__ import annotations

from dataclasses import dataclass

from sdp import effective
from sipice.cli.facts import StreamFacts, stream_facts
from sipice.cli.found import Carrier, Found
from sipice.cli.verdict import conclusions, successions

UDP_LIMIT = 1300
"""Bytes: a longer SIP request must not go over UDP (RFC 3261 §18.1.1, path MTU unknown)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReport:
    """One stream: what stands there, and what a peer makes of it."""

    facts: StreamFacts
    conclusions: tuple[str, ...]
    since_previous: tuple[str, ...]
    """Compared with the description that the same party sent before, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One description."""

    kind: str
    """``sdp`` or ``fragment``."""
    title: str
    role: str | None
    first_line: int
    bytes: int
    origin: str | None
    lite: bool
    options: tuple[str, ...]
    """Those of the session level."""
    pacing: int
    pacing_stated: bool
    bundles: tuple[tuple[str, ...], ...]
    carrier: Carrier | None
    warnings: tuple[str, ...]
    streams: tuple[StreamReport, ...]


def report(found: Found, *, secrets: bool = False) -> Report:
    """All there is to say about one description."""
    description = found.description
    origin = description.origin
    streams = tuple(
        _stream(found, stream, secrets=secrets) for stream in range(len(description.media))
    )
    return Report(
        kind="fragment" if found.is_fragment else "sdp",
        title=found.title,
        role=found.role,
        first_line=found.first_line,
        bytes=len(description.to_bytes()),
        origin=None if origin is None else str(origin),
        lite=effective.is_lite(description),
        options=description.ice_options,
        pacing=effective.pacing(description),
        pacing_stated=any(section.ice_pacing is not None for section in description.sections),
        bundles=tuple(group.mids for group in effective.bundles(description)),
        carrier=found.carrier,
        warnings=tuple(_warnings(found)),
        streams=streams,
    )


def _stream(found: Found, stream: int, *, secrets: bool) -> StreamReport:
    facts = stream_facts(found.description, stream, secrets=secrets)
    since: list[str] = []
    if found.previous is not None:
        since = successions(found.previous.description, found.description, stream)
    return StreamReport(
        facts=facts,
        conclusions=tuple(conclusions(found.description, facts, found.offer)),
        since_previous=tuple(since),
    )


def _warnings(found: Found) -> list[str]:
    description, warnings = found.description, []
    if found.carrier is not None and (warning := size_warning(found.carrier)):
        warnings.append(warning)
    if found.carrier is not None:
        warnings += found.carrier.problems
    if not description.media and not found.is_fragment:
        warnings.append("there is no m= line, so there is no stream")
    if description.has("candidate") and not found.is_fragment:
        warnings.append("candidates at session level belong to no stream and are ignored")
    if not found.is_fragment and (warning := _count_warning(found)):
        warnings.append(warning)
    return warnings


def _count_warning(found: Found) -> str | None:
    if found.offer is None or len(found.offer.media) == len(found.description.media):
        return None
    return (
        f"the answer has {len(found.description.media)} m= lines, the offer has "
        f"{len(found.offer.media)}: they must be the same number (RFC 3264 6)"
    )


def size_warning(carrier: Carrier) -> str | None:
    """Whether a message is too long for the transport that it took."""
    if carrier.transport.upper() != "UDP" or carrier.size <= UDP_LIMIT:
        return None
    return (
        f"the SIP message has {carrier.size:,} bytes over UDP, above {UDP_LIMIT:,} it may be "
        "fragmented and lost; use TCP, or fewer candidates (RFC 3261 18.1.1)"
    )
