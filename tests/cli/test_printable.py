"""Nothing from outside steers a terminal."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from sipice.cli.printable import printable


def test_escapes_name_the_byte_or_the_character() -> None:
    assert printable("a\x1b[31m\x9b\r\n\t") == "a\\x1b[31m\\x9b\\x0d\\x0a\\x09"
    assert printable(b"\xff\x80".decode("utf-8", "surrogateescape")) == "\\xff\\x80"
    assert printable("\u202eabc\u200b\U000e0041") == "\\u202eabc\\u200b\\U000e0041"


def test_ordinary_text_stays() -> None:
    assert printable("Grüße, 世界 \\ 'x'") == "Grüße, 世界 \\ 'x'"


@given(st.binary())
def test_whatever_the_bytes_the_text_can_be_shown(data: bytes) -> None:
    shown = printable(data.decode("utf-8", "surrogateescape"))
    assert not any(c < " " or "\x7f" <= c <= "\x9f" for c in shown)
    shown.encode("utf-8")


def test_every_control_character_is_escaped() -> None:
    import unicodedata

    unsafe = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(chr(code)) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "PDI")
    ]
    assert not [c for c in unsafe if printable(c) == c]
