"""A description as text: what stands where, and what is left out."""

from __future__ import annotations

from io import StringIO

from tests.capabilities import require

require("cli")

from rich.console import Console

import sdp
from sipice.cli.found import Found
from sipice.cli.render import render_report
from sipice.cli.report import report

HEAD = "v=0\no=a 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"
ICE = "a=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n"
AUDIO = "m=audio 5000 RTP/AVP 0\n"


def rendered(text: str, *, first_line: int = 1, secrets: bool = False, width: int = 120) -> str:
    page = StringIO()
    console = Console(file=page, width=width, markup=False, highlight=False)
    found = Found(source="x", description=sdp.parse(text.encode()), first_line=first_line)
    render_report(console, report(found, secrets=secrets))
    return page.getvalue()


def candidate(port: int, kind: str = "host", more: str = "") -> str:
    return f"a=candidate:{port} 1 UDP 2130706431 192.0.2.1 {port} typ {kind}{more}\n"


def test_the_default_candidate_is_marked() -> None:
    out = rendered(HEAD + ICE + AUDIO + candidate(5000) + candidate(6000))
    assert "192.0.2.1:5000*" in out
    assert "192.0.2.1:6000*" not in out


def test_related_addresses_have_a_column_only_where_there_are_some() -> None:
    plain = HEAD + ICE + AUDIO + candidate(5000)
    assert "related" not in rendered(plain)
    assert "10.0.0.1:7" in rendered(
        plain + candidate(6000, "srflx", " raddr 10.0.0.1 rport 7").replace("2130706431", "100")
    )


def test_extensions_that_many_share_stand_once() -> None:
    out = rendered(
        HEAD + ICE + AUDIO + candidate(1, more=" generation 0") + candidate(2, more=" generation 0")
    )
    assert "+ lines 9, 10: generation 0" in out


def test_lines_are_counted_from_the_top_of_the_file() -> None:
    out = rendered(HEAD + ICE + AUDIO + candidate(0), first_line=11)
    assert "line 18" in out
    assert "! line 19: unusable: port 0" in out


def test_many_foundations_are_counted_and_not_listed() -> None:
    out = rendered(HEAD + ICE + AUDIO + "".join(candidate(port) for port in range(1, 40)))
    assert "foundations 39 different ones" in out


def test_what_is_missing_is_said() -> None:
    assert "no ICE" in rendered(HEAD + AUDIO)
    assert "pwd missing" in rendered(HEAD + "a=ice-ufrag:abcd\n" + AUDIO)
    assert "ufrag missing" in rendered(HEAD + "a=ice-pwd:abcd\n" + AUDIO)
    assert "there is no m= line" in rendered(HEAD)


def test_remote_candidates_are_shown() -> None:
    out = rendered(HEAD + ICE + AUDIO + "a=remote-candidates:1 2001:db8::1 5000\n")
    assert "remote candidates RTP [2001:db8::1]:5000" in out
