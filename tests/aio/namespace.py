"""Scripts that run where the network is their own."""

from __future__ import annotations

import subprocess
import sys
import textwrap


def in_namespace(script: str) -> list[str]:
    """The lines that a script prints in a network namespace of its own."""
    code = "import asyncio\n" + textwrap.dedent(script)
    done = subprocess.run(
        ["unshare", "-Urn", sys.executable, "-c", code],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
