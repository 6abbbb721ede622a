"""``sipice connect`` as two people meet it, each with a terminal of his own."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.capabilities import require

require("cli")

from tests.cli.run import Ended, run

COMMAND = [sys.executable, "-m", "sipice", "connect", "--loopback", "--interface", "lo*"]


def start(*arguments: object) -> subprocess.Popen[str]:
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> Ended:
    out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err, out.encode())


def connected(folder: Path, *arguments: object) -> list[Ended]:
    """Both sides, with files between them."""
    one, two = folder / "one", folder / "two"
    common = ["--count", 3, "--interval", 0.02, *arguments]
    sides = [
        start("--give", one, "--take", two, *common),
        start("--give", two, "--take", one, *common),
    ]
    return [ended(side) for side in sides]


def test_two_terminals_connect_through_files_and_measure_the_path(tmp_path: Path) -> None:
    for side in connected(tmp_path):
        assert side.code == 0, side.out + side.err
        head, loss, rtt = side.out.splitlines()
        assert re.fullmatch(r"connected after \S+ m?s: host \S+ > host \S+", head)
        assert loss == "3 packets sent, 3 came back, 0 % lost"
        assert re.fullmatch(r"round trip: shortest [\d.]+ ms, median .*, longest .*", rtt)


def test_two_terminals_connect_by_copy_and_paste() -> None:
    sides = [start("--count", 1), start("--count", 1)]
    shown = []
    for side in sides:
        assert side.stdout is not None
        lines = [side.stdout.readline() for _ in range(2)]
        while lines[-1].strip() != "a=end-of-candidates":
            lines.append(side.stdout.readline())
        shown.append("".join(lines))
    assert shown[0].startswith("give these lines to the other side:")
    for side, text in zip(sides, reversed(shown), strict=True):
        assert side.stdin is not None
        side.stdin.write(text.partition("\n\n")[2])
        side.stdin.flush()
    for side in sides:
        assert ended(side).code == 0


def test_on_a_terminal_the_checks_and_the_path_are_shown_as_they_go(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    screen, terminal = pty.openpty()
    watched = subprocess.Popen(
        [*COMMAND, "--give", one, "--take", two, "--count", "2"],
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(terminal)
    other = start("--give", two, "--take", one, "--count", 2)
    shown = b""
    with suppress(OSError):  # how a terminal ends
        while data := os.read(screen, 10_000):
            shown += data
    os.close(screen)
    assert [ended(side).code for side in (watched, other)] == [0, 0]
    plain = re.sub(rb"\x1b\[[\d;?]*[a-zA-Z]", b"", shown)
    assert re.search(rb"from +to +state +round trip", plain)
    assert b"2 packets sent, 2 came back" in plain


def test_with_json_there_is_one_document_at_the_end(tmp_path: Path) -> None:
    for side in connected(tmp_path, "--json"):
        document: dict[str, Any] = json.loads(side.out)
        assert document["connected"] is True
        assert (document["sent"], document["lost"], len(document["rtts"])) == (3, 0, 3)
        [selected] = [one for one in document["pairs"] if one["selected"]]
        assert selected["rtt"] > 0
        assert side.err == ""


def test_over_tcp_and_with_a_record_for_explain(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    one, two = tmp_path / "one", tmp_path / "two"
    sides = [
        start("--tcp", "--give", one, "--take", two, "--trace", record, "--count", 1),
        start("--tcp", "--give", two, "--take", one, "--count", 1),
    ]
    assert [ended(side).code for side in sides] == [0, 0]
    assert "typ host tcptype active" in one.read_text()
    explained = run("explain", record)
    assert explained.code == 0
    assert "connected" in explained.out


def test_what_is_no_description_is_refused(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("hello\n", encoding="utf-8")
    side = ended(start("--take", theirs))
    assert side.code == 2
    assert "paste all that the other side shows" in side.err


@pytest.mark.parametrize("word", ["http://example.org", "stun:"])
def test_a_server_that_is_none_is_refused(word: str) -> None:
    side = run("connect", word)
    assert side.code == 2
    assert "names no server" in side.err
