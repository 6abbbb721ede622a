"""The calls of a capture as text: who offered what, what became of it, and what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from sdp import effective
from sipice.cli.calls import CallView, DialogView, ExchangeView, time_of
from sipice.cli.found import Found
from sipice.cli.render import BAD, GOOD, HEADING, ODD, render_report
from sipice.cli.report import Report, report, size_warning
from sipice.cli.terminal import grid, hanging, line

_EPOCH_YEARS = 1e6
"""Seconds; smaller times are only the order of the messages in a text."""
_OUTCOMES = {
    "answered": ("answered", GOOD),
    "rejected": ("rejected", ODD),
    "pending": ("no answer seen", ODD),
    "provisional": ("only a preview of the answer seen", ODD),
}


_INDEX_FROM = 10
"""So many calls are told in one line each."""


def render_calls(console: Console, calls: Sequence[CallView], *, full: bool, secrets: bool) -> None:
    """Each call with its exchanges, or many in a line each; with ``full`` all descriptions."""
    if len(calls) >= _INDEX_FROM and not full:
        console.print()
        console.print(_index(calls))
        console.print()
        console.print(line("--call N (or a Call-ID) shows one call, -v shows all in full"))
        return
    for call in calls:
        console.print()
        _render_call(console, call)
        if full:
            for one in call.found:
                console.print()
                render_report(console, report(one, secrets=secrets))


def _index(calls: Sequence[CallView]) -> RenderableType:
    table = grid(">call", "started", "from", "to", "offer", "outcome", rigid=("call", "started"))
    for call in calls:
        exchanges = [exchange for dialog in call.dialogs for exchange in dialog.exchanges]
        timed = call.started > _EPOCH_YEARS
        table.add_row(
            str(call.number),
            _clock(call.started)[:19] if timed else "",
            line(call.parties[0]),
            line(call.parties[1]),
            _in_a_word(exchanges[0].offer) if exchanges else Text("no SDP"),
            _outcome_in_a_word(exchanges),
        )
    return table


def _in_a_word(found: Found) -> Text:
    description = found.description
    alive = [i for i in range(len(description.media)) if effective.is_alive(description, i)]
    with_ice = sum(
        effective.support(description, stream) is not effective.Support.NONE for stream in alive
    )
    if any(effective.mismatch(description, stream) for stream in alive):
        return line(("ICE mismatch", BAD))
    if not with_ice:
        return line(("no ICE", ODD))
    return line("ICE" if with_ice == len(alive) else f"ICE in {with_ice} of {len(alive)}")


def _outcome_in_a_word(exchanges: Sequence[ExchangeView]) -> Text:
    if not exchanges:
        return Text("")
    last = exchanges[-1]
    outcome, style = _OUTCOMES[last.outcome]
    status = f" with {last.status}" if last.status is not None else ""
    count = f" ({len(exchanges)} exchanges)" if len(exchanges) > 1 else ""
    answer = last.answer or last.preview
    ice = Text.assemble(": ", _in_a_word(answer)) if answer is not None else Text("")
    return Text.assemble((outcome + status, style), ice, count)


def _render_call(console: Console, call: CallView) -> None:
    parties = " -> ".join(filter(None, call.parties))
    console.print(line((f"Call {call.number}", HEADING), f"  {parties}" if parties else ""))
    started = f", started {_clock(call.started)}" if call.started > _EPOCH_YEARS else ""
    _print(console, 2, line(f"Call-ID {call.call_id}{started}"))
    if call.unmatched:
        _print(console, 2, hanging("!", line((_unmatched(call.unmatched), ODD))))
    for problem in call.problems:
        _print(console, 2, hanging("!", line((problem, BAD))))
    for dialog in call.dialogs:
        _render_dialog(console, call, dialog)


def _unmatched(count: int) -> str:
    what = "1 message has SDP" if count == 1 else f"{count} messages have SDP"
    return f"{what} that is neither offer nor answer: the request before is not in the capture"


def _render_dialog(console: Console, call: CallView, dialog: DialogView) -> None:
    if len(call.dialogs) > 1:
        way = f"  {dialog.source} -> {dialog.destination}" if dialog.source != "?" else ""
        tag = f", To tag {dialog.to_tag}" if dialog.to_tag else ""
        what = line(f"Dialog {dialog.number}{tag}, {dialog.state}{way}")
        _print(console, 2, what)
    if not dialog.exchanges and not dialog.fragments:
        _print(console, 4, line("no offer and no answer"))
        return
    _print(console, 4, _table(call, dialog))
    for exchange in dialog.exchanges:
        for note in _exchange_notes(exchange):
            _print(console, 4, note)


def _print(console: Console, indent: int, what: RenderableType) -> None:
    console.print(Padding(what, (0, 0, 0, indent)))


def _table(call: CallView, dialog: DialogView) -> RenderableType:
    timed = call.started > _EPOCH_YEARS
    table = grid(
        *((">time",) if timed else ()),
        *(">#", "what", "in", "from", ">bytes", "ICE"),
        rigid=("time", "#", "what", "bytes"),
    )
    for one in dialog.found:
        carrier = one.carrier
        assert carrier is not None
        exchange = next((e for e in dialog.exchanges if one in e.found), None)
        warned = size_warning(carrier) is not None
        size = f"{carrier.size:,}" + ("!" if warned else "") if carrier.size else ""
        table.add_row(
            *((f"+{time_of(one) - call.started:.3f}",) if timed else ()),
            str(carrier.exchange or ""),
            _what(one, exchange),
            line(carrier.name),
            line(carrier.way.partition(" ")[0]),
            line((size, ODD if warned else "")),
            _ice(one),
        )
    return table


def _what(found: Found, exchange: ExchangeView | None) -> str:
    if found.is_fragment:
        return "trickle"
    if exchange is not None and found is exchange.preview:
        return "preview"
    return found.role or "?"


def _ice(found: Found) -> Text:
    """In few words, stream by stream."""
    description = found.description
    words = []
    for stream, section in enumerate(description.media):
        name = section.type or "?"
        count = len(effective.ice_home(description, stream).candidates)
        if found.is_fragment:
            ended = ", end" if effective.has_ended(description, stream) else ""
            words.append(line(f"mid {section.mid or '?'}: {count} cand.{ended}"))
        elif not effective.is_alive(description, stream):
            words.append(line(f"{name}: port 0"))
        elif effective.support(description, stream) is effective.Support.NONE:
            words.append(line(f"{name}: ", ("no ICE", ODD)))
        elif effective.mismatch(description, stream):
            words.append(line(f"{name}: ", ("ICE mismatch", BAD)))
        else:
            trickle = ", trickle" if effective.is_trickle(description, stream) else ""
            lite = ", lite" if effective.is_lite(description) else ""
            words.append(line(f"{name}: ICE, {count} cand.{trickle}{lite}"))
    return Text("\n").join(words) if words else Text("no m= line")


def _exchange_notes(exchange: ExchangeView) -> Iterator[RenderableType]:
    status = f" with {exchange.status}" if exchange.status is not None else ""
    repeats = f", {exchange.repeats} retransmissions" if exchange.repeats else ""
    outcome, style = _OUTCOMES[exchange.outcome]
    yield line(
        f"{exchange.number}: ",
        (f"{outcome}{status}", style),
        f" (pattern {exchange.pattern} of RFC 6337{repeats})",
    )
    for remark in exchange.remarks:
        yield hanging("  !", line((remark, ODD)))
    for found in exchange.found:
        yield from _found_notes(report(found))


def _found_notes(facts: Report) -> Iterator[RenderableType]:
    """What needs a look without asking for details."""
    who = facts.role or "?"
    for warning in facts.warnings:
        yield hanging("  !", line((f"{who}: {warning}", ODD)))
    for stream in facts.streams:
        name = f"{who}, stream {stream.facts.stream}"
        for sentence in stream.conclusions:
            if sentence.startswith(_LOOK):
                yield hanging("  !", line((f"{name}: {sentence}", ODD)))
        for sentence in stream.since_previous:
            odd = sentence.endswith("(RFC 8839 4.4.1.1.1).") or "against the rules" in sentence
            mark, style = ("  !", ODD) if odd else ("  -", "")
            yield hanging(mark, line((f"{name}: {sentence}", style)))


_LOOK = ("ICE mismatch", "The offer had", "The offer has no", "No usable", "RTCP has no")
"""Conclusions that begin so are told in the overview."""


def _clock(time: float) -> str:
    shown = datetime.fromtimestamp(time, UTC).isoformat(sep=" ", timespec="milliseconds")
    return shown.replace("+00:00", " UTC")
