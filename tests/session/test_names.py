"""Candidates with ``.local`` names."""

from __future__ import annotations

import pytest

from sipice.net import Address, CancelResolve, QueryKind, Resolve
from sipice.session import SessionConfig, Trickle
from sipice.session.names import MAX_NAMES
from tests.marks import rfc
from tests.session.solo import Solo, own_section, own_text, peer_text, section

NAME = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local"
OWN = own_text(own_section())


def text(*names: str) -> bytes:
    lines = [
        f"a=candidate:{number} 1 udp 2122262783 {name} 54596 typ host"
        for number, name in enumerate(names, 1)
    ]
    return peer_text(section(9, "c=IN IP4 0.0.0.0", *lines, ice=False))


def call(*names: str, mdns: bool = True) -> Solo:
    solo = Solo(SessionConfig(trickle=Trickle.OFF, mdns=mdns))
    solo.offered(text(*names))
    solo.answer(OWN)
    return solo


def asked(solo: Solo) -> list[str]:
    return [command.name for command in solo.commands if isinstance(command, Resolve)]


def pairs(solo: Solo) -> set[str]:
    agent = solo.controller._leg.dialogs["peer"].agent
    return {pair.to.host for pair in agent._state.streams[0].current.checklist}


@rfc("mdns", "Processing", "rule", "mdns-recv-1")
def test_names_are_resolved_if_that_is_wanted() -> None:
    assert asked(call(NAME, mdns=False)) == []
    solo = call(NAME)
    assert asked(solo) == [NAME]
    query = Resolve(QueryKind.MDNS, NAME)
    solo.controller.name_resolved(solo.now, query, [Address.parse("198.51.100.9", 0)])
    assert pairs(solo) == {"198.51.100.9"}


@rfc("mdns", "Processing", "SHOULD", "mdns-recv-2")
@pytest.mark.parametrize("name", ["printer.local", "a.b.local", "host.example", NAME + "x"])
def test_other_names_are_ignored(name: str) -> None:
    assert asked(call(name)) == []


@rfc("mdns", "Processing", "SHOULD", "mdns-recv-2")
@pytest.mark.parametrize("count", [0, 2])
def test_names_without_an_address_or_with_several_are_ignored(count: int) -> None:
    solo = call(NAME)
    addresses = [Address.parse(f"198.51.100.{n}", 0) for n in range(count)]
    query = Resolve(QueryKind.MDNS, NAME)
    if addresses:
        solo.controller.name_resolved(solo.now, query, addresses)
    else:
        solo.controller.name_failed(solo.now, query, "no answer")
    assert pairs(solo) == set()


def test_one_name_is_asked_once_and_a_peer_cannot_ask_for_many() -> None:
    names = [NAME.replace("1f4712db", f"{n:08x}") for n in range(MAX_NAMES + 20)]
    solo = call(*names, *names)
    assert len(asked(solo)) == MAX_NAMES


def test_the_end_of_the_call_cancels_what_was_asked() -> None:
    solo = call(NAME)
    solo.controller.close(solo.now)
    solo.take()
    assert CancelResolve(Resolve(QueryKind.MDNS, NAME)) in solo.commands
    solo.controller.name_failed(solo.now, Resolve(QueryKind.MDNS, NAME), "no answer")
