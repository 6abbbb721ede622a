"""Sections of the page are replaced between their marks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capabilities import needs
from tests.interop import page

TEXT = "# Title\n\n<!-- begin one -->\nold\n<!-- end one -->\n\ntail\n"


def test_a_section_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "page.md"
    target.write_text(TEXT)
    for _ in range(2):
        page.write("one", page.table(["a", "b"], [["1", "2"]]), target)
    assert target.read_text() == TEXT.replace("old", "| a | b |\n| --- | --- |\n| 1 | 2 |")
    with pytest.raises(KeyError):
        page.write("two", [], target)


@needs("aioice")
def test_the_version_of_each_peer_is_told_once() -> None:
    text = page.provenance(["sipice", "sipice:lite", "aioice"])
    assert text.count("sipice ") == 1
    assert "aioice 0." in text


@needs("checkout")
def test_the_page_has_every_section() -> None:
    text = page.PAGE.read_text()
    for name in ("peers", "matrix", "race"):
        assert f"<!-- begin {name} -->" in text
