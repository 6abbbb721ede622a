"""docs/lint.md says what the table says."""

from __future__ import annotations

from sdp.lint import RULES
from tests.capabilities import ROOT, needs
from tests.lintdoc import CHAPTERS, PAGE, page


@needs("checkout")
def test_the_page_is_current() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(), "run python -m tests.lintdoc"


def test_each_rule_has_a_chapter() -> None:
    assert {rule.code[:4] for rule in RULES} == set(CHAPTERS)
    text = page()
    assert all(text.count(f'### <a id="{rule.code.lower()}">') == 1 for rule in RULES)
