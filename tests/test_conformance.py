"""docs/conformance.md is what the marks of the tests say, and the marks are true."""

from __future__ import annotations

import pytest

from tests.capabilities import ROOT, needs
from tests.conformance import (
    PAGE,
    TITLES,
    Mark,
    Reasons,
    Row,
    covers,
    deviations_in,
    marks_in,
    read_marks,
    read_proven,
    read_reasons,
    read_rows,
    render,
    wrong_marks,
    wrong_reasons,
)

ROW = Row("8839-5.4-2", "8839", "5.4", "MUST", "Accept 256 characters")
MARK = Mark("8839", "5.4", "MUST", "8839-5.4-2", "tests/sdp/test_ice.py", "test_it")
NO_REASONS = Reasons({}, {})
MARKED = """
CASES = [pytest.param(1, marks=[rfc("1", "2", "MUST", "r4")])]

@rfc("1", "2", "MUST", "r1")
@marks.rfc("1", "2", "MUST", row="r2")
def test_of_a_function(): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=rfc("1", "2", "MUST", "r3")), 2])
def test_of_a_parameter(x): ...

@pytest.mark.parametrize("x", CASES)
def test_of_a_list_of_parameters(x): ...

@rfc("1", "2", "MUST", "r5")
class TestOfAClass:
    @rfc("1", "2", "MUST", "r6")
    def test_of_a_method(self): ...

@rfc("1", "2", "MUST", "not a test")
def helper(): ...
"""


@needs("checkout")
def test_the_page_is_what_the_marks_say() -> None:
    page = render(read_rows(), read_marks(), read_reasons(), read_proven())
    stale = (ROOT / PAGE).read_text(encoding="utf-8") != page
    assert not stale, f"{PAGE} is stale; write it again: make docs"


def test_each_mark_names_a_row_and_agrees_with_it() -> None:
    wrong = list(wrong_marks(read_rows(), read_marks()))
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_reason_is_given_for_a_row_that_is_tested_or_unknown() -> None:
    wrong = list(wrong_reasons(read_rows(), read_marks(), read_reasons()))
    assert not wrong, "\n" + "\n".join(wrong)


def test_rows_have_names_of_their_own_and_rfcs_with_a_title() -> None:
    rows = read_rows()
    assert len({row.id for row in rows}) == len(rows)
    assert {row.rfc for row in rows} == {*TITLES, ""}


@pytest.mark.parametrize(
    "mark",
    [
        MARK._replace(row="8839-5.4-99"),
        MARK._replace(section="5.5"),
        MARK._replace(level="SHOULD"),
        MARK._replace(rfc="8445"),
        MARK._replace(row="", section="the fifth"),
    ],
)
def test_a_mark_that_disagrees_with_its_row_is_found(mark: Mark) -> None:
    assert len(list(wrong_marks([ROW], [mark]))) == 1


@pytest.mark.parametrize(
    "mark", [MARK, MARK._replace(row=""), MARK._replace(section="5.4.1", row="")]
)
def test_a_true_mark_is_not_found_wrong(mark: Mark) -> None:
    assert list(wrong_marks([ROW], [mark])) == []


def test_marks_are_found_wherever_pytest_takes_them_from() -> None:
    found = list(marks_in(MARKED, "tests/test_it.py"))
    assert sorted((mark.row, mark.test) for mark in found) == [
        ("r1", "test_of_a_function"),
        ("r2", "test_of_a_function"),
        ("r3", "test_of_a_parameter"),
        ("r4", "test_of_a_list_of_parameters"),
        ("r5", "TestOfAClass"),
        ("r6", "test_of_a_method"),
    ]


@pytest.mark.parametrize(
    ("key", "fits"),
    [("8839", True), ("8839-5", True), ("8839-5.4", True), ("8839-5.4-2", True), ("88", False)],
)
def test_a_reason_covers_the_rows_whose_id_begins_with_it(key: str, fits: bool) -> None:
    assert covers(key, ROW.id) is fits


def test_a_tested_row_shows_its_test_and_module() -> None:
    page = render([ROW], [MARK], NO_REASONS)
    assert "| 8839-5.4-2 | 5.4 | MUST | Accept 256 characters | `test_it` |" in page


def test_a_row_with_a_fault_is_proven_and_a_must_without_is_listed() -> None:
    assert "| `test_it` | yes |" in render([ROW], [MARK], NO_REASONS, {ROW.id})
    assert f"- RFC 8839: {ROW.id}" in render([ROW], [MARK], NO_REASONS)
    assert ", but not proven yet\n\nNothing." in render([ROW], [], NO_REASONS)


def test_an_open_row_shows_the_most_special_reason() -> None:
    reasons = Reasons({"8839": "later", "8839-5.4": "soon"}, {})
    assert "| *open: soon* |" in render([ROW], [], reasons)
    assert "| *not ours: text* |" in render([ROW], [], Reasons(reasons.planned, {ROW.id: "text"}))


def test_deviations_are_read_from_comments_and_docstrings_to_their_end() -> None:
    source = '''
def one():
    """First.

    DEVIATION §1: we do not
    do that.
    """
    # DEVIATION §2: nor
    # that.
    one()  # the word DEVIATION alone says nothing
'''
    assert list(deviations_in(source)) == ["§1: we do not do that.", "§2: nor that."]


def test_a_reason_for_a_tested_row_and_one_for_no_row_are_found() -> None:
    reasons = Reasons({ROW.id: "later", "9999": "never"}, {})
    assert len(list(wrong_reasons([ROW], [MARK], reasons))) == 2
