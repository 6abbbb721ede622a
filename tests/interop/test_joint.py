"""A bare agent and a peer with SDP understand each other."""

from __future__ import annotations

import pytest

import sdp
from tests.interop.joint import ice_of, sdp_of
from tests.interop.peers import Kind
from tests.traces.corpus import own_traces

ICE = {
    "ufrag": "abcd",
    "pwd": "a" * 22,
    "candidates": [
        "1 1 udp 2130706431 192.0.2.1 5000 typ host",
        "2 1 udp 1694498815 203.0.113.1 6000 typ srflx raddr 192.0.2.1 rport 5000",
        "3 1 tcp 1000 192.0.2.1 9 typ host tcptype active",
    ],
    "lite": False,
}
"""Of a bare agent."""


@pytest.mark.parametrize("kind", [Kind.WEB, Kind.PHONE])
@pytest.mark.parametrize("media", ["audio", "data"])
def test_what_is_written_reads_as_it_was(kind: Kind, media: str) -> None:
    offer = sdp_of(ICE, kind, media)
    assert ice_of(offer) == ICE
    answer = sdp_of(ICE, kind, media, offer)
    assert ice_of(answer) == ICE
    read = sdp.parse(answer.encode())
    assert read.media[0].type == sdp.parse(offer.encode()).media[0].type
    assert sdp.effective.mismatch(read, 0) == ()
    assert bool(read.media[0].fingerprints) is (kind is Kind.WEB)


def test_a_lite_agent_is_named_so() -> None:
    assert ice_of(sdp_of(ICE | {"lite": True}, Kind.WEB, "data"))["lite"] is True


def test_recorded_offers_of_whole_endpoints_can_be_answered() -> None:
    offers = [
        trace.data.decode()
        for trace in own_traces()
        if trace.name.startswith("recorded/chromium-") and trace.name.endswith("offer.sdp")
    ]
    assert len(offers) > 3
    for offer in offers:
        answer = sdp.parse(sdp_of(ICE, Kind.WEB, "audio", offer).encode())
        first = sdp.parse(offer.encode()).media[0]
        assert answer.media[0].mid == first.mid
        assert answer.media[0].formats[0] == first.formats[0]


def test_a_description_without_credentials_is_refused() -> None:
    with pytest.raises(ValueError, match="no ICE credentials"):
        ice_of("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n")
