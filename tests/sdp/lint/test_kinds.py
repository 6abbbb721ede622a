"""The type, related address and extensions of candidates."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

ICE = (
    "m=audio 9 RTP/AVP 0\na=rtcp-mux\na=ice-options:ice2\na=ice-ufrag:8hhY\n"
    "a=ice-pwd:asd88fgpdd777uzjYhagZg\n"
)


def of(words: str) -> list[str]:
    return codes(f"{ICE}a=candidate:1 1 UDP 1 192.0.2.1 5004{words}\n")


@rfc("8839", "5.1", "MUST NOT / MUST", "8839-5.1-1")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (" typ host", []),
        (" typ prflx raddr 192.0.2.9 rport 1", []),
        ("", ["ICE214"]),
        (" typ", ["ICE214", "ICE230"]),
        (" typ nat", ["ICE215"]),
        (" typ Host", ["ICE216"]),
    ],
)
def test_types(words: str, expected: list[str]) -> None:
    assert of(words) == expected


@rfc("8839", "5.1", "MUST", "8839-5.1-3")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (" typ host raddr 192.0.2.9", ["ICE217"]),
        (" typ host rport 9", ["ICE217"]),
        (" typ srflx", ["ICE218"]),
        (" typ prflx raddr 192.0.2.9", ["ICE218"]),
        (" typ relay rport 9", ["ICE218"]),
        (" typ nat", ["ICE215"]),
        (" typ srflx raddr 192.0.2.9 rport x", ["ICE219"]),
        (" typ srflx raddr 192.0.2.9 rport 65536", ["ICE219"]),
        (" typ srflx raddr 192.0.2.999 rport 9", ["ICE219"]),
        (" typ srflx raddr nat.example.org rport 9", []),
    ],
)
def test_related_addresses(words: str, expected: list[str]) -> None:
    assert of(words) == expected


@rfc("8839", "5.1", "MUST", "8839-5.1-4")
@pytest.mark.parametrize("related", ["raddr 0.0.0.0 rport 9", "raddr :: rport 9"])
def test_a_hidden_related_address_is_fine(related: str) -> None:
    assert of(f" typ srflx {related}") == []


@rfc("8839", "5.1", "MUST", "8839-5.1-5")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (" typ host generation 0 ufrag 8hhY network-id 1 network-cost 10", []),
        (" typ host colour blue", ["ICE229"]),
        (" typ host generation", ["ICE230"]),
        (" typ host colour", ["ICE230"]),
        (" typ host generation 0 generation 0", ["ICE231"]),
        (" typ host typ host", ["ICE231"]),
        (" generation 0 typ host", ["ICE232"]),
        (" typ srflx rport 9 raddr 0.0.0.0", ["ICE232"]),
        (" typ srflx generation 0 raddr 0.0.0.0 rport 9", ["ICE232"]),
        (" typ host ufrag 9uB6", ["ICE233"]),
    ],
)
def test_extensions(words: str, expected: list[str]) -> None:
    assert of(words) == expected


def test_several_unknown_extensions_are_one_fact() -> None:
    line = "a=candidate:1 1 UDP 1 192.0.2.1 5004 typ host one 1 two 2 three 3\n"
    found = check(sdp.parse(whole(ICE + line)))
    assert [f.message for f in found] == ["'one' and 2 more unknown extensions; peers ignore them"]


def test_words_beside_a_password_are_not_shown() -> None:
    line = "a=candidate:1 1 UDP 1 192.0.2.1 5004 typ host x password SECRET SECRET {}\n"
    for tail in ("", "SECRET", "SECRET x"):
        found = check(sdp.parse(whole(ICE + line.format(tail))))
        assert "ICE907" in [f.code for f in found]
        assert not any("SECRET" in f.message for f in found)
