"""The HTML report of a call: one file, nothing loaded from elsewhere, no script."""

from __future__ import annotations

from html import escape

from sipice import __version__
from sipice.cli.demo.picture import Picture
from sipice.cli.demo.record import CallRecord, Described, Side
from sipice.cli.diff import line_changes
from sipice.cli.story import Run

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1120px; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.fine { color: #2e7d32; } .bad { color: #c62828; }
table { border-collapse: collapse; } td, th { padding: .2rem .9rem .2rem 0; text-align: left; }
th { color: #777; font-weight: normal; } td.number { text-align: right; }
svg { width: 100%; border: 1px solid #ddd; background: #fcfcfc; }
pre { background: #f6f6f6; padding: .7rem; overflow-x: auto; font-size: 12px; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
"""


def html(record: CallRecord) -> str:
    """The whole page."""
    fine = not record.problems
    verdict = "The call went through." if fine else "The call had problems."
    parts = [
        f"<h1>A call between {' and '.join(escape(side.name) for side in record.sides)}</h1>",
        f'<p class="{"fine" if fine else "bad"}" id="verdict"><b>{verdict}</b></p>',
        "".join(f'<p class="bad">{escape(problem)}</p>' for problem in record.problems),
        f"<p>{escape(record.stack)}, {escape(record.nat)}, sipice {__version__}</p>",
        "<h2>Timeline</h2>",
        Picture(record).draw(),
        "<p>Numbers are explained below. Bars are checks (green answered, grey not, red failed), "
        "diamonds selections, blue columns received media.</p>",
        "<h2>Media</h2>",
        _media(record),
        *(_side(side, record.began_at) for side in record.sides),
        "<h2>What happened</h2>",
        _moments(record),
        "<h2>What the stacks described, and what ICE changed in it</h2>",
        *(_described(record)),
    ]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>sipice: a call</title><style>{_STYLE}</style></head><body>"
        + "\n".join(parts)
        + "</body></html>\n"
    )


def _media(record: CallRecord) -> str:
    rows = []
    for side in record.sides:
        heard = side.heard
        tone = "no tone" if heard.tone is None else f"{heard.tone:.0f} Hz"
        rows.append(
            [side.name, heard.sent, heard.received, heard.lost, f"{1000 * heard.jitter:.2f} ms",
             f"{tone} (sent: {heard.expected_tone:.0f} Hz)"]
        )  # fmt: skip
    return _table(["who hears", "sent", "received", "lost", "jitter", "tone"], rows)


def _side(side: Side, began_at: float) -> str:
    runs = [(story, run) for story in side.stories for run in story.runs]
    return f"<h2>The checklist of {escape(side.name)}</h2>" + "".join(
        _run(run, began_at) for _, run in runs
    )


def _run(run: Run, began_at: float) -> str:
    chosen = {one.pair for part in run.parts.values() for one in part.selections}
    rows = []
    for pair in run.ordered:
        state = "selected" if pair.text in chosen else pair.failed or "not used"
        if pair.succeeded_at is not None and pair.text not in chosen:
            state = "valid"
        rtt = "" if pair.rtt is None else f"{1000 * pair.rtt:.1f} ms"
        number, checks = f"#{pair.number}", len(pair.checks)
        rows.append([number, pair.local, pair.remote, pair.text, checks, rtt, state])
    name = "Restart" if run.generation > 1 else "First generation"
    known = "not used" if run.known_at is None else f"after {run.known_at - began_at:.2f} s"
    heading = f"<p>{name}, stream {run.stream}: description of the peer {known}</p>"
    return heading + _table(["", "ours", "theirs", "pair", "checks", "RTT", "state"], rows)


def _moments(record: CallRecord) -> str:
    rows = [
        [str(number), f"{moment.at - record.began_at:.3f} s", moment.text]
        for number, moment in enumerate(record.moments, 1)
    ]
    return _table(["", "at", ""], rows)


def _described(record: CallRecord) -> list[str]:
    return [
        f"<details><summary>{one.at - record.began_at:.3f} s, {escape(one.who)}: {escape(one.what)}"
        f'</summary><div class="two"><pre>{escape(one.before.decode())}</pre>'
        f"<pre>{escape(_changes(one))}</pre></div></details>"
        for one in record.described
    ]


def _changes(one: Described) -> str:
    """What ICE made of it, line by line; passwords are not shown."""
    changes = line_changes(one.before, one.after)
    return "\n".join(f"{change.sign} {change.text}" for change in changes)


def _table(heads: list[str], rows: list[list[object]] | list[list[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: object) -> str:
    kind = ' class="number"' if isinstance(value, int) else ""
    return f"<td{kind}>{escape(str(value))}</td>"
