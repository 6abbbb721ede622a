"""Servers that fail and networks that are bad, with real sockets and a real coturn."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.capabilities import needs
from tests.interop.pair import Outcome, Side, run
from tests.lab import coturn
from tests.lab.lab import Lab
from tests.lab.topology import SERVER

pytestmark = [pytest.mark.lab, needs("lab", "coturn", "checkout")]

STUN = ("--stun", f"{SERVER}:{coturn.PORT}")
TURN = ("--turn", f"udp:{SERVER}:{coturn.PORT}")
DEAD = "203.0.113.99"


def session(lab: Lab, options: tuple[str, ...], *, seconds: float = 20) -> Outcome:
    """Two of ours; ``options`` are those of the offerer, the other one has a STUN server."""
    one = Side(peer="sipice", enter=partial(lab.enter, "a"), options=options)
    two = Side(peer="sipice", enter=partial(lab.enter, "b"), options=STUN)
    return asyncio.run(run(one, two, seconds=seconds))


def complaints(outcome: Outcome) -> list[str]:
    """What the offerer was told about its servers while they were needed."""
    events = outcome.events[0]
    end = next(event["t"] for event in events if event["ev"] == "nominated")
    return [event["error"] for event in events if event["ev"] == "server" and event["t"] < end]


def test_a_wrong_password_costs_the_relay_and_is_told_once() -> None:
    with Lab({"a": "port", "b": "port"}, ipv6="off") as lab:
        outcome = session(lab, (*STUN, *TURN, "--password", "wrong"))
    assert outcome.is_good, outcome.error
    assert outcome.path == ("srflx", "srflx")
    [why] = complaints(outcome)
    assert "wrong" not in why
    assert "password" in why or "credentials" in why


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_a_dead_server_costs_its_candidate_only(kind: str) -> None:
    with Lab({"a": "none", "b": "port"}, ipv6="off") as lab:
        outcome = session(lab, (*STUN, "--turn", f"{kind}:{DEAD}:3478"))
    assert outcome.is_good, outcome.error
    assert outcome.path[0] == "host"


@needs("openssl")
def test_a_certificate_of_somebody_else_is_refused(tmp_path: Path) -> None:
    with Lab({"a": "tcp443", "b": "port"}, ipv6="off") as lab:
        # Signed by itself, and by nobody that this machine trusts.
        stranger = coturn.certificate(tmp_path)
        options = ("--turn", f"tls:{SERVER}:{coturn.TLS_PORT}", "--certificate", str(stranger))
        outcome = session(lab, options, seconds=3)
    assert not outcome.is_good
    assert [event["server"] for event in outcome.events[0] if event["ev"] == "server"]


def test_ice_completes_at_600_ms_with_a_third_of_all_packets_lost() -> None:
    """A packet crosses two cables that lose 17 % each."""
    with Lab({"a": "port", "b": "port"}, ipv6="off", rtt_ms=600, loss_percent=17) as lab:
        outcome = session(lab, STUN, seconds=40)
    assert outcome.is_good, outcome.error
    assert outcome.path == ("srflx", "srflx")


def test_with_a_relay_only_no_own_address_is_told_or_used() -> None:
    with Lab({"a": "port", "b": "port"}, ipv6="off") as lab:
        outcome = session(lab, (*STUN, *TURN, "--policy", "relay"))
    assert outcome.is_good, outcome.error
    assert outcome.path[0] == "relay"
    assert outcome.descriptions is not None
    [candidate] = outcome.descriptions[0]["ice"]["candidates"]
    assert "typ relay" in candidate
    assert lab.sites["a"].address not in candidate
    assert lab.sites["a"].wan not in candidate


@pytest.mark.parametrize(("family", "pattern"), [("6", ":"), ("46", ":"), ("4", ".")])
def test_ipv6_is_used_where_both_have_it_and_may(family: str, pattern: str) -> None:
    with Lab({"a": "port", "b": "sym"}) as lab:
        options = ("--family", family, "--turn", f"udp:{SERVER}:{coturn.PORT}")
        one, two = (
            Side(peer="sipice", enter=partial(lab.enter, host), options=options) for host in "ab"
        )
        outcome = asyncio.run(run(one, two, seconds=20))
    assert outcome.is_good, outcome.error
    pair = next(event for event in outcome.events[0] if event["ev"] == "nominated")
    assert pattern in pair["local"].split()[4]
    assert pattern in pair["remote"].split()[4]
