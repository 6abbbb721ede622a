"""The public names of the package are there once it is imported."""

import subprocess
import sys

import sdp

USE = """
import sdp
description = sdp.parse(b"v=0")
assert sdp.lint.check(description)
assert not sdp.rewrite.strip(description)
assert sdp.effective.pacing(description) == 50
"""


def test_one_import_brings_the_rules_the_rewriter_and_the_questions() -> None:
    done = subprocess.run(
        [sys.executable, "-c", USE], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_every_listed_name_is_there() -> None:
    assert [name for name in sdp.__all__ if not hasattr(sdp, name)] == []
