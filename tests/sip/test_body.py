"""Bodies: which there are, which is the session description, and replacing one in place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.errors import UsageError
from sipice.sip.body import (
    SDPFRAG,
    bodies,
    replace_body,
    sdp_bodies,
    session_description,
)
from sipice.sip.message import parse_message
from tests.marks import rfc
from tests.sip.build import ANSWER, OFFER, invite, multipart, part, sip

SDP_PART = part(OFFER, "Content-Type: application/sdp")
ISUP_PART = part(
    b"\x01\x00--x\r\n--\x05",
    "Content-Type: application/ISUP; version=itu-t92+",
    "Content-Disposition: signal; handling=optional",
)


def mixed(*parts: bytes, boundary: str = "edge", final: bool = True) -> bytes:
    body = multipart(boundary, *parts, final=final)
    return invite(body=body, body_type=f"multipart/mixed;boundary={boundary}")


def test_a_message_without_body_has_none() -> None:
    message = parse_message(invite(body=b""))
    assert bodies(message) == []
    assert session_description(message) is None


def test_a_plain_body_stands_alone_with_its_place() -> None:
    message = parse_message(invite())
    (body,) = sdp_bodies(message)
    assert body.data == OFFER == message.data[body.start : body.end]
    assert (body.content_type, body.container, body.disposition) == (
        "application/sdp",
        "",
        "session",
    )


@rfc("3261", "13.2.1", "MUST", "3261-13.2.1-1")
def test_only_a_body_of_disposition_session_is_offer_or_answer() -> None:
    assert session_description(parse_message(invite())) is not None
    named = parse_message(invite("Content-Disposition: Session;handling=required"))
    assert session_description(named) is not None
    early = parse_message(invite("Content-Disposition: early-session"))
    assert session_description(early) is None
    assert [body.disposition for body in sdp_bodies(early)] == ["early-session"]


def test_a_body_of_another_type_is_no_sdp() -> None:
    message = parse_message(invite(body=b"hello", body_type="text/plain"))
    assert [body.content_type for body in bodies(message)] == ["text/plain"]
    assert sdp_bodies(message) == []


@pytest.mark.parametrize(
    "written", ["Application/SDP", "application/sdp ;charset=utf-8", "application / sdp"]
)
def test_the_type_is_read_in_any_spelling(written: str) -> None:
    assert session_description(parse_message(invite(body_type=written))) is not None


def test_a_body_without_type_that_looks_like_sdp_is_sdp() -> None:
    data = b"INVITE sip:a SIP/2.0\r\n\r\n"
    assert len(sdp_bodies(parse_message(data + OFFER))) == 1
    assert [b.content_type for b in bodies(parse_message(data + b"x"))] == ["text/plain"]


def test_a_compressed_body_is_seen_but_not_taken_for_text() -> None:
    message = parse_message(invite("Content-Encoding: gzip"))
    assert [body.encoding for body in bodies(message)] == ["gzip"]
    assert sdp_bodies(message) == []


@rfc("6086", "4.3.1", "rule/MUST", "6086-4.3.1-1")
def test_a_trickle_fragment_is_found_alone_and_in_multipart() -> None:
    fragment = b"a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
    alone = sip(
        "INFO sip:a SIP/2.0", "Content-Disposition: Info-Package", body=fragment, body_type=SDPFRAG
    )
    (body,) = sdp_bodies(parse_message(alone))
    assert (body.data, body.content_type, body.disposition) == (fragment, SDPFRAG, "info-package")
    both = mixed(
        part(fragment, f"Content-Type: {SDPFRAG}", "Content-Disposition: Info-Package"), ISUP_PART
    )
    assert [b.data for b in sdp_bodies(parse_message(both))] == [fragment]
    assert session_description(parse_message(both)) is None


def test_the_sdp_of_a_multipart_body_is_found_beside_isup() -> None:
    message = parse_message(mixed(ISUP_PART, SDP_PART))
    assert [body.content_type for body in bodies(message)] == [
        "application/isup",
        "application/sdp",
    ]
    found = session_description(message)
    assert found is not None
    assert found.data == OFFER
    assert found.container == "multipart/mixed"
    assert bodies(message)[0].data == b"\x01\x00--x\r\n--\x05"


def test_of_alternatives_the_last_is_the_session_description() -> None:
    lync = multipart(
        "----=_NextPart_000_0001",
        part(
            ANSWER,
            "Content-Type: application/sdp",
            "Content-Transfer-Encoding: 7bit",
            "Content-Disposition: session; handling=optional; ms-proxy-2007fallback",
        ),
        part(
            OFFER,
            "Content-Type: application/sdp",
            "Content-Disposition: session; handling=optional",
        ),
    )
    kind = 'multipart/alternative;boundary="----=_NextPart_000_0001"'
    message = parse_message(invite(body=lync, body_type=kind))
    found = session_description(message)
    assert found is not None
    assert found.data == OFFER
    assert [body.data for body in sdp_bodies(message)] == [ANSWER, OFFER]


def test_parts_may_be_nested_with_boundaries_that_begin_alike() -> None:
    inner = multipart("edge2", part(b"plain"), SDP_PART)
    nested = part(inner, "c: multipart/alternative; boundary=edge2")
    message = parse_message(mixed(nested, ISUP_PART, boundary="edge"))
    assert [(b.content_type, b.container) for b in bodies(message)] == [
        ("text/plain", "multipart/alternative"),
        ("application/sdp", "multipart/alternative"),
        ("application/isup", "multipart/mixed"),
    ]


def test_a_missing_final_boundary_ends_the_last_part_with_the_body() -> None:
    message = parse_message(mixed(ISUP_PART, SDP_PART, final=False))
    (body,) = sdp_bodies(message)
    assert body.data == OFFER + b"\r\n"


@pytest.mark.parametrize(
    "kind", ["multipart/mixed", "multipart/mixed;boundary=other", 'multipart/mixed;boundary=""']
)
def test_a_boundary_that_is_not_the_one_named_is_found_in_the_body(kind: str) -> None:
    body = b"preamble\r\n" + multipart("edge", ISUP_PART, SDP_PART)
    message = parse_message(invite(body=body, body_type=kind))
    assert [b.data for b in sdp_bodies(message)] == [OFFER]


def test_a_multipart_body_without_any_boundary_has_no_parts() -> None:
    assert bodies(parse_message(invite(body_type="multipart/mixed;boundary=edge"))) == []


def test_delimiters_may_end_in_blanks_and_bare_line_feeds() -> None:
    data = (
        mixed(SDP_PART)
        .replace(b"--edge\r\n", b"--edge \t\n")
        .replace(b"\r\n--edge--", b"\n--edge--")
    )
    message = parse_message(data)
    assert [b.data for b in sdp_bodies(message)] == [OFFER]


def test_a_content_length_inside_a_part_means_nothing() -> None:
    message = parse_message(
        mixed(part(OFFER, "Content-Type: application/sdp", "Content-Length: 3"))
    )
    assert [b.data for b in sdp_bodies(message)] == [OFFER]


def test_deep_nesting_and_many_parts_end_somewhere() -> None:
    body = SDP_PART
    for depth in range(40):
        body = part(
            multipart(f"b{depth}", body), f"Content-Type: multipart/mixed;boundary=b{depth}"
        )
    headers, _, content = body.partition(b"\r\n\r\n")
    kind = headers.decode().removeprefix("Content-Type: ")
    (deepest,) = bodies(parse_message(invite(body=content, body_type=kind)))
    assert deepest.content_type == "multipart/mixed"
    assert len(bodies(parse_message(mixed(*[SDP_PART] * 500)))) == 100


def test_replacing_a_body_changes_it_and_the_length_only() -> None:
    data = b"\r\n" + invite("l : 999").replace(
        b"Content-Length: %d" % len(OFFER), b"Content-Length:  %d" % len(OFFER)
    )
    message = parse_message(data.replace(b"l : 999", b"l : %d" % len(OFFER)))
    (body,) = sdp_bodies(message)
    new = OFFER + b"a=ice-lite\r\n"
    expected = message.data.replace(OFFER, new)
    expected = expected.replace(b"l : %d" % len(OFFER), b"l : %d" % len(new))
    expected = expected.replace(b"Length:  %d" % len(OFFER), b"Length:  %d" % len(new))
    assert replace_body(message, body, new) == expected
    assert parse_message(expected).problems == ()


def test_replacing_one_part_keeps_the_others() -> None:
    message = parse_message(mixed(ISUP_PART, SDP_PART))
    changed = parse_message(replace_body(message, sdp_bodies(message)[0], ANSWER * 3))
    assert changed.problems == ()
    assert [b.data for b in bodies(changed)] == [bodies(message)[0].data, ANSWER * 3]


@pytest.mark.parametrize(
    "field", [b"Content-Length:\r\n", b"l:\r\n  7\r\n", b"Content-Length: -1\r\n"]
)
def test_a_broken_length_is_mended_by_replacing(field: bytes) -> None:
    data = b"INVITE sip:a SIP/2.0\r\nContent-Type: application/sdp\r\n" + field + b"\r\n" + OFFER
    message = parse_message(data)
    (body,) = bodies(message)
    changed = parse_message(replace_body(message, body, ANSWER * 2))
    assert changed.body == ANSWER * 2
    assert number_of(changed.header("content-length")) == len(ANSWER) * 2


def number_of(value: str | None) -> int:
    assert value is not None
    return int(value)


def test_without_content_length_none_is_added() -> None:
    message = parse_message(b"INVITE sip:a SIP/2.0\r\n\r\n" + OFFER)
    (body,) = bodies(message)
    assert replace_body(message, body, ANSWER) == b"INVITE sip:a SIP/2.0\r\n\r\n" + ANSWER


def test_a_body_of_another_message_is_refused() -> None:
    (body,) = sdp_bodies(parse_message(invite()))
    with pytest.raises(UsageError, match="not of this message"):
        replace_body(parse_message(invite(body=ANSWER)), body, OFFER)


PIECES = [
    b"--edge\r\n",
    b"--edge--\r\n",
    b"\r\n",
    b"\n",
    b"Content-Type: application/sdp\r\n",
    b"v=0\r\n",
]
PIECES += [b"Content-Type: multipart/mixed; boundary=edge\r\n", b"--edge2\r\n", b"--", b"x"]


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.binary(max_size=40))
def test_whatever_the_parts_each_can_be_replaced_in_place(pieces: list[bytes], new: bytes) -> None:
    message = parse_message(
        invite(body=b"".join(pieces), body_type="multipart/mixed;boundary=edge")
    )
    for body in bodies(message):
        changed = replace_body(message, body, new)
        assert parse_message(changed).problems == ()
        tail = message.data[body.end :]
        assert changed.endswith(new + tail)
