"""The lines that a rewrite changed."""

from __future__ import annotations

from sipice.cli.diff import line_changes


def shown(old: bytes, new: bytes, *, secrets: bool = False) -> list[tuple[str, int, str]]:
    return [(c.sign, c.line, c.text) for c in line_changes(old, new, secrets=secrets)]


def test_lines_have_the_numbers_of_their_own_text() -> None:
    assert shown(b"a\nb\nc\n", b"a\nx\ny\nc\n") == [("-", 2, "b"), ("+", 2, "x"), ("+", 3, "y")]


def test_equal_texts_differ_nowhere() -> None:
    assert shown(b"a\r\nb", b"a\r\nb") == []


def test_a_changed_line_end_is_shown() -> None:
    assert shown(b"a\nb", b"a\nb\r\n") == [("-", 2, "b"), ("+", 2, "b\\x0d\\x0a")]


def test_passwords_are_masked() -> None:
    line = b"a=ice-pwd:0123456789\r\n"
    assert shown(b"", line) == [("+", 1, "a=ice-pwd:<10 characters>")]
    assert shown(b"", line, secrets=True) == [("+", 1, "a=ice-pwd:0123456789")]


def test_odd_bytes_are_escaped() -> None:
    assert shown(b"\x1b\xff", b"") == [("-", 1, "\\x1b\\xff")]
