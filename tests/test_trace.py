from __future__ import annotations

import json

from sipice.trace import JsonLines


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
