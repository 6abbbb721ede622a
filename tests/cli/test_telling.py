from __future__ import annotations

import json

import pytest

from tests.capabilities import require

require("cli")

from sipice.cli.inputs import InputError
from sipice.cli.records import Recorded
from sipice.cli.telling import tell
from sipice.trace import JsonLines
from tests.cli.stories import KNOWN, story
from tests.scenarios.test_forks import ForkedCall


def test_records_of_later_versions_are_passed_over() -> None:
    assert story(KNOWN, (11.0, "something-new", {"odd": [1]})).records == 5


def test_a_record_without_what_it_must_have_is_named_by_its_line() -> None:
    with pytest.raises(InputError, match=r"line 4 \(pair-formed\)"):
        story((1.0, "pair-formed", {"stream": 0}))


def test_each_forked_agent_has_its_own_story() -> None:
    lines: list[str] = []
    call = ForkedCall(2, tracer=JsonLines(lines.append))
    call.offer()
    for number, branch in enumerate(call.branches):
        call.answer_at(0.040 + number * 0.5, branch)
    call.world.run(until=4.0)
    records = tuple(json.loads(line) for line in lines)
    first, second = tell(Recorded("f", "", records, tuple(range(len(records)))))
    assert (first.sibling, second.sibling) == (1, 2)
    assert first.runs[0].local == second.runs[0].local
    assert first.runs[0].peer_ufrag != second.runs[0].peer_ufrag
    assert first.runs[0].state == second.runs[0].state == "connected"
