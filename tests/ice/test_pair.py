from __future__ import annotations

import json
from pathlib import Path

import pytest

from sipice.ice import Role
from sipice.ice.candidate import priority
from sipice.ice.pair import pair_priority
from tests.marks import rfc


@rfc("8445", "6.1.2.3", "rule", "8445-6.1.2.3-1")
@pytest.mark.parametrize(
    ("controlling", "controlled", "value"),
    [
        (2130706431, 2130706431, 9151314442783293438),
        (2130706431, 1694498815, 7277816997797167103),
        (1694498815, 2130706431, 7277816997797167102),
        (1694498815, 1694498815, 7277816996924751870),
        (1862270975, 2130706431, 7998392938176446462),
        (2130706431, 16777215, 72057594004373503),
        (16777215, 2130706431, 72057594004373502),
        (16777215, 16777215, 72057589776515070),
    ],
)
def test_pair_priorities(controlling: int, controlled: int, value: int) -> None:
    assert pair_priority(controlling, controlled) == value
    assert value < 2**63


@rfc("8421", "5", "rule", "8421-5-2")
def test_the_more_cautious_side_decides_the_order() -> None:
    cautious, eager = priority(126, 100, 1), priority(126, 65535, 1)
    assert pair_priority(eager, cautious) < pair_priority(eager, cautious + 256)


def test_each_role_has_its_opposite() -> None:
    assert [role.opposite for role in Role] == [Role.CONTROLLED, Role.CONTROLLING]


def test_the_roles_of_the_table_are_the_two() -> None:
    table = json.loads((Path(__file__).parent.parent / "data" / "ice_roles.json").read_text())
    assert {row["role"] for row in table["roles"]} == {role.value for role in Role}
