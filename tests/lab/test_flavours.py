"""Every flavour is what it says, as RFC 5780 sees it from a host behind it."""

from __future__ import annotations

import pytest

from tests.capabilities import needs
from tests.lab.flavours import FLAVOURS, rules
from tests.lab.probe import Behaviour
from tests.lab.topology import Site
from tests.lab.verify import Verdict, line, promised, promised_ipv6, verify


def test_the_flavours_have_the_names_that_others_know_them_by() -> None:
    assert list(FLAVOURS) == [
        *("none", "fw", "fullcone", "addr", "port", "sym", "double", "udpblock", "tcp443"),
    ]


@pytest.mark.parametrize("name", FLAVOURS)
def test_only_what_has_no_public_addresses_translates_them(name: str) -> None:
    flavour = FLAVOURS[name]
    text = rules(flavour, "203.0.113.101", "stateful")
    assert ("table ip nat" in text) is not flavour.is_public
    assert ("fully-random" in text) is (name == "sym")
    assert ("dnat" in text) is flavour.has_hairpin
    assert ("meta l4proto udp drop" in text) is (name in ("udpblock", "tcp443"))


@pytest.mark.parametrize("ipv6", ["open", "stateful", "off"])
def test_strangers_are_kept_out_over_ipv6_only_where_that_was_asked_for(ipv6: str) -> None:
    text = rules(FLAVOURS["none"], "203.0.113.101", ipv6)
    assert ("nfproto ipv6" in text) is (ipv6 == "stateful")


def test_a_public_site_and_a_private_one_count_their_hosts_alike() -> None:
    assert Site("a", 1, FLAVOURS["none"]).address == "198.51.100.10"
    assert Site("b", 2, FLAVOURS["port"]).address == "192.168.2.10"
    assert Site("b", 2, FLAVOURS["double"]).edge == "cb"


def test_a_flavour_that_is_not_what_it_promises_is_told() -> None:
    flavour = FLAVOURS["port"]
    right = Verdict(flavour, promised(flavour), promised_ipv6(flavour))
    assert right.is_right
    assert "as promised" in line(right)
    wrong = Verdict(flavour, Behaviour(mapping="APDM"), promised_ipv6(flavour))
    assert not wrong.is_right
    assert "WRONG" in line(wrong)
    assert not Verdict(flavour, promised(flavour), Behaviour()).is_right


@pytest.mark.lab
@needs("lab", "coturn")
def test_the_probe_finds_what_each_flavour_promises() -> None:
    verdicts = list(verify())
    assert [verdict.flavour.name for verdict in verdicts] == list(FLAVOURS)
    wrong = [line(verdict) for verdict in verdicts if not verdict.is_right]
    assert not wrong, wrong
