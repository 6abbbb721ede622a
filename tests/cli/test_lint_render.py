"""The summary of many inputs: files with findings, rules by how often."""

from __future__ import annotations

from pathlib import Path

from tests.capabilities import require

require("cli")

from tests.cli.run import run

GOOD = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"


def test_the_summary_counts_by_file_and_by_rule(tmp_path: Path) -> None:
    bodies = {"good.sdp": GOOD, "one.sdp": GOOD + b"junk\r\n", "two.sdp": GOOD + b"j\r\nk\r\n"}
    for name, data in bodies.items():
        (tmp_path / name).write_bytes(data)
    names = [tmp_path / name for name in bodies]
    out = run("lint", "--summary", "--select", "SDP011", *names, width=200).out
    rows = [line.split() for line in out.split("\n")]
    assert ["1", "0", "0", str(tmp_path / "one.sdp")] in rows
    assert ["2", "0", "0", str(tmp_path / "two.sdp")] in rows
    assert str(tmp_path / "good.sdp") not in out
    assert ["3", "SDP011", "error"] in [row[:3] for row in rows]
    assert out.endswith("3 inputs: 3 errors, 0 warnings, 0 infos\n")


def test_only_the_ends_of_lines_are_shown_where_only_they_differ() -> None:
    assert "<CR><LF>" in run("lint", "--explain", "SDP002").out
    assert "<CR>" not in run("lint", "--explain", "SDP011").out
