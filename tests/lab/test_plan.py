"""What a node's shell is told, and that nothing of IPv6 is left where there shall be none."""

from __future__ import annotations

import pytest

from tests.lab.plan import Plan
from tests.lab.topology import internet, sites


def test_a_script_sets_the_kernel_before_the_interfaces_and_the_rules() -> None:
    plan = Plan()
    one, two = plan.node("one", forwards=True), plan.node("two")
    plan.cable(one, "left", two, "right")
    plan.address(one, "left", "192.0.2.1/24", "2001:db8::1/64")
    plan.route(one, "default", "192.0.2.2", "2001:db8::2")
    one.rules = "table ip nat {}"
    script = one.script()
    order = ["ip_forward", "link set left up", "192.0.2.1/24", "default via", "table ip nat"]
    places = [script.index(words) for words in order]
    assert places == sorted(places)
    assert plan.cables == [("one", "left", "two", "right")]
    assert "nft" not in two.script()
    assert "ip_forward" not in two.script()


def test_without_ipv6_nothing_is_said_about_it_but_that_it_is_off() -> None:
    plan = internet(sites({"a": "port", "b": "none", "c": "double"}), ipv6="off", neighbours=True)
    for node in plan.nodes.values():
        assert node.settings["ipv6/conf/all/disable_ipv6"] == 1
        assert not [line for line in node.commands if ":" in line]


def test_each_host_has_an_address_of_its_own() -> None:
    plan = internet(sites(dict.fromkeys("abcdefghi", "port")), neighbours=True)
    addresses = [
        line.split()[2]
        for node in plan.nodes.values()
        for line in node.commands
        if line.startswith("address add")
    ]
    assert len(addresses) == len(set(addresses)) > 50


@pytest.mark.parametrize("is_wired", [False, True])
def test_a_gap_for_the_delaying_program_is_left_in_each_uplink(is_wired: bool) -> None:
    plan = internet(sites({"a": "port", "b": "double"}), wired=is_wired)
    ends = [(one, other) for one, _, other, there in plan.cables if there == "w-b"]
    assert ends == [("inet", "inet") if is_wired else ("cb", "inet")]
