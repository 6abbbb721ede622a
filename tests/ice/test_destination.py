from __future__ import annotations

import pytest

from sipice.ice import AddressFilter, AgentConfig, Network, Role
from sipice.ice.destination import is_candidate_address
from sipice.net import Address
from tests.ice.harness import Puppet, Side, address, advance, remote
from tests.marks import rfc

NEVER = [
    "0.0.0.0:5000",
    "0.1.2.3:5000",
    "127.0.0.1:5000",
    "127.9.9.9:5000",
    "224.0.0.1:5000",
    "255.255.255.255:5000",
    "[::]:5000",
    "[::1]:5000",
    "[ff02::1]:5000",
    "[::ffff:127.0.0.1]:5000",
    "[::ffff:224.0.0.1]:5000",
    "10.0.0.1:0",
]


@pytest.mark.parametrize("text", NEVER)
def test_nothing_is_sent_to_such_addresses_of_a_peer(text: str) -> None:
    assert not AddressFilter().permits(address(text))


@pytest.mark.parametrize(
    "text", ["10.0.0.1:5000", "192.168.1.1:9", "8.8.8.8:1", "[2001:db8::1]:5000", "[fe80::1]:5"]
)
def test_ordinary_addresses_pass(text: str) -> None:
    assert AddressFilter().permits(address(text))


def test_loopback_passes_when_allowed() -> None:
    for text in ("127.0.0.1:5000", "[::1]:5000"):
        assert AddressFilter().permits(address(text), allow_loopback=True)


def test_lists_of_networks_deny_and_allow() -> None:
    lists = AddressFilter(
        deny=(Network.parse("10.0.0.0/8"), Network.parse("2001:db8::/32")),
        allow=(Network.parse("10.1.0.0/16"), Network.parse("127.0.0.1")),
    )
    expected = {
        "10.0.0.1:1": False,
        "10.1.0.1:1": True,
        "127.0.0.1:1": True,
        "127.0.0.2:1": False,
        "[2001:db8::1]:1": False,
        "[2001:db9::1]:1": True,
    }
    assert {text: lists.permits(address(text)) for text in expected} == expected


@pytest.mark.parametrize("text", ["10.0.0.0/33", "x/8", "10.0.0.0/-1"])
def test_an_impossible_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|prefix"):
        Network.parse(text)


def test_an_address_of_a_wrong_size_passes_nowhere() -> None:
    assert not AddressFilter().permits(Address(b"123", 5))


@rfc("8445", "5.1.1.1", "MUST NOT", "8445-5.1.1.1-6")
@rfc("8445", "5.1.1.1", "MUST NOT", "8445-5.1.1.1-7")
@rfc("8445", "5.1.1.1", "SHOULD NOT", "8445-5.1.1.1-8")
@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("10.0.0.1:1", True),
        ("[2001:db8::1]:1", True),
        ("[fe80::1]:1", True),
        ("127.0.0.1:1", False),
        ("127.1.2.3:1", False),
        ("[::1]:1", False),
        ("[::10.0.0.1]:1", False),
        ("[::ffff:10.0.0.1]:1", False),
        ("[fec0::1]:1", False),
        ("[ff02::1]:1", False),
        ("0.0.0.0:1", False),
    ],
)
def test_which_addresses_may_be_host_candidates(text: str, fits: bool) -> None:
    assert is_candidate_address(address(text).ip) is fits


def test_no_check_goes_to_a_candidate_that_the_filter_forbids() -> None:
    lists = AddressFilter(deny=(Network.parse("10.9.0.0/16"),))
    side = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"], AgentConfig(destinations=lists))
    candidates = [remote(text) for text in ("127.0.0.1:6000", "10.9.1.1:6000", "10.8.1.1:6000")]
    side.agent.set_remote_description(0.0, 0, Puppet(side, candidates=candidates).description)
    assert {str(sent.to) for sent in advance(side, 2.0)} == {"10.8.1.1:6000"}
    assert side.agent._state.counters.refused_destinations == 2
