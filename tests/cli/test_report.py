"""A description as a whole: size, warnings, comparisons."""

from __future__ import annotations

import sdp
from sipice.cli.found import Carrier, Found, linked
from sipice.cli.report import report, size_warning

HEAD = b"v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
AUDIO = b"m=audio 5000 RTP/AVP 0\r\n"


def carrier(size: int, transport: str = "UDP") -> Carrier:
    return Carrier(name="INVITE", call_id="c", transport=transport, size=size)


def test_a_message_over_udp_may_have_1300_bytes() -> None:
    assert size_warning(carrier(1300)) is None
    assert "1,301 bytes over UDP" in (size_warning(carrier(1301)) or "")
    assert size_warning(carrier(9000, "TCP")) is None


def test_warnings_name_what_concerns_the_whole_description() -> None:
    found = Found(
        source="x",
        description=sdp.parse(HEAD + b"a=candidate:1 1 UDP 1 192.0.2.1 5 typ host\r\n"),
        carrier=carrier(2000),
    )
    warnings = "\n".join(report(found).warnings)
    assert "2,000 bytes" in warnings
    assert "no m= line" in warnings
    assert "candidates at session level" in warnings


def test_an_answer_needs_as_many_streams_as_its_offer() -> None:
    offer, answer = linked(
        [
            Found(source="o", description=sdp.parse(HEAD + AUDIO + AUDIO)),
            Found(source="a", description=sdp.parse(HEAD + AUDIO)),
        ]
    )
    assert not report(offer).warnings
    assert "the answer has 1 m= lines, the offer has 2" in report(answer).warnings[0]


def test_pacing_tells_whether_it_was_stated() -> None:
    silent = report(Found(source="x", description=sdp.parse(HEAD + AUDIO)))
    assert (silent.pacing, silent.pacing_stated) == (50, False)
    stated = report(Found(source="x", description=sdp.parse(HEAD + b"a=ice-pacing:20\r\n" + AUDIO)))
    assert (stated.pacing, stated.pacing_stated) == (20, True)
