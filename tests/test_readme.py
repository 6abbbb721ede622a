"""What README.md tells people to type does what it says."""

from __future__ import annotations

import re
import tomllib

from tests.capabilities import ROOT, needs

pytestmark = needs("checkout")


def test_the_library_example_runs() -> None:
    blocks = re.findall(r"(?:^ {4}.*\n|^\n)+", _readme(), re.MULTILINE)
    programs = [block for block in blocks if block.lstrip().startswith("import ")]
    assert programs
    for program in programs:
        exec(compile(re.sub(r"(?m)^ {4}", "", program), "README.md", "exec"), {})


def test_every_extra_has_its_line() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = set(pyproject["project"]["optional-dependencies"])
    assert _named_extras() == extras


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", _readme())
    assert [link for link in links if not (ROOT / link).exists()] == []


def _readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def _named_extras() -> set[str]:
    rows = re.findall(r"^\| (`.*?`) \|", _readme(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}
