"""The o= line: it stays, and its version grows with the text only (docs, D4.3)."""

from __future__ import annotations

import sdp
from sipice.session.origin import Origin
from tests.marks import rfc

TEXT = "v=0\r\no=me {id} {version} IN IP4 {address}\r\ns=-\r\nt=0 0\r\n{more}"


def text(version: object = 5, *, session: object = 42, address: str = "127.0.0.1", more: str = "",
         ) -> sdp.SessionDescription:  # fmt: skip
    body = TEXT.format(id=session, version=version, address=address, more=more)
    return sdp.parse(body.encode())


def version(data: bytes) -> str:
    origin = sdp.parse(data).origin
    assert origin is not None
    return origin.session_version


@rfc("3264", "8", "MUST", "3264-8-1")
def test_the_version_grows_by_one_if_another_byte_differs() -> None:
    origin = Origin()
    assert version(origin.stamp(text(5))) == "5"
    assert version(origin.stamp(text(99))) == "5", "the counter of the stack says nothing"
    assert version(origin.stamp(text(5, more="a=sendonly\r\n"))) == "6"
    assert version(origin.stamp(text(77, more="a=sendonly\r\n"))) == "6"
    assert version(origin.stamp(text(5))) == "7"


@rfc("3264", "8", "MUST", "3264-8-1")
@rfc("6337", "5.2.5", "rule", "6337-5.2.5-1")
def test_name_id_and_address_stay_as_first_sent() -> None:
    origin = Origin()
    first = origin.stamp(text(5))
    later = origin.stamp(text(6, session=43, address="10.9.9.9"))
    assert later == first


def test_a_description_without_a_readable_origin_passes_unchanged() -> None:
    odd = sdp.parse(b"v=0\r\no=me\r\ns=-\r\nt=0 0\r\n")
    assert Origin().stamp(odd) == odd.to_bytes()


@rfc("3264", "5", "MUST", "3264-5-1")
def test_a_first_version_that_is_no_number_of_62_bits_begins_at_one() -> None:
    assert version(Origin().stamp(text(2**63))) == "1"
    assert version(Origin().stamp(text("x"))) == "1"


def test_an_id_that_is_no_number_and_an_address_that_is_a_name_stay() -> None:
    origin = Origin()
    first = origin.stamp(text(5, session="abc", address="host.example"))
    assert b"abc 5 IN IP4 host.example" in first
    assert origin.stamp(text(6, session="abc", address="host.example")) == first


def test_a_branch_of_a_fork_has_the_same_past_and_its_own_future() -> None:
    origin = Origin()
    origin.stamp(text(5))
    branch = origin.copy()
    assert version(branch.stamp(text(5, more="a=sendonly\r\n"))) == "6"
    assert version(origin.stamp(text(5))) == "5"


def test_a_user_name_that_cannot_be_written_is_no_error() -> None:
    """It comes from the peer, and must not raise."""
    odd = sdp.parse(b"v=0\r\no=m\x01e 42 5 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n")
    origin = Origin()
    assert origin.stamp(odd) == odd.to_bytes()
    later = sdp.parse(odd.to_bytes() + b"a=sendonly\r\n")
    assert b" 42 6 IN" in origin.stamp(later)
