from __future__ import annotations

from typing import cast

import pytest

from sipice.net import Address
from sipice.plugins.leg import Habits, Leg, media_of
from sipice.session import Controller, Rejected

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{media}"
)  # fmt: skip
RTP, RTCP = Address.parse("127.0.0.1", 4_000), Address.parse("127.0.0.1", 4_001)


def sdp(media: str) -> bytes:
    return SDP.format(media=media).encode()


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ("m=audio 4000 RTP/AVP 0\r\n", [(RTP, RTCP)]),
        ("m=audio 4000 RTP/AVP 0\r\na=rtcp:4001\r\n", [(RTP, RTCP)]),
        ("m=audio 4000 RTP/AVP 0\r\nb=RS:0\r\nb=RR:0\r\n", [(RTP, None)]),
        ("m=image 4000 udptl t38\r\n", [(RTP, None)]),
        ("m=audio 0 RTP/AVP 0\r\n", [(None, None)]),
        ("m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", [(None, None)]),
        ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 name.example\r\n", [(None, None)]),
        ("", []),
    ],
)
def test_where_a_stack_listens(media: str, expected: list[tuple[Address | None, ...]]) -> None:
    assert media_of(sdp(media)) == expected


class Noting:
    """Any verb of a controller, noted with its arguments."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, verb: str) -> object:
        def call(*arguments: object, **named: object) -> Rejected:
            self.calls.append(verb)
            return Rejected(488, "", None, verb)

        return call


def test_each_verb_is_handed_on_and_told() -> None:
    controller, touched = Noting(), list[int]()
    leg = Leg(cast("Controller", controller), lambda: touched.append(1))
    text = sdp("m=audio 4000 RTP/AVP 0\r\n")
    refusals = [
        leg.begin_offer(0.0, "", text),
        leg.begin_answer(0.0, "a", text),
        leg.receive_offer(0.0, "a", text),
        leg.receive_answer(0.0, "a", text),
        leg.receive_fragment(0.0, "a", b""),
    ]
    leg.offer_failed(0.0, "a", 488)
    leg.set_trickle(0.0, "a", True)
    leg.confirm(0.0, "a")
    leg.end(0.0, "a")
    leg.close(0.0)
    assert [one.reason for one in refusals if one] == controller.calls[:5]
    assert len(touched) == len(controller.calls) == 10
    assert leg.stack_media == [(RTP, RTCP)]


def test_the_confirmed_dialog_counts_before_it_the_last_one_heard_of() -> None:
    leg = Leg(cast("Controller", Noting()), lambda: None)
    text = sdp("m=audio 4000 RTP/AVP 0\r\n")
    leg.begin_offer(0.0, "", text)
    assert leg.active == ""
    for dialog in ("one", "two"):
        leg.receive_answer(0.0, dialog, text, final=False)
        assert leg.active == dialog
    leg.confirm(0.0, "one")
    leg.receive_answer(0.0, "two", text)
    assert leg.active == "one"


def test_a_stack_that_has_named_only_ipv6_speaks_it() -> None:
    leg = Leg(cast("Controller", Noting()), lambda: None)
    text = sdp("m=audio 4000 RTP/AVP 0\r\n")
    seen = [leg.speaks_ipv6]
    for one in (text.replace(b"IP4 127.0.0.1", b"IP6 ::1"), text):
        leg.begin_offer(0.0, "", one)
        seen.append(leg.speaks_ipv6)
    assert seen == [False, True, False]


def test_a_stack_is_expected_to_speak_as_it_did_before_or_as_its_sip_comes() -> None:
    habits, text = Habits(), sdp("m=audio 4000 RTP/AVP 0\r\n")

    def speaks() -> bool:
        return Leg(cast("Controller", Noting()), lambda: None, habits).speaks_ipv6

    assert not speaks()
    for host, expected in (
        ("::ffff:192.0.2.1", False),
        ("192.0.2.1", False),
        ("2001:db8::1", True),
    ):
        habits.note_sip(Address.parse(host, 5_060))
        assert speaks() is expected
    for described, expected in (
        (text, False),
        (text.replace(b"IP4 127.0.0.1", b"IP6 ::1"), True),
        (text.replace(b"4000", b"0"), True),
    ):
        Leg(cast("Controller", Noting()), lambda: None, habits).begin_answer(0.0, "", described)
        assert speaks() is expected
