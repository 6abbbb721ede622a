"""RFC 8866: the lines of SDP, tolerated as they come and written as they must be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sdp
from sdp import (
    Candidate,
    Credentials,
    Destination,
    Direction,
    FragmentStream,
    Ice,
    StreamIce,
    build_fragment,
)
from sdp import effective as eff
from sdp.rewrite import put, set_destination, set_origin, strip
from tests.marks import rfc
from tests.sdp.rfc.examples import codes, errors, step
from tests.sdp.strategies import any_text
from tests.sdp.text import HOST, ICE, SESSION, crlf, described

AUDIO = "m=audio 5004 RTP/AVP 0"
OURS = Credentials("8hhY", "asd88fgpdd777uzjYhagZg")


@rfc("8866", "5", "MUST", "8866-5-1")
def test_an_unknown_type_letter_is_an_error_for_who_must_refuse_the_description() -> None:
    assert "SDP012" in errors(described("x=1", AUDIO))
    assert "SDP012" not in codes((AUDIO,))


_names = st.from_regex(r"[a-z][a-z0-9-]{0,14}", fullmatch=True).filter(
    lambda name: not name.startswith(("ice-", "candidate", "remote-", "end-of-", "rtcp"))
)
_values = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=["Cs"]))


@rfc("8866", "5.13", "MUST", "8866-5-2")
@given(st.lists(st.tuples(_names, st.none() | _values), max_size=4))
def test_unknown_attributes_are_ignored_and_left_alone(pairs: list[tuple[str, str | None]]) -> None:
    unknown = [f"a={name}" if value is None else f"a={name}:{value}" for name, value in pairs]
    description = described(*unknown, *ICE, AUDIO, *unknown, HOST)
    assert eff.credentials(description, 0) == OURS
    kept = [line.encode() + b"\r\n" for line in unknown]
    set_destination(description, 0, Destination("198.51.100.1", 30000))
    strip(description)
    put(description, Ice(streams=[StreamIce()], credentials=OURS))
    for section in description.sections:
        assert [line for line in section.lines if line in kept] == kept


@rfc("8866", "5", "SHOULD", "8866-5-3")
@given(st.lists(st.sampled_from((b"\r\n", b"\n")), min_size=8, max_size=8))
def test_bare_lf_is_accepted_and_crlf_is_written(ends: list[bytes]) -> None:
    lines = [line.encode() for line in (*SESSION, *ICE[1:], AUDIO)]
    mixed = b"".join(line + end for line, end in zip(lines, ends, strict=True))
    description = sdp.parse(mixed)
    assert eff.credentials(description, 0) == OURS
    assert description.media[0].port == 5004
    assert description.to_bytes() == mixed
    built = build_fragment([FragmentStream(mid="1")], credentials=OURS).to_bytes()
    assert built.count(b"\n") == built.count(b"\r\n") == 4


@rfc("8866", "5", "MUST", "8866-5-4")
@given(any_text, st.binary(max_size=12).map(lambda value: value.translate(None, b"\r\n\0")))
def test_values_are_octets_and_survive(data: bytes, value: bytes) -> None:
    description = sdp.parse(b"v=0\r\na=x:" + value + b"\r\n" + data)
    read = description.attribute("x")
    assert read is not None
    assert read.encode("utf-8", "surrogateescape") == value.strip()
    assert description.to_bytes() == b"v=0\r\na=x:" + value + b"\r\n" + data


@rfc("8866", "5", "MUST", "8866-5-5")
def test_a_domain_name_with_other_letters_than_ascii_is_a_finding() -> None:
    assert "SDP211" in codes((AUDIO, "c=IN IP4 bücher.example"))
    assert "SDP211" not in codes((AUDIO, "c=IN IP4 xn--bcher-kva.example"))
    with pytest.raises(sdp.SdpError):
        Candidate.parse("1 1 UDP 1 bücher.example 9 typ host").to_bytes()


@rfc("8866", "5.2", "rule", "8866-5.2-1")
def test_the_username_may_be_a_dash_and_the_version_grows() -> None:
    description = described(AUDIO)
    set_origin(description, username="-", version=2)
    assert description.values("o=") == [b"- 1 2 IN IP4 192.0.2.1"]
    before = (AUDIO,)
    assert "SDP701" in step(before, (AUDIO, "a=sendonly")), "changed under the same version"


@rfc("8866", "5.3", "MUST", "8866-5.3-1")
def test_there_is_one_session_name_and_it_is_not_empty() -> None:
    head, tail = SESSION[:2], SESSION[3:]
    assert "SDP104" in codes(sdp.parse(crlf(*head, *tail, AUDIO)))
    assert "SDP105" in codes(sdp.parse(crlf(*head, "s=", *tail, AUDIO)))
    assert "SDP108" in codes(sdp.parse(crlf(*head, "s=-", "s=-", *tail, AUDIO)))
    for name in ("s=-", "s= "):
        found = codes(sdp.parse(crlf(*head, name, *tail, AUDIO)))
        assert not {"SDP104", "SDP105", "SDP108"} & found
    assert sdp.parse(crlf(*head, "s=", *tail)).session_name == "", "peers do it: accepted"


@rfc("8866", "5.7", "MUST", "8866-5.7-1")
def test_each_section_has_a_connection_and_unicast_has_no_slash() -> None:
    head = (*SESSION[:3], SESSION[4])
    assert "SDP110" in codes(sdp.parse(crlf(*head, AUDIO)))
    assert "SDP110" not in codes(sdp.parse(crlf(*head, AUDIO, "c=IN IP4 192.0.2.1")))
    assert "SDP208" in codes((AUDIO, "c=IN IP4 192.0.2.1/127"))
    assert "SDP112" in codes((AUDIO, "c=IN IP4 192.0.2.1", "c=IN IP4 192.0.2.2"))
    layered = ("c=IN IP4 233.252.0.1/127", "c=IN IP4 233.252.0.2/127")
    assert "SDP112" not in codes((AUDIO, *layered)), "layered multicast"
    description = sdp.parse(crlf(*head, AUDIO))
    set_destination(description, 0, Destination("198.51.100.1", 30000))
    assert description.media[0].values("c=") == [b"IN IP4 198.51.100.1"]


@rfc("8866", "5.8", "MUST", "8866-5.8-1")
def test_an_unknown_bandwidth_type_is_ignored() -> None:
    description = described(AUDIO, "b=X-NEW:0", "b=RS:0")
    assert [line.type for line in description.media[0].bandwidths] == ["X-NEW", "RS"]
    assert eff.uses_rtcp(description, 0)


@rfc("8866", "5.12", "MUST NOT/MUST", "8866-5.12-1")
def test_a_key_line_is_a_finding_and_means_nothing() -> None:
    description = described("k=clear:secret", *ICE, AUDIO, HOST)
    assert "SDP111" in codes(description)
    assert eff.credentials(description, 0) == OURS
    plain = described(AUDIO)
    put(plain, Ice(streams=[StreamIce()], credentials=OURS))
    assert b"\nk=" not in plain.to_bytes()


@rfc("8866", "5.14", "MUST", "8866-5.14-2")
@rfc("8866", "RFC 8866 5.14", "MUST", "8866-5.14-1")
@pytest.mark.parametrize("port", [30001, 30002, 29999])
def test_rtcp_that_is_not_on_the_next_port_is_named(port: int) -> None:
    description = described(AUDIO)
    places = (Destination("192.0.2.1", 30000), Destination("192.0.2.1", port))
    set_destination(description, 0, *places)
    assert description.media[0].has("rtcp")
    assert eff.default_destination(description, 0, 1) == places[0]
    assert eff.default_destination(description, 0, 2) == places[1]
    odd = described("m=audio 5005 RTP/AVP 0")
    assert eff.default_destination(odd, 0, 2) == Destination("192.0.2.1", 5006), "never minus one"


@rfc("8866", "6.7", "rule", "8866-6.7-1")
def test_one_direction_per_level_and_that_of_the_section_wins() -> None:
    assert eff.direction(described(AUDIO), 0) is Direction.SENDRECV
    assert eff.direction(described("a=inactive", AUDIO), 0) is Direction.INACTIVE
    assert eff.direction(described("a=inactive", AUDIO, "a=sendonly"), 0) is Direction.SENDONLY
    assert "SDP114" in codes((AUDIO, "a=sendonly", "a=inactive"))
    assert "SDP114" not in codes(("a=inactive", AUDIO, "a=sendonly"))


@rfc("8866", "6.6", "rule", "8866-6.6-1")
def test_a_payload_type_is_0_to_127() -> None:
    assert "SDP301" in codes(("m=audio 5004 RTP/AVP 0 128",))
    assert "SDP301" not in codes(("m=audio 5004 RTP/AVP 0 127",))
