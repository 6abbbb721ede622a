"""The seeded faults are well-formed and fit the source as it is; ``make mutants`` runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.capabilities import needs
from tests.conformance import Mark, Row, read_marks, read_rows
from tests.mutants.faults import Fault, problems, read_faults, read_file, without_fault

ROW = Row("8445-1-1", "8445", "1", "MUST", "something")
MARK = Mark("8445", "1", "MUST", "8445-1-1", "tests/test_init.py", "test_x")
GOOD = Fault(
    "a",
    ("8445-1-1",),
    "tests/marks.py",
    "return pytest.mark.rfc(",
    "return pytest.mark.other(",
    ("tests/test_init.py::test_x",),
    "faults_x.toml",
)


@needs("checkout")
def test_every_fault_applies_exactly_once_and_names_tests_with_its_mark() -> None:
    assert list(problems(read_faults(), read_rows(), read_marks())) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": "sipice/nowhere.py"}, "no file"),
        ({"old": "not in there"}, "exactly once"),
        ({"new": GOOD.old}, "changes nothing"),
        ({"rows": ("8445-9-9",)}, "no row"),
        ({"tests": ("tests/test_init.py::test_y",)}, "no test with marks"),
    ],
)
def test_what_is_wrong_with_a_fault_is_said(change: dict[str, Any], said: str) -> None:
    fault = GOOD._replace(**change)
    assert any(said in problem for problem in problems([fault], [ROW], [MARK]))


def test_a_good_fault_is_not_complained_about() -> None:
    assert list(problems([GOOD], [ROW], [MARK])) == []
    assert without_fault(GOOD.rows, [ROW], [MARK]) == []
    assert without_fault((), [ROW], [MARK]) == ["8445-1-1"]


def test_a_name_is_used_once() -> None:
    assert any("2 times" in problem for problem in problems([GOOD, GOOD], [ROW], [MARK]))


def test_a_fault_that_lacks_something_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "faults_x.toml"
    path.write_text('[[fault]]\nid = "a"\n')
    with pytest.raises(ValueError, match="a: wants file"):
        list(read_file(path))
