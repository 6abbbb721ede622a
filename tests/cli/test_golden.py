"""The output that people see changes only where somebody wanted it to."""

from __future__ import annotations

import pytest

from tests.capabilities import needs, require

require("cli")

from tests.cli.golden import CASES, FOLDER, PAGES, ROOT, output, page

AGAIN = "python -m tests.cli.golden writes it again"


@pytest.mark.parametrize("name", CASES)
def test_the_output_is_as_it_was(name: str) -> None:
    expected = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert output(CASES[name]) == expected, AGAIN


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(CASES)


@needs("checkout")
@pytest.mark.parametrize("name", PAGES)
def test_the_documentation_shows_real_output(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "$ sipice" in text
    assert page(text) == text, AGAIN
