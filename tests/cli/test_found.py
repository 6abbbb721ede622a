"""Descriptions that belong together are found by their origin."""

from __future__ import annotations

import sdp
from sipice.cli.found import Carrier, Found, linked, read_description


def found(name: str, session: str = "1", **more: object) -> Found:
    text = f"v=0\r\no={name} {session} 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
    return Found(source=name, description=sdp.parse(text.encode()), **more)  # type: ignore[arg-type]


def test_the_same_username_and_session_is_the_same_party() -> None:
    first, other, again, foreign = linked(
        [found("a"), found("b"), found("a"), found("a", session="2")]
    )
    assert first.previous is None
    assert other.previous is None
    assert again.previous is not None
    assert again.previous.description is first.description
    assert foreign.previous is None


def test_only_the_last_description_before_is_kept() -> None:
    *_, third = linked([found("a"), found("a"), found("a")])
    assert third.previous is not None
    assert third.previous.previous is None


def test_in_a_sequence_offers_and_answers_alternate() -> None:
    offer, answer, again = linked([found("a"), found("b"), found("a")])
    assert [one.role for one in (offer, answer, again)] == ["offer", "answer", "offer"]
    assert answer.offer is offer.description
    assert again.offer is None


def test_a_fragment_between_them_changes_nothing() -> None:
    fragment = Found(source="f", description=sdp.parse_fragment(b"a=mid:1\r\n"))
    offer, between, answer = linked([found("a"), fragment, found("b")])
    assert between.role is None
    assert answer.offer is offer.description


def test_an_alternative_that_is_not_preferred_is_nobodys_last_word() -> None:
    carrier = Carrier(name="INVITE", call_id="c", transport="UDP", size=1, preferred=False)
    _, second = linked([found("a", carrier=carrier), found("a")])
    assert second.previous is None


def test_a_title_names_the_message_and_the_call() -> None:
    carrier = Carrier(name="200 INVITE", call_id="c", transport="UDP", size=1)
    assert found("x.sip", carrier=carrier).title == "x.sip: 200 INVITE"
    in_call = Carrier(name="INVITE", call_id="c", transport="UDP", size=1, call=3)
    assert found("x.pcap", carrier=in_call, role="offer").title == "x.pcap: call 3, INVITE (offer)"


def test_what_is_over_a_limit_is_a_sentence() -> None:
    assert read_description(b"a\n" * 70_000) == "70000 lines, allowed are 65536"
    assert isinstance(read_description(b"a=mid:1\n", fragment=True), sdp.Fragment)
