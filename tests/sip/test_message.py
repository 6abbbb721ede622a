"""The tolerant view of a SIP message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.errors import DecodeError
from sipice.sip.body import bodies, replace_body, sdp_bodies
from sipice.sip.message import CSeq, RAck, RequestLine, StatusLine, is_sip, parse_message
from tests.capabilities import needs
from tests.marks import rfc
from tests.sip.build import OFFER, invite, sip
from tests.tracedir import traces_dir


def codes(data: bytes) -> list[str]:
    return [problem.code for problem in parse_message(data).problems]


def test_a_request_tells_all_that_names_its_place_in_a_call() -> None:
    message = parse_message(invite("Supported: 100REL, trickle-ice", "Require: foo"))
    assert message.start_line == RequestLine("INVITE", "sip:bob@example.com", "SIP/2.0")
    assert message.is_request
    assert (message.method, message.status) == ("INVITE", None)
    assert message.call_id == "call@192.0.2.1"
    assert (message.from_tag, message.to_tag) == ("alice", "")
    assert message.cseq == CSeq(1, "INVITE")
    assert message.via_branch == "z9hG4bKinvite"
    assert message.supported == {"100rel", "trickle-ice"}
    assert message.require == {"foo"}
    assert message.contacts == ["<sip:alice@192.0.2.1>"]
    assert message.body == OFFER
    assert message.problems == ()


def test_a_response_takes_its_method_from_cseq() -> None:
    message = parse_message(
        sip("SIP/2.0 183 Session Progress", "CSeq: 7 INVITE", "t: <sip:b>;tag=x")
    )
    assert message.start_line == StatusLine("SIP/2.0", 183, "Session Progress")
    assert (message.is_request, message.status, message.method) == (False, 183, "INVITE")
    assert message.to_tag == "x"
    assert message.rack is None


def test_a_status_line_may_lack_its_reason() -> None:
    assert parse_message(b"SIP/2.0 100 \r\n\r\n").start_line == StatusLine("SIP/2.0", 100, "")
    assert parse_message(b"SIP/2.0 100\r\n\r\n").method == ""


@rfc("3262", "3", "MUST", "3262-3-2")
def test_a_reliable_provisional_response_has_require_100rel_and_rseq() -> None:
    def reliable(first: str, *headers: str) -> bool:
        return parse_message(sip(first, *headers)).is_reliable_provisional

    both = ("Require: 100rel", "RSeq: 988789")
    assert reliable("SIP/2.0 183 Progress", *both)
    assert not reliable("SIP/2.0 183 Progress", "Require: 100rel")
    assert not reliable("SIP/2.0 183 Progress", "RSeq: 988789")
    assert not reliable("SIP/2.0 100 Trying", *both)
    assert not reliable("SIP/2.0 200 OK", *both)
    assert not reliable("INVITE sip:b SIP/2.0", *both)


def test_a_prack_names_the_response_that_it_acknowledges() -> None:
    message = parse_message(sip("PRACK sip:b SIP/2.0", "RAck: 776656  1   INVITE"))
    assert message.rack == RAck(776656, CSeq(1, "INVITE"))


@pytest.mark.parametrize("value", ["", "1", "1 2", "x 1 INVITE", "1 x INVITE", "1 2 INVITE more"])
def test_an_unreadable_rack_is_none(value: str) -> None:
    assert parse_message(sip("PRACK sip:b SIP/2.0", f"RAck: {value}")).rack is None


@rfc("6086", "7.2", "rule", "6086-7.2-1")
def test_package_names_keep_their_case_and_lose_their_parameters() -> None:
    message = parse_message(invite("Recv-Info: trickle-ice;x=1, Trickle-ICE", "Recv-Info: foo"))
    assert message.tokens("recv-info") == {"trickle-ice", "Trickle-ICE", "foo"}


def test_line_ends_before_the_first_line_are_ignored() -> None:
    message = parse_message(b"\r\n\r\n" + invite())
    assert message.method == "INVITE"
    assert message.body == OFFER


def test_bare_line_feeds_are_line_ends_too() -> None:
    message = parse_message(invite(body=b"").replace(b"\r\n", b"\n"))
    assert message.call_id == "call@192.0.2.1"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"SIP/2.0 OK\r\n\r\n",
        b"SIP/2.0 99999999999 OK\r\n\r\n",
        b"INVITE SIP/2.0\r\n\r\n",
        b"\x80\x00\x01\x02" * 40,
        b"IN:VITE sip:a SIP/2.0\r\n\r\n",
        b"INVITE sip:" + b"a" * 20_000 + b" SIP/2.0\r\n\r\n",
    ],
)
def test_what_is_not_sip_is_refused(data: bytes) -> None:
    assert not is_sip(data)
    with pytest.raises(DecodeError, match="not a SIP message"):
        parse_message(data)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("OPTIONS sip:a SIP/7.0", "version"),
        ("SIP/2.0 4294967301 better not break the receiver", "status"),
        ("INVITE sip:user@example.com; lr SIP/2.0", "uri"),
        ("INVITE <sip:user@example.com> SIP/2.0", "uri"),
    ],
)
def test_an_odd_first_line_is_read_and_told(first: str, code: str) -> None:
    assert codes(sip(first)) == [code]


def test_without_content_length_the_body_reaches_to_the_end() -> None:
    data = b"INVITE sip:a SIP/2.0\r\nContent-Type: application/sdp\r\n\r\n" + OFFER
    assert parse_message(data).body == OFFER
    assert codes(data) == ["content-length-missing"]


@pytest.mark.parametrize("length", ["-999", "12 bytes", ""])
def test_an_unreadable_content_length_counts_as_missing(length: str) -> None:
    data = f"INVITE sip:a SIP/2.0\r\nl: {length}\r\n\r\nbody".encode()
    assert parse_message(data).body == b"body"
    assert codes(data) == ["content-length-bad"]


def test_a_body_ends_where_content_length_says() -> None:
    data = invite() + b"INVITE sip:second SIP/2.0\r\n\r\n"
    assert parse_message(data).body == OFFER
    assert codes(data) == ["content-length-too-small"]


def test_a_cut_body_is_given_as_far_as_it_is_there() -> None:
    data = invite()[:-10]
    assert parse_message(data).body == OFFER[:-10]
    assert codes(data) == ["content-length-too-large"]


def test_of_two_unequal_content_lengths_the_first_counts() -> None:
    data = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\nbody"
    assert parse_message(data).body == b"bo"
    assert codes(data) == ["content-length-twice", "content-length-too-small"]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_decode_error(data: bytes) -> None:
    assert isinstance(is_sip(data), bool)


@given(st.binary(max_size=400))
def test_behind_a_first_line_nothing_raises(rest: bytes) -> None:
    message = parse_message(b"INVITE sip:a SIP/2.0\r\n" + rest)
    assert message.body_start <= message.body_end <= len(message.data)
    assert isinstance(message.tokens("require"), frozenset)
    assert all(message.data[body.start : body.end] == body.data for body in bodies(message))


@needs("traces")
def test_every_sip_message_of_the_foreign_traces_is_read() -> None:
    folder = traces_dir()
    assert folder is not None
    files = sorted(folder.rglob("*.sip"))
    assert files
    for file in files:
        message = parse_message(file.read_bytes())
        for body in sdp_bodies(message):
            assert body.data.startswith(b"v=")
            changed = parse_message(replace_body(message, body, OFFER))
            assert OFFER in changed.body
            assert [h.name for h in changed.headers] == [h.name for h in message.headers]
