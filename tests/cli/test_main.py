"""The command as a whole: help, version, wrong usage."""

from __future__ import annotations

import pytest

from sipice import __version__
from tests.capabilities import require

require("cli")

from typer.testing import CliRunner

from sipice.cli.main import MODULES, program
from tests.cli.run import run


def test_the_version_is_told() -> None:
    assert run("--version").out == f"sipice {__version__}\n"


@pytest.mark.parametrize("name", ["show", "lint", "rewrite"])
def test_help_names_each_subcommand_and_its_options(name: str) -> None:
    assert name in run("--help").out
    ended = run(name, "-h")
    assert ended.code == 0
    assert "--help" in ended.out


@pytest.mark.parametrize("name", MODULES)
def test_a_subcommand_that_was_read_alone_is_the_same(name: str) -> None:
    assert CliRunner().invoke(program(name), [name, "-h"]).output == run(name, "-h").out


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("show",), ("show", "--nonsense", "x"), ("rewrite", "put", "x")]
)
def test_wrong_usage_is_2_and_no_traceback(arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert ended.err
    assert "Traceback" not in ended.err
