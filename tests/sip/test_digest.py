"""sipice.sip.digest: challenges read and answered."""

from __future__ import annotations

import pytest

from sipice.sip.digest import Challenge, Credentials, Request, authorization, challenges, chosen
from sipice.sip.message import parse_message
from tests.sip.story import response

MUFASA = Credentials(username="Mufasa", password="Circle of Life")
PAGE = Request("GET", "/dir/index.html")


def read(*values: str, status: int = 401, name: str = "WWW-Authenticate") -> list[Challenge]:
    fields = [f"{name}: {value}" for value in values]
    return challenges(parse_message(response(status, 1, *fields)))


def answered(challenge: str, cnonce: str, account: Credentials = MUFASA) -> str:
    (one,) = read(challenge)
    return authorization(account, one, PAGE, count=1, cnonce=cnonce)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, expected: str) -> None:
    """§3.9.1."""
    nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    opaque = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
    challenge = (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        f'nonce="{nonce}", opaque="{opaque}"'
    )
    assert answered(challenge, cnonce) == (
        'Digest username="Mufasa", realm="http-auth@example.org", '
        f'nonce="{nonce}", uri="/dir/index.html", response="{expected}", algorithm={algorithm}, '
        f'qop=auth, nc=00000001, cnonce="{cnonce}", opaque="{opaque}"'
    )


def test_the_example_of_rfc_2617_and_the_form_before_it() -> None:
    """RFC 2617 §3.5; without qop RFC 2069 §2.4, as its erratum 749 has it."""
    start = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    account = Credentials(username="Mufasa", password="Circle Of Life")
    answer = answered(f'{start}, qop="auth"', "0a4f113b", account)
    assert 'response="6629fae49393a05397450978507c4ef1"' in answer
    account = Credentials(username="Mufasa", password="CircleOfLife")
    answer = answered(start, "", account)
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in answer
    assert "qop" not in answer
    assert "algorithm" not in answer


def test_of_a_realm_the_first_challenge_that_can_be_answered_counts() -> None:
    found = read(
        'Digest realm="a", nonce="1", algorithm=SHA-512-256',
        'Digest realm="a", nonce="2", algorithm=sha-256, qop=auth',
        'Digest realm="a", nonce="3", algorithm=MD5, qop=auth',
        'digest realm="b",nonce=4,stale=TRUE',
    )
    assert [(one.realm, one.nonce, one.stale) for one in found] == [
        ("a", "2", False),
        ("b", "4", True),
    ]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Digest",
        'Basic realm="a"',
        'Digest realm="a"',
        'Digest realm="a", nonce=""',
        'Digest realm="a", nonce="1", qop="auth-int"',
        'Digest realm="a", nonce="1", algorithm=MD5-sess',
        f'Digest realm="{"a" * 2_000}", nonce="1"',
    ],
)
def test_what_cannot_be_answered_is_no_challenge(value: str) -> None:
    assert read(value) == []


def test_only_a_401_or_407_challenges() -> None:
    value = 'Digest realm="a", nonce="1"'
    assert [one.answer for one in read(value)] == ["Authorization"]
    found = read(value, status=407, name="Proxy-Authenticate")
    assert [one.answer for one in found] == ["Proxy-Authorization"]
    assert read(value, status=486) == []


def test_what_was_quoted_is_quoted_again() -> None:
    account = Credentials(username='a"b', password="x")
    answer = answered('Digest realm="c\\\\d", nonce="1"', "", account)
    assert 'username="a\\"b", realm="c\\\\d"' in answer


def test_bytes_that_are_no_text_are_hashed_all_the_same() -> None:
    data = response(401, 1, 'WWW-Authenticate: Digest realm="?", nonce="1"')
    (one,) = challenges(parse_message(data.replace(b"?", b"\xff")))
    assert "response=" in authorization(MUFASA, one, PAGE, count=1, cnonce="")


def test_an_account_answers_its_realm_and_one_without_answers_all() -> None:
    own = Credentials(username="own", password="x", realm="home")
    every = Credentials(username="every", password="x")
    assert chosen([every, own], "home") is own
    assert chosen([every, own], "away") is every
    assert chosen([own], "away") is None
    assert "x" not in repr(own).replace("realm", "")
