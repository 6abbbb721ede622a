"""Every row of the table: it fires on its own example and not on the corrected one."""

from __future__ import annotations

import re

import pytest

from sdp.lint import RULES, Rule, Scope, Severity
from tests.sdp.lint.examples import findings

_EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


@_EACH
def test_a_rule_fires_on_its_example(rule: Rule) -> None:
    found = [finding for finding in findings(rule, rule.bad) if finding.code == rule.code]
    assert len(found) == 1
    assert found[0].severity is rule.severity
    assert (found[0].rfc, found[0].section) == (rule.rfc, rule.section)
    assert found[0].line is not None


@_EACH
def test_a_rule_is_silent_on_the_corrected_example(rule: Rule) -> None:
    assert rule.code not in [finding.code for finding in findings(rule, rule.good)]


@_EACH
def test_a_corrected_example_has_no_error_at_all(rule: Rule) -> None:
    """But for the mismatch: tiny examples do not repeat the candidates they are not about."""
    errors = [f for f in findings(rule, rule.good) if f.severity is Severity.ERROR]
    assert [f for f in errors if f.code != "ICE401"] == []


@_EACH
def test_a_fault_is_told_once(rule: Rule) -> None:
    """Whatever else an example is guilty of, no two errors or warnings are about one line."""
    lines = [f.line for f in findings(rule, rule.bad) if f.severity is not Severity.INFO]
    assert len(lines) == len(set(lines))


def test_the_table_has_unique_codes_in_a_stable_order() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"(?:ICE|SDP)[0-9]{3}", code) for code in codes)
    assert len(codes) >= 50


def test_titles_are_unique_and_explanations_are_sentences() -> None:
    titles = [rule.title for rule in RULES]
    assert len(set(titles)) == len(titles)
    assert all(rule.why.endswith(".") and not rule.title.endswith(".") for rule in RULES)


def test_only_rules_about_two_descriptions_have_an_earlier_one() -> None:
    assert {rule.code for rule in RULES if rule.earlier} == {
        rule.code for rule in RULES if rule.scope is Scope.PAIR
    }
