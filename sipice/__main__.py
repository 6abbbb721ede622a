"""The console script ``sipice`` and ``python -m sipice``."""

from __future__ import annotations

import sys

_EXTRA = {"typer", "rich"}


def main() -> None:
    """Run the command line; without its extra say in one line what to install."""
    try:
        from sipice.cli.main import run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except ModuleNotFoundError as missing:
        if missing.name not in _EXTRA:
            raise
        sys.stderr.write(
            f"sipice: the command line needs the package {missing.name}: "
            "pip install 'sipice[cli]'\n"
        )
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
