"""Runs the command line inside the test process, as a pipe with a width of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.capabilities import require

require("cli")

from typer.main import get_command
from typer.testing import CliRunner

from sipice.cli.main import program

COMMAND = get_command(program())
"""Made once; the runner's own ``invoke`` reads the signatures of all subcommands for every run."""

TRACES = Path(__file__).resolve().parents[1] / "traces"
SYNTHETIC = TRACES / "synthetic"
RECORDED = TRACES / "recorded"


class Ended(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*arguments: str | Path, stdin: bytes = b"", width: int | None = None) -> Ended:
    """Run ``sipice`` with these arguments."""
    environment = {"COLUMNS": None if width is None else str(width), "NO_COLOR": None}
    with CliRunner().isolation(input=stdin, env=environment) as (out, err, _):
        code = _code(*map(str, arguments))
        sys.stdout.flush()
        sys.stderr.flush()
        data, told = out.getvalue(), err.getvalue()
    return Ended(code, _text(data), _text(told), data)


def _code(*arguments: str) -> int:
    """The exit code; what else the program raises is raised where it is."""
    with pytest.raises(SystemExit) as ended:
        COMMAND.main(arguments, prog_name=COMMAND.name)
    assert isinstance(ended.value.code, int), ended.value.code
    return ended.value.code


def _text(data: bytes) -> str:
    return data.decode(errors="replace").replace("\r\n", "\n")
