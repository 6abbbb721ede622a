"""The examples of docs/plugins.md, run in their order."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.capabilities import ROOT, needs, require

require("aiosipua", "aiosip", "cli")

from sipice.net import Path

pytestmark = needs("checkout")


def test_they_do_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        exec(compile(block, "docs/plugins.md", "exec"), names)
    assert isinstance(names["path"], Path)
    assert isinstance(names["old_path"], Path)
    assert names["status"] == 200
    assert capsys.readouterr().out.startswith("the stack sends to ")


def test_links_lead_somewhere() -> None:
    page = ROOT / "docs" / "plugins.md"
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
