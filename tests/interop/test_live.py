"""D4.1, D4.9: real phones with ICE and our plugin call each other, and each hears the other's tone.

Most calls are between two hosts behind one NAT that knows no hairpins: each side's default is what
the STUN server saw, which nobody there can reach, and the pair of host candidates is nominated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.capabilities import needs, require

require("cli", "aiosip", "aiosipua")

from sdp import effective
from sdp.attributes import Direction
from sipice.cli.demo.voice import TONES
from tests.interop.live import Call, Exchange, call, candidates, defaults, host, remote_candidates
from tests.interop.pair import Driver
from tests.lab.lab import Lab

pytestmark = [pytest.mark.lab, needs("lab", "coturn", "tcpdump", "checkout")]

OUR_TONE, THEIR_TONE = TONES
LONG_ENOUGH = 1.0
"""Seconds of a tone; baresip waits for 2.3 s before it nominates."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab({"a": "port", "s": "sym"}, ipv6="off", neighbours=True) as made:
        yield made


def neighbours(lab: Lab, phone: str, stack: str, *options: str, we_call: bool) -> Call:
    us, them = host(lab, "a"), host(lab, "a3")
    made = call(lab, us, them, phone, we_call=we_call, stack=stack, options=options)
    return asyncio.run(made)


def check_media(found: Call) -> None:
    """Both have a pair, both hear the other's tone, and both send to the other half of the pair."""
    ours, theirs = found.pairs[0]
    assert found.said("nominated")
    assert not found.ours["plain"]
    assert {target for source, target in found.media if source == theirs} == {ours}
    assert {target for source, target in found.media if source == ours} == {theirs}
    heard = found.said("heard")
    assert heard is not None
    assert (found.ours["tone"], heard["tone"]) == (THEIR_TONE, OUR_TONE)
    assert min(found.ours["seconds"], heard["seconds"]) >= LONG_ENOUGH


PHONES = [
    pytest.param(phone, stack, marks=needs(phone), id=f"{phone}-{stack}")
    for phone in ("linphone", "pjsua2", "baresip")
    for stack in ("aiosipua", "aiosip")
]
EACH = pytest.mark.parametrize(("phone", "stack"), PHONES)
OUR_METHOD = {"linphone": "UPDATE", "pjsua2": "UPDATE", "baresip": "INVITE"}
"""By which we offer again: UPDATE where the phone's Allow names it."""


@EACH
def test_a_phone_that_we_call_is_told_of_the_nominated_pair(
    lab: Lab, phone: str, stack: str
) -> None:
    found = neighbours(lab, phone, stack, we_call=True)
    check_media(found)
    assert found.types == ("HOST", "HOST")
    assert found.ours["owed"] == ["NOMINATED"]
    [update] = found.updates
    assert update.is_ours
    assert update.request.method == OUR_METHOD[phone]
    ours, theirs = ([pair[side] for pair in found.pairs] for side in (0, 1))
    assert defaults(update.offer, len(ours)) == candidates(update.offer) == ours
    assert remote_candidates(update.offer) == theirs
    assert update.answer is not None
    assert defaults(update.answer, len(theirs)) == theirs


@EACH
def test_a_phone_that_calls_us_is_answered_with_the_pair_that_it_has_nominated(
    lab: Lab, phone: str, stack: str
) -> None:
    found = neighbours(lab, phone, stack, we_call=False)
    check_media(found)
    assert found.types == ("HOST", "HOST")
    assert found.ours["owed"] == []
    [update] = found.updates
    assert not update.is_ours
    assert update.request.method == their_method(phone, stack)
    concluded = update.request.header("Subject") == "ICE processing concluded"
    assert concluded is (phone == "linphone")
    ours, theirs = ([pair[side] for pair in found.pairs] for side in (0, 1))
    assert defaults(update.offer, len(theirs)) == theirs
    assert set(remote_candidates(update.offer)) >= set(ours)
    assert update.answer is not None
    assert defaults(update.answer, len(ours)) == candidates(update.answer) == ours
    assert remote_candidates(update.answer) == []


def their_method(phone: str, stack: str) -> str:
    """pjsua2 takes UPDATE where our stack allows it, which aiosipua does not."""
    return "UPDATE" if (phone, stack) == ("pjsua2", "aiosip") else "INVITE"


@pytest.mark.parametrize(
    "phone", [pytest.param(one, marks=needs(one)) for one in ("linphone", "pjsua2", "baresip")]
)
def test_a_phone_switches_by_itself_and_its_description_stays_wrong_if_it_is_not_told(
    lab: Lab, phone: str
) -> None:
    """What the updated offer is good for: boxes on the path, and whoever reads the SDP later."""
    found = neighbours(lab, phone, "aiosipua", "--silent", we_call=True)
    check_media(found)
    assert found.ours["owed"] == ["NOMINATED"]
    assert found.updates == []
    [first] = found.exchanges
    assert first.answer is not None
    ours, theirs = found.pairs[0]
    assert defaults(first.offer, 1) != [ours]
    assert defaults(first.answer, 1) != [theirs]


@pytest.mark.parametrize(
    "phone", [pytest.param(one, marks=needs(one)) for one in ("linphone", "pjsua2")]
)
def test_a_phone_follows_us_through_a_symmetric_nat(lab: Lab, phone: str) -> None:
    """What it is told as ours in the updated offer is a candidate that it has found itself.

    baresip 1.0 checks no peer-reflexive candidate: it gives up after 4.6 s and sends nothing.
    """
    found = asyncio.run(call(lab, host(lab, "s"), host(lab, "p"), phone, we_call=True))
    check_media(found)
    assert found.types == ("PEER_REFLEXIVE", "HOST")
    [update] = found.updates
    assert update.is_ours
    ours, _ = found.pairs[0]
    assert ours[0] == lab.sites["s"].wan
    assert defaults(update.offer, 1) == [ours]


@needs("pjsua2")
@pytest.mark.parametrize("mode", ["half", "full"])
@pytest.mark.parametrize("we_call", [True, False])
def test_pjsua2_trickles(lab: Lab, mode: str, we_call: bool) -> None:
    found = neighbours(lab, f"pjsua2:{mode}", "aiosipua", we_call=we_call)
    check_media(found)
    assert found.types == ("HOST", "HOST")
    assert found.fragments > 0
    assert [update.is_ours for update in found.updates] == [we_call]


RESTARTS = [
    pytest.param(
        phone, we_call, marks=needs(phone), id=f"{phone}-{'called' if we_call else 'calls'}"
    )
    for phone, we_call in (
        *(("linphone", True), ("linphone", False), ("pjsua2", True), ("pjsua2", False)),
        ("baresip", True),
    )
]


@pytest.mark.parametrize(("phone", "we_call"), RESTARTS)
def test_ice_restarts_in_a_call_and_the_controlling_side_tells_of_the_new_pair(
    lab: Lab, phone: str, we_call: bool
) -> None:
    """linphone and pjsua2 answer as the controlled side, even in calls of theirs: RFC 5245 §5.2.

    We keep our role (RFC 8445 §6.1.1), so that tie-breakers decide who nominates there. baresip 1.0
    knows no restart: it keeps its credentials, and in a call of its own nominates no more.
    """
    found = neighbours(lab, phone, "aiosipua", "--restart", we_call=we_call)
    check_media(found)
    assert found.ours["seconds"] >= 5.0, "media goes on meanwhile"
    assert found.ours["owed"].count("REQUESTED") == 1
    we_nominate = found.ours["owed"][-1] == "NOMINATED"
    assert we_nominate or not we_call
    assert [update.is_ours for update in found.updates] == [we_call, True, we_nominate]
    before, again = (found.exchanges[number].both for number in (0, 2))
    restarted = [effective.is_restart(*pair, 0) for pair in zip(before, again, strict=True)]
    assert restarted == [True, phone != "baresip"]


def direction(exchange: Exchange) -> tuple[Direction, Direction]:
    """Of an offer and its answer."""
    assert exchange.answer is not None
    return effective.direction(exchange.offer, 0), effective.direction(exchange.answer, 0)


async def hold_and_resume(phone: Driver) -> None:
    await phone.expect("nominated")
    await asyncio.sleep(1.0)  # its updated offer goes first
    for order in ("hold", "resume"):
        await asyncio.sleep(1.0)
        phone.order(order)


@EACH
def test_a_phone_that_holds_us_and_resumes_finds_the_same_pair(
    lab: Lab, phone: str, stack: str
) -> None:
    us, them, talks = host(lab, "a"), host(lab, "a3"), ("--seconds", "8")
    found = asyncio.run(
        call(lab, us, them, phone, we_call=False, stack=stack, options=talks, act=hold_and_resume)
    )
    check_media(found)
    *_, hold, resume = found.updates
    assert [direction(hold), direction(resume)] == [
        (Direction.SENDONLY, Direction.RECVONLY),
        (Direction.SENDRECV,) * 2,
    ]
    ours = [pair[0] for pair in found.pairs]
    for update in found.updates:
        assert update.answer is not None
        assert candidates(update.answer) == ours
    assert found.ours["owed"] == []
