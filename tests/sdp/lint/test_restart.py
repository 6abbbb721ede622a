"""ICE in two successive descriptions of one side."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import Finding, compare
from tests.marks import rfc
from tests.sdp.lint.examples import whole

A = "m=audio 9 RTP/AVP 0\n"
UFRAG, PWD = "a=ice-ufrag:8hhY\n", "a=ice-pwd:asd88fgpdd777uzjYhagZg\n"
UFRAG_2, PWD_2 = "a=ice-ufrag:9uB6\n", "a=ice-pwd:YH75Fviy6338Vbrhrlp8Yh\n"
OLD = UFRAG + PWD


def step(earlier: str, later: str) -> list[Finding]:
    return compare(sdp.parse(whole(earlier, 1)), sdp.parse(whole(later, 2)))


def codes(earlier: str, later: str) -> list[str]:
    return [finding.code for finding in step(earlier, later)]


@rfc("8839", "4.4.1.1.1", "MUST", "8839-4.4.1.1.1-2")
@rfc("5245", "9.2.1.1", "compat", "5245-9.2.1.1-1")
def test_a_restart_changes_both() -> None:
    assert codes(A + OLD, A + UFRAG_2 + PWD_2) == ["ICE703"]
    found = step(A + OLD, A + UFRAG_2 + PWD)
    assert [(f.code, f.line, f.stream) for f in found] == [("ICE701", 7, 0)]
    assert found[0].message.startswith("only the ufrag changed")
    assert step(A + OLD, A + UFRAG + PWD_2)[0].message.startswith("only the password changed")


@rfc("8839", "4.4.1.1.1", "MUST NOT", "8839-4.4.1.1.1-3")
def test_values_may_move_between_the_levels() -> None:
    assert codes(A + OLD, OLD + A) == []
    assert codes(OLD + A, A + OLD) == []


@rfc("8839", "4.4.1.1.1", "MUST NOT", "8839-4.4.1.1.1-5")
def test_options_pacing_and_lite_stay_without_a_restart() -> None:
    found = step(A + OLD, f"a=ice-lite\na=ice-pacing:20\na=ice-options:x\n{A}{OLD}{A}{OLD}")
    assert [(f.code, f.line, f.stream) for f in found] == [("ICE702", 9, 0)]
    assert found[0].message.startswith("ice-options, ice-pacing, ice-lite changed")
    assert codes(f"a=ice-pacing:50\n{A}{OLD}", A + OLD) == []


@pytest.mark.parametrize(
    ("session", "own", "session_later", "own_later", "differ"),
    [
        ("a b", "", "", "b a", False),
        ("a", "b", "b", "a", False),
        ("a", "", "a", "a", False),
        ("a", "", "b", "", True),
        ("a", "b", "a", "c", True),
        ("a", "b", "", "b", True),
        ("", "b", "c", "b", True),
    ],
)
def test_options_of_both_levels_count_together(
    session: str, own: str, session_later: str, own_later: str, *, differ: bool
) -> None:
    def text(session: str, own: str) -> str:
        return f"a=ice-options:{session}\n{A}{OLD}a=ice-options:{own}\n"

    found = codes(text(session, own), text(session_later, own_later))
    assert found == (["ICE702"] if differ else [])


@rfc("8839", "4.4.1.1.1", "MAY", "8839-4.4.1.1.1-4")
def test_a_restart_may_change_them() -> None:
    assert codes(A + OLD, f"a=ice-lite\n{A}{UFRAG_2}{PWD_2}") == ["ICE703"]


def test_a_stream_that_loses_ice_is_told() -> None:
    assert codes(A + OLD, A) == ["ICE704"]
    assert codes(A + OLD, "m=audio 0 RTP/AVP 0\n") == []
    assert codes(A, A + OLD) == []


def test_passwords_are_not_shown() -> None:
    found = step(A + OLD, A + UFRAG + PWD_2)
    assert found
    assert not any("YH75" in f.message or "asd88" in f.message for f in found)
