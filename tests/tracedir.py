"""Where the large set of foreign traces lies, which is used if present and never shipped."""

import os
from pathlib import Path

_BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "traces"


def traces_dir() -> Path | None:
    """The folder named by SIPICE_TRACES, else the one beside the checkout, else none."""
    named = os.environ.get("SIPICE_TRACES")
    folder = Path(named) if named else _BESIDE_THE_CHECKOUT
    return folder if folder.is_dir() else None
