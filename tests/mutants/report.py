"""A pytest plugin: which tests failed, and which rows they carry (``-p tests.mutants.report``)."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "SIPICE_MUTANT_REPORT"
"""Names the file that the report is written to."""

_failed: dict[str, list[str]] = {}
_passed: list[str] = []
_broken: list[str] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note a result with the rows of its test."""
    report = yield
    if report.failed:
        _failed[item.nodeid] = [str(mark.args[3]) for mark in item.iter_markers("rfc")]
    elif report.passed and report.when == "call":
        _passed.append(item.nodeid)
    return report


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file that cannot be imported."""
    if report.failed:
        _broken.append(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write everything down."""
    found: dict[str, Any] = {"failed": _failed, "passed": _passed, "broken": _broken}
    Path(os.environ[VARIABLE]).write_text(json.dumps(found), encoding="utf-8")
