"""Runs the command line inside the test process, as a pipe with a width of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from tests.capabilities import require

require("cli")

from typer.testing import CliRunner

from sipice.cli.main import app

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
    result = CliRunner().invoke(app, [str(one) for one in arguments], input=stdin, env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr, result.stdout_bytes)
