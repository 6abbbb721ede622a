"""Skips that are visible, examples of three sizes, and the table of what this machine can do."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.budget import LONG, PROFILE
from tests.capabilities import is_required, missing, table

settings.register_profile("default", max_examples=100, deadline=None)
settings.register_profile("long", max_examples=100 * LONG, deadline=None)
# Coverage must not depend on luck: few examples, always the same ones.
settings.register_profile(
    "cover",
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(PROFILE)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what cannot run here; fail it where continuous integration must be able to run it."""
    names = tuple(name for mark in item.iter_markers("peer") for name in mark.args)
    if why := missing(names):
        if is_required(names):
            pytest.fail(f"CI must be able to run this: {why}", pytrace=False)
        pytest.skip(why)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a few tests wait for real time, alone or for peers."""
    return (os.cpu_count() or 1) + 1


def pytest_report_header(config: pytest.Config) -> list[str]:
    """The table, once per run and not once per worker."""
    quiet = config.get_verbosity() < 0
    return [] if quiet or hasattr(config, "workerinput") else table()
