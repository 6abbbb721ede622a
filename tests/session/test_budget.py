"""Descriptions that must be smaller (docs, D4.5): what goes first, and what never goes."""

from __future__ import annotations

import pytest

from sipice.session import SessionConfig, Trickle
from sipice.session.events import DescriptionReady
from tests.session.solo import Solo, own_section, own_text, parsed

HOSTS = ("192.0.2.10", "192.0.2.11", "172.17.0.1", "2001:db8::1", "2001:db8::2")
OWN = own_text(own_section(7000, "a=rtcp-mux"))


def kept(budget: int | None) -> tuple[set[tuple[str, int]], int, tuple[str, ...]]:
    """Addresses and components that an offer of that size names, its size, and the notes."""
    solo = Solo(SessionConfig(trickle=Trickle.OFF), hosts=HOSTS)
    text = solo.offer(OWN, "", budget=budget)
    found = {(one.address, one.component) for one in parsed(text).media[0].candidates}
    return found, len(text), solo.all(DescriptionReady)[-1].notes


def test_all_stay_where_nothing_is_asked_or_enough_is_allowed() -> None:
    everything = {(host, component) for host in HOSTS for component in (1, 2)}
    assert kept(None)[0] == everything
    assert kept(5000)[0] == everything


@pytest.mark.parametrize(
    ("below", "gone"),
    [
        (0, {"172.17.0.1"}),
        (1, {"172.17.0.1", "192.0.2.11", "2001:db8::2"}),
    ],
)
def test_hosts_of_containers_go_first_then_redundant_ones(below: int, gone: set[str]) -> None:
    sizes = [kept(None)[1]]
    sizes.append(kept(sizes[0] - 1)[1])
    found, size, notes = kept(sizes[below] - 1)
    assert {host for host, _ in found} == set(HOSTS) - gone
    assert size < sizes[below]
    assert notes == ()


def test_the_component_of_rtcp_goes_next_and_the_default_never() -> None:
    found, size, notes = kept(420)
    assert found == {("192.0.2.10", 1), ("2001:db8::1", 1)}
    found, size, notes = kept(10)
    assert ("192.0.2.10", 1) in found
    assert str(size) in notes[0]
    assert "TCP" in notes[0]


def test_without_mux_rtcp_keeps_its_component() -> None:
    solo = Solo(SessionConfig(trickle=Trickle.OFF), hosts=HOSTS)
    text = solo.offer(own_text(own_section()), "", budget=10)
    assert {one.component for one in parsed(text).media[0].candidates} == {1, 2}


def test_what_was_left_out_is_trickled_to_who_can_take_it() -> None:
    solo = Solo(SessionConfig(), hosts=HOSTS)
    solo.offer(own_text(own_section(7000, "a=rtcp-mux")), "", budget=10)
    from tests.session.solo import peer_text, section

    answer = peer_text(section(6000, "a=mid:0", "a=rtcp-mux"), options="ice2 trickle")
    solo.answered(answer)
    body = solo.controller.fragment(solo.now, "peer")
    assert b"172.17.0.1" in body
    assert b"192.0.2.11" in body
