"""Descriptions as text for people: tables without lines, and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from sipice.cli.facts import CandidateFacts, DestinationFacts, StreamFacts
from sipice.cli.found import Carrier
from sipice.cli.report import Report, StreamReport
from sipice.cli.terminal import grid, hanging, line
from sipice.cli.verdict import address, component, place

HEADING = "bold"
GOOD, ODD, BAD = "green", "yellow", "red"

_MANY = 30
_ICE_WORDS = {"none": ("off", ODD), "rfc5245": ("RFC 5245", GOOD), "rfc8445": ("RFC 8445", GOOD)}


def render_report(console: Console, report: Report) -> None:
    """One description in full."""
    kind = "trickle fragment" if report.kind == "fragment" else "SDP"
    console.print(line((report.title, HEADING), f"  {kind}, {report.bytes:,} bytes"))
    for part in _head(report):
        console.print(Padding(part, (0, 0, 0, 2)))
    if report.streams and report.kind != "fragment":
        console.print()
        console.print(Padding(_streams_table(report.streams), (0, 0, 0, 2)))
    offset = max(report.first_line - 1, 0)
    for stream in report.streams:
        console.print()
        for part in _stream(stream, offset):
            console.print(Padding(part, (0, 0, 0, 2)))


def _head(report: Report) -> Iterator[RenderableType]:
    if report.carrier is not None:
        yield hanging("in", line(*_carrier(report.carrier)))
    if report.origin is not None:
        yield hanging("o=", line(report.origin))
    if report.kind != "fragment":
        yield line("agent: ", ", ".join(_agent(report)))
    for mids in report.bundles:
        yield line("bundle: mids ", " ".join(mids) or "none")
    for warning in report.warnings:
        yield hanging("!", line((warning, ODD)))


def _carrier(carrier: Carrier) -> Iterator[str]:
    yield carrier.name
    if carrier.part_of:
        yield f" ({carrier.part_of}{'' if carrier.preferred else ', not the preferred part'})"
    if carrier.size:
        yield f", {carrier.size:,} bytes"
    if carrier.transport:
        yield f" over {carrier.transport}"
    if carrier.way:
        yield f", {carrier.way}"
    yield f", Call-ID {carrier.call_id}"


def _agent(report: Report) -> Iterator[str]:
    if all(stream.facts.credentials.level == "none" for stream in report.streams):
        yield "no ICE"
        return
    yield "lite" if report.lite else "full"
    if report.options:
        yield "options " + " ".join(report.options)
    yield f"pacing {report.pacing} ms" + ("" if report.pacing_stated else " (default)")


def _streams_table(streams: Sequence[StreamReport]) -> RenderableType:
    table = grid(
        *(">#", "media", "mid", "default destination", "direction", "ICE", "state"),
        rigid=("#", "media", "mid", "direction", "ICE", "state"),
    )
    for stream in streams:
        facts = stream.facts
        word, style = _ICE_WORDS[facts.ice]
        table.add_row(
            str(facts.stream),
            line(facts.media or "?"),
            line(facts.mid or "-"),
            _destinations(facts.destinations),
            facts.direction,
            line((word, style)) if facts.state != "rejected" else "-",
            _state(facts),
        )
    return table


def _destinations(destinations: Sequence[DestinationFacts]) -> Text:
    if not destinations:
        return Text("none")
    lines: list[str] = []
    for destination in destinations:
        note = " (placeholder)" if destination.placeholder else ""
        if destination.muxed:
            lines.append("RTCP the same")
        else:
            name = component(destination.component)
            lines.append(f"{name} {place(destination)}{note}")
    return Text("\n").join(line(text) for text in lines)


def _state(facts: StreamFacts) -> Text:
    if facts.bundled_into is not None:
        return line((f"bundled into {facts.bundled_into}", GOOD))
    return line((facts.state, GOOD if facts.state == "alive" else BAD))


def _stream(stream: StreamReport, offset: int) -> Iterator[RenderableType]:
    facts = stream.facts
    mid = f", mid {facts.mid}" if facts.mid is not None else ""
    what = f"Stream {facts.stream}: {facts.media or '?'}{mid}"
    yield line((what, HEADING), f"  {facts.protocol or 'no protocol'}, line {facts.line + offset}")
    if facts.bundled_into is None and (facts.credentials.level != "none" or facts.candidates):
        yield _credentials(facts)
    if facts.remote_candidates:
        entries = facts.remote_candidates
        shown = ", ".join(f"{component(c)} {address(host, port)}" for c, host, port in entries)
        yield hanging("remote candidates", line(shown))
    if facts.candidates:
        yield _candidates_table(facts.candidates, offset)
    yield from _candidate_notes(facts, offset)
    if len(facts.foundations) > _MANY:
        yield line(f"foundations {len(facts.foundations)} different ones")
    elif len(facts.foundations) > 1:
        groups = (f"{name} ({count})" for name, count in facts.foundations.items())
        yield hanging("foundations", line(", ".join(groups)))
    for sentence in stream.conclusions:
        yield hanging("=>", line((sentence, _style(sentence))))
    for sentence in stream.since_previous:
        yield hanging("~>", line((sentence, _style(sentence))))


def _style(sentence: str) -> str:
    """Colour only where something needs a look."""
    if sentence.startswith(
        ("ICE mismatch", "Nothing can be sent", "No usable", "The offer has no")
    ):
        return BAD
    if sentence.startswith(("No ICE", "ICE was on", "The offer had", "RTCP has no", "Without")):
        return ODD
    return ""


def _credentials(facts: StreamFacts) -> Text:
    credentials = facts.credentials
    if credentials.pwd is not None:
        pwd = credentials.pwd
    elif credentials.pwd_length is None:
        pwd = "missing"
    else:
        pwd = f"{credentials.pwd_length} characters"
    options = "" if facts.state == "update" else ", options " + (" ".join(facts.options) or "none")
    ufrag = credentials.ufrag if credentials.ufrag is not None else "missing"
    level = f" ({credentials.level} level)" if credentials.level != "none" else ""
    return line(f"ufrag {ufrag}, pwd {pwd}{level}{options}")


def _candidates_table(candidates: Sequence[CandidateFacts], offset: int) -> RenderableType:
    related = any(c.related_address is not None for c in candidates)
    table = grid(
        *(">line", ">c", "type", "proto", "address (*default)", ">priority", "type/local/c"),
        *("found.", *(["related"] if related else [])),
        rigid=("line", "c", "type", "proto", "priority", "type/local/c"),
    )
    for candidate in candidates:
        row = [
            ("!" if candidate.unusable else "") + str(candidate.line + offset),
            str(candidate.component),
            candidate.type or "?",
            " ".join(filter(None, (candidate.transport, candidate.tcptype))),
            address(candidate.address, candidate.port) + ("*" if candidate.is_default else ""),
            str(candidate.priority),
            f"{candidate.type_preference}/{candidate.local_preference}/{candidate.component_part}",
            candidate.foundation,
            *([_related(candidate)] if related else []),
        ]
        table.add_row(*map(line, row), style=BAD if candidate.unusable else "")
    return table


def _extensions(candidates: Sequence[CandidateFacts], offset: int) -> Iterator[RenderableType]:
    """Which candidates have which extensions; the same for many stands once."""
    lines_of: dict[str, list[str]] = {}
    for candidate in candidates:
        if candidate.extensions:
            pairs = " ".join(f"{name} {value}" for name, value in candidate.extensions)
            lines_of.setdefault(pairs, []).append(str(candidate.line + offset))
    for pairs, lines in lines_of.items():
        word = "line" if len(lines) == 1 else "lines"
        yield hanging("+", line(f"{word} {', '.join(lines)}: {pairs}"))


def _related(candidate: CandidateFacts) -> str:
    if candidate.related_address is None:
        return ""
    if candidate.related_port is None:
        return candidate.related_address
    return address(candidate.related_address, candidate.related_port)


def _candidate_notes(facts: StreamFacts, offset: int) -> Iterator[RenderableType]:
    for candidate in facts.candidates:
        where = f"line {candidate.line + offset}:"
        if candidate.unusable:
            yield hanging("!", line((f"{where} unusable: {candidate.unusable}", BAD)))
        for remark in candidate.remarks:
            yield hanging("!", line((f"{where} {remark}", ODD)))
    yield from _extensions(facts.candidates, offset)
    for unreadable in facts.unreadable:
        what = f"line {unreadable.line + offset}: no candidate: {unreadable.reason}"
        yield hanging("!", line((what, BAD)))
