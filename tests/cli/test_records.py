from __future__ import annotations

from pathlib import Path

import pytest

from tests.capabilities import require

require("cli")

from sipice.cli.inputs import InputError
from sipice.cli.records import read_records

AGENT = '{"at":0,"is":"agent"}\n'


def file(folder: Path, text: str) -> str:
    (folder / "records").write_text(text, encoding="utf-8")
    return str(folder / "records")


def test_an_agent_record_begins_a_session(tmp_path: Path) -> None:
    name = file(tmp_path, f'{AGENT}{{"at":1,"is":"gather"}}\n\n{AGENT}')
    first, second = read_records(name)
    assert [one["is"] for one in first.records] == ["agent", "gather"]
    assert (first.lines, second.lines) == ((1, 2), (4,))
    assert not first.cut


def test_sessions_that_run_at_one_time_are_told_apart_by_name(tmp_path: Path) -> None:
    lines = [
        f'{{"at":{number},"is":"{name}","session":"{leg}"}}\n'
        for number, (name, leg) in enumerate(
            [("agent", "a"), ("agent", "b"), ("gather", "a"), ("close", "b")]
        )
    ]
    found = read_records(file(tmp_path, "".join(lines)))
    assert [(one.name, one.lines) for one in found] == [("a", (1, 3)), ("b", (2, 4))]


@pytest.mark.parametrize("last", ['{"at":1,"is":"ga', '{"at":1', "{", '"'])
def test_a_last_line_that_was_cut_is_left_out(last: str, tmp_path: Path) -> None:
    (found,) = read_records(file(tmp_path, AGENT + last))
    assert found.cut
    assert len(found.records) == 1


@pytest.mark.parametrize(
    "line", ["[]", "1", "null", '{"is":"agent"}', '{"at":true,"is":"agent"}', '{"at":0,"is":1}']
)
def test_every_line_must_be_a_record(line: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2"):
        read_records(file(tmp_path, f"{AGENT}{line}\n{AGENT}"))
