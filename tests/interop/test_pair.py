"""Drivers of foreign engines find each other over the loopback interface, without root."""

from __future__ import annotations

import asyncio

import pytest

from tests.capabilities import needs, require
from tests.interop.pair import Outcome, Side, parted, run
from tests.interop.peers import PEERS, is_public, peer_of

require("checkout")

HERE = ("--address", "127.0.0.1")


def between(offerer: str, answerer: str, *options: str, seconds: float = 20) -> Outcome:
    one = Side(peer=offerer, options=(*HERE, *options))
    two = Side(peer=answerer, options=(*HERE, *options))
    return asyncio.run(run(one, two, seconds=seconds))


@needs("aioice", "libnice")
@pytest.mark.parametrize(
    ("offerer", "answerer"), [("aioice", "nice"), ("nice", "aioice"), ("nice:aggr", "nice:consent")]
)
def test_two_engines_nominate_a_pair_and_exchange_data(offerer: str, answerer: str) -> None:
    outcome = between(offerer, answerer)
    assert outcome.is_good, outcome.error
    assert outcome.path == ("host", "host")
    assert outcome.nominated is not None
    assert outcome.data is not None
    assert 0 < outcome.nominated <= outcome.data
    assert [event["ev"] for event in outcome.events[0]][:2] == ["local", "known"] or (
        outcome.events[0][0]["ev"] == "state"
    )


@needs("aioice", "libnice")
@pytest.mark.parametrize("other", ["sipice", "aioice", "nice", "nice:aggr", "nice:lite"])
@pytest.mark.parametrize("is_offerer", [True, False])
def test_ours_connects_with_every_other_in_both_roles(other: str, is_offerer: bool) -> None:
    outcome = between(*(("sipice", other) if is_offerer else (other, "sipice")))
    assert outcome.is_good, outcome.error
    assert outcome.path == ("host", "host")


@pytest.mark.parametrize("mode", ["lite", "pace20"])
def test_ours_has_modes_of_its_own(mode: str) -> None:
    outcome = between(f"sipice:{mode}", "sipice")
    assert outcome.is_good, outcome.error
    assert outcome.descriptions is not None
    told = outcome.descriptions[0]["ice"]
    assert (told["lite"], told["pacing"]) == {"lite": (True, None), "pace20": (False, 20)}[mode]


@needs("aioice")
def test_each_line_a_driver_prints_has_the_time_of_one_clock() -> None:
    outcome = between("aioice", "aioice")
    for events in outcome.events:
        times = [event["t"] for event in events]
        assert times == sorted(times)
        assert {"local", "known", "nominated", "media", "data"} <= {one["ev"] for one in events}


@needs("aioice")
def test_a_driver_that_ends_is_told_with_what_it_said() -> None:
    outcome = between("aioice", "aioice", "--family", "5")
    assert not outcome.is_good
    assert "aioice as offerer: ended before local" in outcome.error
    assert "invalid choice: '5'" in outcome.error


def test_a_mode_is_a_word_behind_a_colon() -> None:
    assert peer_of("nice:aggr") == (PEERS["nice"], "aggr")
    assert peer_of("aioice") == (PEERS["aioice"], "")
    with pytest.raises(KeyError):
        peer_of("nobody")


def test_candidates_can_be_kept_back_from_an_offer() -> None:
    text = "v=0\r\na=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\na=ice-ufrag:abcd\r\n"
    assert parted(text) == (
        "v=0\r\na=ice-ufrag:abcd\r\n",
        ["1 1 udp 1 192.0.2.1 5 typ host"],
    )


def test_a_lite_peer_needs_a_public_address() -> None:
    assert is_public("nice:lite")
    assert is_public("rtpengine")
    assert not is_public("nice:aggr")
