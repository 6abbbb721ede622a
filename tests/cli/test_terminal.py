"""A real terminal gets colour and a bar, a pipe gets neither."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.capabilities import require

require("cli")

SYNTHETIC = Path(__file__).resolve().parents[1] / "traces" / "synthetic"


def on_a_terminal(*arguments: str, **environment: str) -> bytes:
    """What the program writes when stdout and stderr are a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "sipice", *arguments],
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
        env={**plain, "TERM": "xterm-256color", "COLUMNS": "80", **environment},
    )
    os.close(theirs)
    written = b""
    with process:
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            written += part
    os.close(ours)
    return written


def test_a_terminal_gets_colour_unless_it_does_not_want_it() -> None:
    file = str(SYNTHETIC / "default-not-a-candidate.sdp")
    assert b"\x1b[" in on_a_terminal("show", file)
    assert b"\x1b[3" not in on_a_terminal("show", file, NO_COLOR="1")


def test_nothing_from_outside_reaches_a_terminal_raw(tmp_path: Path) -> None:
    file = tmp_path / "evil.sdp"
    file.write_bytes(b"v=0\r\no=\x1b]0;owned\x07 1 1 IN IP4 1.2.3.4\r\nm=audio 9 RTP/AVP 0\r\n")
    for command in ("show", "lint"):
        written = on_a_terminal(command, str(file))
        assert b"\x1b]0" not in written
        assert b"\x07" not in written


def test_long_work_shows_a_bar_on_stderr_only() -> None:
    files = [str(file) for file in sorted(SYNTHETIC.glob("*.sdp"))]
    assert b"checking" in on_a_terminal("lint", "--summary", *files)
    command = [sys.executable, "-m", "sipice", "lint", "--summary", *files]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert ended.stderr == b""
