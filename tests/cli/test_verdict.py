"""RFC 8839 §4.2.5, §4.4: each conclusion has the description that leads to it."""

from __future__ import annotations

import pytest

import sdp
from sipice.cli.facts import stream_facts
from sipice.cli.verdict import conclusions, successions

HEAD = "v=0\no=a 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"
PWD = "0123456789012345678901"
ICE = f"a=ice-ufrag:abcd\na=ice-pwd:{PWD}\n"
ICE2 = f"a=ice-options:ice2\n{ICE}"
AUDIO = "m=audio 5000 RTP/AVP 0\n"
MUX = "a=rtcp-mux\n"
HOST = "a=candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host\n"
RTCP = "a=candidate:1 2 UDP 2130706430 192.0.2.1 5001 typ host\n"


def described(text: str, *, fragment: bool = False) -> sdp.SessionDescription:
    data = text.encode("ascii")
    return sdp.parse_fragment(data) if fragment else sdp.parse(data)


def said(text: str, stream: int = 0, offer: str | None = None) -> str:
    description = described(text)
    facts = stream_facts(description, stream)
    return "\n".join(conclusions(description, facts, described(offer) if offer else None))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD + ICE2 + AUDIO + MUX + HOST, "ICE is on: the sender follows RFC 8445"),
        (HEAD + ICE + AUDIO + MUX + HOST, "taken for an RFC 5245 agent (no option ice2)"),
        (HEAD + ICE2 + AUDIO + MUX + HOST, "No trickle: the candidate list is complete."),
        (HEAD + AUDIO, "No ICE: there is no ice-ufrag and no ice-pwd."),
        (HEAD + AUDIO + HOST, "Its 1 candidate line will be ignored."),
        (HEAD + "a=ice-ufrag:abcd\n" + AUDIO, "an ice-ufrag but no ice-pwd"),
        (HEAD + f"a=ice-pwd:{PWD}\n" + AUDIO, "an ice-pwd but no ice-ufrag"),
        (HEAD + f"a=ice-ufrag:\na=ice-pwd:{PWD}\n" + AUDIO, "ice-ufrag or ice-pwd is empty"),
        (HEAD + AUDIO, "straight to 192.0.2.1:5000 (RTP) and 192.0.2.1:5001 (RTCP)"),
        (HEAD + AUDIO.replace("5000", "9"), "192.0.2.1:9 is a placeholder"),
        (HEAD.replace("c=IN IP4 192.0.2.1\n", "") + AUDIO, "there is no c= line"),
        (HEAD + AUDIO + "a=ice-mismatch\n", "a=ice-mismatch says that the offer arrived"),
        (HEAD + ICE + AUDIO.replace("5000", "6000") + HOST, "192.0.2.1:6000 (RTP) is not a candi"),
        (HEAD + ICE + AUDIO + HOST, "RTCP has no candidate and is not muxed"),
        (HEAD + "a=ice-lite\n" + ICE + AUDIO + MUX + HOST, "The sender is lite"),
        (HEAD + "a=ice-options:trickle\n" + ICE + AUDIO + HOST, "more candidates may follow"),
        (
            HEAD + "a=ice-options:trickle\na=end-of-candidates\n" + ICE + AUDIO + HOST,
            "all candidates are here",
        ),
        (HEAD + "a=ice-options:trickle\n" + ICE + AUDIO, "when one is trickled"),
        (HEAD + ICE + AUDIO, "only be reached after its own checks"),
        (HEAD + ICE + AUDIO + HOST + HOST.replace("5000", "0"), "1 candidate can be used, 1 will"),
        (HEAD + ICE + AUDIO.replace("5000", "9") + HOST, "a peer without ICE cannot send to it"),
        (HEAD + AUDIO.replace("5000", "0"), "Port 0: the stream is not offered"),
        (HEAD + AUDIO.replace("5000", "x"), "no readable port"),
    ],
)
def test_a_description_leads_to_a_conclusion(text: str, sentence: str) -> None:
    assert sentence in said(text)


def test_nothing_is_said_of_rtcp_where_it_has_candidates_or_is_muxed() -> None:
    assert "RTCP" not in said(HEAD + ICE + AUDIO + HOST + RTCP)
    assert "RTCP" not in said(HEAD + ICE + AUDIO + MUX + HOST)


def test_a_bundled_stream_points_to_its_group() -> None:
    text = (
        f"{HEAD}a=group:BUNDLE a b\n{AUDIO}a=mid:a\n{ICE}{HOST}"
        "m=video 0 RTP/AVP 96\na=bundle-only\na=mid:b\n"
    )
    assert "are those of stream 0" in said(text, 1)


@pytest.mark.parametrize(
    ("offer", "answer", "sentence"),
    [
        (HEAD + ICE + AUDIO, HEAD + AUDIO, "this answer turns it off"),
        (HEAD + AUDIO, HEAD + ICE + AUDIO, "The offer had no ICE"),
        (HEAD + ICE + AUDIO, HEAD + ICE + AUDIO, "the offerer controls"),
        (HEAD + "a=ice-lite\n" + ICE + AUDIO, HEAD + ICE + AUDIO, "the answerer controls"),
        (
            HEAD + "a=ice-lite\n" + ICE + AUDIO,
            HEAD + "a=ice-lite\n" + ICE + AUDIO,
            "Both sides are lite",
        ),
        (HEAD, HEAD + AUDIO, "The offer has no such stream"),
        (HEAD + AUDIO, HEAD + AUDIO.replace("5000", "0"), "the answer rejects this stream"),
    ],
)
def test_an_answer_is_read_against_its_offer(offer: str, answer: str, sentence: str) -> None:
    assert sentence in said(answer, offer=offer)


NEW = ICE.replace("abcd", "efgh").replace("0123", "3210")


@pytest.mark.parametrize(
    ("earlier", "later", "sentence"),
    [
        (HEAD + ICE + AUDIO, HEAD + ICE + AUDIO, "no ICE restart"),
        (HEAD + ICE + AUDIO, HEAD + NEW + AUDIO, "ICE restart: the ufrag was abcd and is efgh."),
        (HEAD + ICE + AUDIO, HEAD + ICE.replace("0123", "3210") + AUDIO, "the ufrag stayed"),
        (HEAD + ICE + AUDIO, HEAD + ICE.replace("abcd", "efgh") + AUDIO, "the password stayed"),
        (HEAD + ICE + AUDIO, HEAD + AUDIO, "ICE was on before and is off now."),
        (HEAD + AUDIO, HEAD + ICE + AUDIO, "ICE was off before and is on now"),
        (HEAD + ICE + AUDIO, HEAD + ICE2 + AUDIO, "ice-options changed without an ICE restart"),
        (
            HEAD + AUDIO,
            HEAD + AUDIO.replace("5000", "6000"),
            "moved from 192.0.2.1:5000 to 192.0.2.1:6000",
        ),
        (HEAD + AUDIO, HEAD + AUDIO + "a=sendonly\n", "changed from sendrecv to sendonly"),
        (HEAD, HEAD + AUDIO, "New in this description."),
    ],
)
def test_what_changed_since_the_description_before(earlier: str, later: str, sentence: str) -> None:
    assert sentence in "\n".join(successions(described(earlier), described(later), 0))


def test_nothing_is_said_where_nothing_changed() -> None:
    assert successions(described(HEAD + AUDIO), described(HEAD + AUDIO), 0) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (ICE + AUDIO + "a=mid:1\n" + HOST, "generation of ufrag abcd"),
        (ICE + AUDIO + "a=mid:1\n" + HOST, "1 candidate so far"),
        (ICE + AUDIO + "a=mid:1\n", "More candidates may follow."),
        (ICE + AUDIO + "a=mid:1\na=end-of-candidates\n", "No more candidates follow."),
        (ICE + AUDIO + HOST, "Without a=mid"),
        (AUDIO + "a=mid:1\n", "belongs to no generation"),
    ],
)
def test_a_fragment_leads_to_a_conclusion(text: str, sentence: str) -> None:
    fragment = described(text, fragment=True)
    assert sentence in "\n".join(conclusions(fragment, stream_facts(fragment, 0)))
