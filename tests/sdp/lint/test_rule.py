"""What messages show of a value, and which rules are asked about what."""

from __future__ import annotations

import sdp
from sdp.lint import RULES, Scope, Severity, check
from sdp.lint.rule import clipped, plural, shown
from tests.sdp.lint.examples import whole

SECRET = "asd88fgpdd777uzjYhagZg"


def test_long_values_are_cut() -> None:
    assert shown("x-" * 20) == repr("x-" * 20)
    assert shown("x-" * 21) == f"{'x-' * 20!r}… (42 characters)"


def test_words_as_long_as_a_password_are_cut_wherever_they_stand() -> None:
    assert shown(f"wd:{SECRET}") == "'wd:asd88f…'"
    assert shown("x" * 21) == repr("x" * 21)
    assert shown("x" * 300) == "'xxxxxx…'… (300 characters)"
    assert clipped(f"unreadable {SECRET}") == "unreadable asd88f…"


def test_odd_characters_are_escaped() -> None:
    assert shown("a\x00\u202eb\udce9") == r"'a\x00\u202eb\udce9'"


def test_what_may_hold_a_password_is_not_shown() -> None:
    assert SECRET not in shown(f"8hhYa=ice-pwd:{SECRET}")
    assert SECRET not in shown(f"inline:{SECRET}")
    assert SECRET not in clipped(f"unreadable 'Password {SECRET}'")


def test_reasons_are_cut() -> None:
    assert clipped("x-" * 60) == "x-" * 60
    assert clipped("x-" * 61) == "x-" * 60 + "…"


def test_nouns_agree_with_their_number() -> None:
    assert (plural(1, "line"), plural(2, "line")) == ("1 line", "2 lines")


def test_messages_are_bounded_whatever_the_values_are() -> None:
    long = "9" * 20_000
    lines = (
        f"m=audio {long}/{long} RTP/AVP {long}",
        f"c=IN {long} {long}/{long}",
        f"b={long}:x",
        f"a=mid:{long}-\N{BELL}",
        f"a=ice-ufrag:{long}",
        f"a=ice-options:{long}",
        f"a=rtcp:{long}",
        f"a=candidate:{long} {long} {long} {long} {long} {long} typ {long}",
        f"a=candidate:1 1 {long} 1 {long} 1 typ {long} raddr {long} rport {long} {long} {long}",
        f"a=remote-candidates:{long} {long}",
        long,
    )
    found = check(sdp.parse(whole("".join(f"{line}\n" for line in lines))))
    assert len(found) > 15
    assert max(len(finding.message) for finding in found) < 400


def test_severities_read_as_words() -> None:
    assert [str(severity) for severity in Severity] == ["error", "warning", "info"]


def test_rules_about_two_descriptions_are_not_asked_about_one() -> None:
    pairs = [rule for rule in RULES if rule.scope is Scope.PAIR]
    assert pairs
    assert not any(rule.applies(Scope.DESCRIPTION, None) for rule in pairs)
    assert all(rule.applies(Scope.PAIR, None) for rule in pairs)


def test_rules_for_any_text_are_asked_about_fragments_and_descriptions() -> None:
    rule = next(rule for rule in RULES if rule.scope is Scope.ANY)
    assert rule.applies(Scope.DESCRIPTION, None)
    assert rule.applies(Scope.FRAGMENT, None)
    assert not rule.applies(Scope.PAIR, None)


def test_rules_for_answers_are_asked_when_it_is_known_to_be_one() -> None:
    rule = next(rule for rule in RULES if rule.only == "answer")
    assert rule.applies(Scope.DESCRIPTION, "answer")
    assert not rule.applies(Scope.DESCRIPTION, "offer")
    assert not rule.applies(Scope.DESCRIPTION, None)
