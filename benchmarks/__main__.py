"""Run every bench_*.py, each in a process of its own, and print one table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.table import Row, show


def main() -> None:
    rows: list[Row] = []
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"running {path.name} ...", file=sys.stderr)
        command = [sys.executable, "-m", f"benchmarks.{path.stem}", "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"bench: {path.name} ended with status {done.returncode}")
        rows.extend(Row(*row) for row in json.loads(done.stdout))
    show(rows)


if __name__ == "__main__":
    main()
