"""Peers without ICE that give the name of their host in c=."""

from __future__ import annotations

import pytest

from sipice.ice import AgentConfig
from sipice.net import SILENT, Address, CancelResolve, QueryKind, Resolve
from sipice.session import SessionConfig, StreamFailed, Trickle
from sipice.session.hosts import MOST
from tests.session.solo import Solo, own_section, own_text, peer_text, section

OWN = own_text(own_section())
NAME = "media.example.org"
V4, OTHER, V6 = (
    Address.parse(host, 0) for host in ("198.51.100.9", "198.51.100.10", "2001:db8::9")
)


def plain(c: str = f"IN IP4 {NAME}", *more: str, port: int = 6_000, version: int = 1) -> bytes:
    lines = section(port, f"c={c}", *more, ice=False)
    return peer_text(lines, ufrag=None, version=version)


def query(name: str = NAME) -> Resolve:
    return Resolve(QueryKind.HOST, name)


def asked(solo: Solo) -> list[str]:
    return [command.name for command in solo.commands if isinstance(command, Resolve)]


def goes_to(solo: Solo, component: int = 1, dialog: str = "peer") -> Address | None:
    solo.take()
    table = solo.controller.media(dialog, 0, component)
    return None if table is SILENT or table.send is None else table.send.to


def called(text: bytes, **more: object) -> Solo:
    """We have called the peer, who has answered with this text."""
    solo = Solo(**more)  # type: ignore[arg-type]
    solo.offer(OWN, dialog="")
    solo.answered(text)
    return solo


def test_media_goes_where_the_name_leads() -> None:
    solo = called(plain())
    assert asked(solo) == [NAME]
    assert goes_to(solo) is None
    solo.controller.name_resolved(solo.now, query(), [V6, V4, OTHER])
    assert goes_to(solo) == Address(V4.ip, 6_000)
    assert goes_to(solo, 2) == Address(V4.ip, 6_001)


def test_also_that_of_a_caller_and_before_the_answer_is_final() -> None:
    solo = Solo()
    solo.offered(plain())
    solo.answer(OWN)
    solo.controller.name_resolved(solo.now, query(), [V4])
    assert goes_to(solo) == Address(V4.ip, 6_000)
    early = Solo()
    early.offer(OWN, dialog="")
    early.answered(plain(), final=False)
    early.controller.name_resolved(early.now, query(), [V4])
    assert goes_to(early) == Address(V4.ip, 6_000)
    early.answered(plain())
    assert goes_to(early) == Address(V4.ip, 6_000)
    assert asked(early) == [NAME]


def test_the_family_of_the_line_decides() -> None:
    solo = called(plain(f"IN IP6 {NAME}"), hosts=("192.0.2.10", "2001:db8::10"))
    solo.controller.name_resolved(solo.now, query(), [V4])
    (failure,) = [one for one in solo.take() if isinstance(one, StreamFailed)]
    assert failure == StreamFailed("peer", 0, f"{NAME} has no address of the family that c= says")
    assert goes_to(solo) is None


def test_a_name_that_nobody_knows_is_told_and_may_be_asked_for_again() -> None:
    solo = called(plain())
    solo.controller.name_failed(solo.now, query(), f"{NAME} does not exist (DNS)")
    (failure,) = [one for one in solo.take() if isinstance(one, StreamFailed)]
    assert failure.reason == f"{NAME} does not exist (DNS)"
    solo.offered(plain(version=2, port=6_002))
    solo.answer(OWN)
    assert asked(solo) == [NAME] * 2
    solo.controller.name_resolved(solo.now, query(), [V4])
    assert goes_to(solo) == Address(V4.ip, 6_002)


def test_what_is_known_is_not_asked_for_again() -> None:
    solo = called(plain())
    solo.controller.name_resolved(solo.now, query(), [V4])
    solo.offered(plain(f"IN IP4 {NAME.upper()}", version=2, port=6_002))
    solo.answer(OWN)
    assert asked(solo) == [NAME]
    assert goes_to(solo) == Address(V4.ip, 6_002)


def test_an_answer_that_comes_after_another_description_changes_nothing() -> None:
    solo = called(plain())
    solo.offered(plain("IN IP4 198.51.100.7", version=2))
    solo.answer(OWN)
    solo.controller.name_resolved(solo.now, query(), [V4])
    assert goes_to(solo) == Address.parse("198.51.100.7", 6_000)


def test_a_separate_name_for_rtcp_is_looked_up_too() -> None:
    solo = called(plain("IN IP4 198.51.100.7", "a=rtcp:7001 IN IP4 rtcp.example.org"))
    assert asked(solo) == ["rtcp.example.org"]
    assert goes_to(solo) == Address.parse("198.51.100.7", 6_000)
    solo.controller.name_resolved(solo.now, query("rtcp.example.org"), [V4])
    assert goes_to(solo, 2) == Address(V4.ip, 7_001)


@pytest.mark.parametrize(
    "c",
    [
        "IN IP4 198.51.100.7",
        "IN IP4 0.0.0.0",
        "IN IP6 2001:db8::7",
        "IN IP4 printer.local",
        "IN IP4 printer.local.",
        "IN IP4 a..b",
        "IN IP4 a_$(b)",
        f"IN IP4 {'a' * 64}.example",
        f"IN IP4 {'a.' * 130}b",
        "IN IP4 \u00e4.example",
    ],
)
def test_only_names_of_hosts_are_asked_for(c: str) -> None:
    assert asked(called(plain(c))) == []


def test_a_peer_with_ice_is_found_by_its_candidates() -> None:
    text = peer_text(section(6_000, f"c=IN IP4 {NAME}"))
    assert asked(called(text)) == []


def test_a_name_that_leads_where_nothing_may_be_sent_is_not_followed() -> None:
    solo = called(plain())
    solo.controller.name_resolved(solo.now, query(), [Address.parse("127.0.0.1", 0)])
    assert goes_to(solo) is None
    config = SessionConfig(trickle=Trickle.OFF, agent=AgentConfig(allow_loopback=True))
    solo = called(plain(), config=config)
    solo.controller.name_resolved(solo.now, query(), [Address.parse("127.0.0.1", 0)])
    assert goes_to(solo) == Address.parse("127.0.0.1", 6_000)


def test_a_peer_cannot_ask_for_many_names() -> None:
    solo = called(plain())
    for number in range(3 * MOST):
        solo.offered(plain(f"IN IP4 n{number}.example", version=2 + number))
        solo.answer(OWN)
    cancelled = [one for one in solo.commands if isinstance(one, CancelResolve)]
    assert len(asked(solo)) - len(cancelled) == MOST
    assert cancelled[0] == CancelResolve(query())


def test_the_end_of_the_call_cancels_what_was_asked() -> None:
    solo = called(plain())
    solo.controller.close(solo.now)
    solo.take()
    assert CancelResolve(query()) in solo.commands
    solo.controller.name_resolved(solo.now, query(), [V4])
    solo.controller.name_failed(solo.now, query(), "no answer")
