"""One argument of the command line, whatever its kind."""

from __future__ import annotations

from pathlib import Path

from sipice.cli.opened import as_sequence, open_input
from tests.cli import messages
from tests.cli.run import SYNTHETIC


def test_an_error_is_part_of_the_result() -> None:
    opened = open_input("missing.sdp")
    assert opened.error == "does not exist"
    assert opened.everything == []


def test_a_file_has_its_descriptions_a_capture_its_calls(tmp_path: Path) -> None:
    capture = tmp_path / "x.pcap"
    capture.write_bytes(messages.capture(*messages.call()))
    file, call = open_input(str(SYNTHETIC / "ordinary.sdp")), open_input(str(capture))
    assert (len(file.found), len(file.calls)) == (1, 0)
    assert (len(call.found), len(call.calls), call.messages) == (0, 1, 4)
    assert len(call.everything) == 4


def test_linking_leaves_each_file_its_own(tmp_path: Path) -> None:
    names = [str(SYNTHETIC / "ordinary.sdp"), "missing", str(SYNTHETIC / "ordinary.sdp")]
    first, missing, second = as_sequence(open_input(name) for name in names)
    assert missing.error is not None
    assert first.found[0].previous is None
    assert second.found[0].previous is not None
    assert open_input(names[0]).found[0].previous is None
