from __future__ import annotations

import json

from sipice.trace import RECORDS, JsonLines
from tests.capabilities import ROOT, needs
from tests.recorddoc import PAGE, page


def test_a_record_is_one_line_of_json_with_its_instant_and_name() -> None:
    lines: list[str] = []
    tracer = JsonLines(lines.append)
    tracer.record(1.25, "check-sent", to="192.0.2.1:5000", nominating=False, rtt=None)
    (line,) = lines
    assert line.endswith("\n")
    assert json.loads(line) == {
        "at": 1.25,
        "is": "check-sent",
        "to": "192.0.2.1:5000",
        "nominating": False,
        "rtt": None,
    }


def test_a_session_and_the_time_of_day_can_be_added() -> None:
    lines: list[str] = []
    tracer = JsonLines(lines.append, session="leg 1", epoch=1_767_225_600.0)
    tracer.record(0.1 + 0.2, "agent", role="controlling", config={})
    tracer.record(1.0, "close")
    first, second = map(json.loads, lines)
    assert (first["session"], first["epoch"]) == ("leg 1", 1_767_225_600.0)
    assert first["at"] == 0.1 + 0.2, "times keep their last bit"
    assert second == {"at": 1.0, "is": "close", "session": "leg 1"}


def test_names_in_the_table_are_unique() -> None:
    names = [row.name for row in RECORDS]
    assert len(names) == len(set(names))


@needs("checkout")
def test_the_page_is_current() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert text == page(), "run python -m tests.recorddoc"
