"""The picture of a call: time from left to right, a lane per candidate pair and per direction."""

from __future__ import annotations

from collections import Counter
from html import escape

from sipice.cli.demo.record import CallRecord, Side
from sipice.cli.story import Pair, Run

WIDTH, LEFT, LANE = 1_080, 250, 22
_BUCKET = 0.1
"""Seconds of media per bar."""
_MARGIN = 46
_ROWS = 4
_STYLE = """<style>
text { font: 11px system-ui, sans-serif; fill: #333; } .title { font-weight: bold; }
text.moment, .tick { fill: #777; font-size: 10px; }
line.moment { stroke: #bbb; stroke-dasharray: 2 3; }
</style>"""
_COLOURS = {"succeeded": "#2e7d32", "failed": "#c62828", "unanswered": "#9e9e9e"}


class Picture:
    """Draws lanes one below the other."""

    def __init__(self, record: CallRecord) -> None:
        self._record = record
        self._span = max(record.ended_at - record.began_at, 0.001)
        self._top = _MARGIN
        self._shapes: list[str] = []

    def x(self, at: float) -> float:
        """Where an instant lies."""
        share = (at - self._record.began_at) / self._span
        return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - 10)

    def draw(self) -> str:
        """The whole picture as SVG."""
        for side in self._record.sides:
            self._side(side)
        self._axis()
        height = self._top + 10
        return (
            f'<svg viewBox="0 0 {WIDTH} {height}" role="img" '
            f'aria-label="Timeline of the call" xmlns="http://www.w3.org/2000/svg">'
            + _STYLE
            + "".join(self._shapes)
            + "</svg>"
        )

    def _side(self, side: Side) -> None:
        self._title(side.name)
        for story in side.stories:
            for run in story.runs:
                for pair in run.ordered:
                    self._pair(run, pair)
        self._media(side)
        self._top += LANE // 2

    def _title(self, text: str) -> None:
        self._text(4, text, "title")
        self._top += LANE

    def _pair(self, run: Run, pair: Pair) -> None:
        name = f"#{pair.number} {pair.local} → {pair.remote}"
        if run.generation > 1:
            name += f" (restart {run.generation - 1})"
        self._text(12, name, "pair")
        for check in pair.checks:
            end = check.ended_at if check.ended_at is not None else check.at
            colour = _COLOURS.get(check.result, "#ef6c00")
            hint = f"{check.kind} check, {check.result}, {1000 * (end - check.at):.1f} ms"
            width = max(self.x(end) - self.x(check.at), 3.0)
            self._box(self.x(check.at), width, colour, hint)
        for part in run.parts.values():
            for chosen in part.selections:
                if chosen.pair == pair.text:
                    self._mark(self.x(chosen.at), f"selected by {chosen.by}")
        self._top += LANE

    def _media(self, side: Side) -> None:
        heard = side.heard
        self._text(12, f"hears {heard.received} packets, {heard.lost} lost", "pair")
        counts = Counter(int((at - self._record.began_at) / _BUCKET) for at in heard.times)
        most = max(counts.values(), default=1)
        for bucket, count in sorted(counts.items()):
            left = self.x(self._record.began_at + bucket * _BUCKET)
            right = self.x(self._record.began_at + (bucket + 1) * _BUCKET)
            height = (LANE - 6) * count / most
            self._shapes.append(
                f'<rect x="{left:.1f}" y="{self._top + LANE - 3 - height:.1f}" '
                f'width="{max(right - left - 0.5, 1):.1f}" height="{height:.1f}" fill="#1565c0">'
                f"<title>{count} packets</title></rect>"
            )
        self._top += LANE

    def _axis(self) -> None:
        """Seconds, and the numbers of the moments, each on the first row that has room for it."""
        rows = [0.0] * _ROWS
        for number, moment in enumerate(self._record.moments, 1):
            x = self.x(moment.at)
            row = next((row for row in range(_ROWS) if rows[row] <= x), 0)
            rows[row] = x + 16
            self._shapes.append(
                f'<line x1="{x:.1f}" y1="{4 + 11 * row}" x2="{x:.1f}" y2="{self._top}" '
                'class="moment"/>'
                f'<text x="{x + 3:.1f}" y="{12 + 11 * row}" class="moment">{number}'
                f"<title>{escape(moment.text)}</title></text>"
            )
        for tick in range(int(self._span) + 1):
            x = self.x(self._record.began_at + tick)
            self._shapes.append(
                f'<text x="{x:.1f}" y="{self._top + 8}" class="tick">{tick} s</text>'
            )

    def _text(self, x: float, text: str, kind: str) -> None:
        y = self._top + LANE - 7
        self._shapes.append(f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>')

    def _box(self, x: float, width: float, colour: str, hint: str) -> None:
        self._shapes.append(
            f'<rect x="{x:.1f}" y="{self._top + 4}" width="{width:.1f}" height="{LANE - 9}" '
            f'rx="2" fill="{colour}"><title>{escape(hint)}</title></rect>'
        )

    def _mark(self, x: float, hint: str) -> None:
        y = self._top + LANE / 2
        self._shapes.append(
            f'<path d="M{x:.1f} {y - 8:.1f} l7 8 l-7 8 l-7 -8 z" fill="#f9a825" stroke="#5d4037">'
            f"<title>{escape(hint)}</title></path>"
        )
