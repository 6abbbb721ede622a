"""Which rules are asked, by code."""

from __future__ import annotations

import pytest

from sipice.cli.rules import ALL_RULES, Selection, codes


def test_codes_are_split_and_upper_case() -> None:
    assert codes(["sdp001, ice", "SIP"]) == ("SDP001", "ICE", "SIP")
    assert codes([" ,"]) == ()


@pytest.mark.parametrize(
    ("select", "ignore", "takes"),
    [
        ((), (), True),
        (("SDP",), (), True),
        (("SIP",), (), False),
        ((), ("SDP0",), False),
        (("SDP001", "SIP"), ("SIP",), True),
        (("SDP",), ("SDP001",), False),
    ],
)
def test_a_code_stands_for_all_that_begin_with_it(
    select: tuple[str, ...], ignore: tuple[str, ...], takes: bool
) -> None:
    assert Selection(select, ignore).takes("SDP001") is takes


def test_codes_without_rule_are_named() -> None:
    assert Selection(("SDP", "XYZ"), ("SIP9",)).unknown() == ["XYZ", "SIP9"]


def test_every_rule_has_its_own_code_and_explains_itself() -> None:
    assert len({rule.code for rule in ALL_RULES}) == len(ALL_RULES)
    assert all(rule.title and rule.why and rule.rfc for rule in ALL_RULES)
