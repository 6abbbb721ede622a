"""The console script with and without its extra, and how it ends when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.capabilities import needs

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
COMMAND = [sys.executable, "-m", "sipice"]


def test_without_the_extra_one_line_says_what_to_install() -> None:
    block = (
        "import sys; sys.modules['typer'] = None\n"
        "from sipice.__main__ import main\n"
        "sys.argv = ['sipice', 'show', 'x']\n"
        "main()"
    )
    ended = subprocess.run([sys.executable, "-c", block], capture_output=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.decode().splitlines() == [
        "sipice: the command line needs the package typer: pip install 'sipice[cli]'"
    ]


def test_importing_the_package_needs_nothing_of_the_extra() -> None:
    code = "import sipice, sys; print({'typer', 'rich', 'dpkt', 'wsproto'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert ended.stdout.strip() == b"set()"


@needs("cli")
def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    process = subprocess.Popen([*COMMAND, "show", fifo], stderr=subprocess.PIPE)
    with process, fifo.open("wb"):  # opened at both ends: the program waits for its input
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err


@needs("cli")
def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    file = tmp_path / "many.sdp"
    file.write_bytes(SDP + b"m=audio 5000 RTP/AVP 0\r\n" * 100)
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*COMMAND, "show", file], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(writing)
    assert ended.returncode == 141
    assert ended.stderr == b""


@needs("cli")
def test_output_survives_a_locale_without_the_characters(tmp_path: Path) -> None:
    file = tmp_path / "Grüße.sdp"
    file.write_bytes(SDP + "m=audio 5000 RTP/AVP 0\r\na=mid:é世\r\n".encode())
    ended = subprocess.run(
        [*COMMAND, "show", file],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0
    assert b"\\u4e16" in ended.stdout
