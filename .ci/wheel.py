"""Build the wheel and run the tests against it, where neither the checkout nor any extra is.

The wheel goes into an empty virtual environment and tests/ alone into an empty folder, so that a
file missing from the wheel, or an import of something that only an extra brings, shows here.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="sipice-wheel-") as name:
        folder = Path(name)
        run([sys.executable, "-m", "build", "--quiet", "--wheel", "--outdir", name, str(ROOT)])
        [wheel] = folder.glob("*.whl")
        python = fill(folder / "venv", wheel)
        check_the_suite(python, wheel, folder / "empty")


def fill(target: Path, wheel: Path) -> str:
    venv.create(target, with_pip=True)
    python = str(target / "bin" / "python")
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    run([*pip, str(wheel), "pytest", "pytest-xdist", "hypothesis"])
    return python


def check_the_suite(python: str, wheel: Path, empty: Path) -> None:
    shutil.copytree(
        ROOT / "tests", empty / "tests", ignore=shutil.ignore_patterns("__pycache__", ".hypothesis")
    )
    (empty / "pyproject.toml").write_text(pytest_settings())
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment["SIPICE_WHEEL"] = str(wheel)
    pytest = [python, "-m", "pytest"]
    run([*pytest, "-q", "tests/test_wheel.py"], empty, environment)
    run([*pytest, "-n", "auto", "-m", "not long and not lab"], empty, environment)


def pytest_settings() -> str:
    """The one table of pyproject.toml that the tests themselves need."""
    pyproject = (ROOT / "pyproject.toml").read_text()
    found = re.search(
        r"^\[tool\.pytest\.ini_options\].*?(?=^\[|\Z)", pyproject, re.MULTILINE | re.DOTALL
    )
    assert found is not None
    return found.group()


def run(
    command: list[str], folder: Path | None = None, environment: dict[str, str] | None = None
) -> None:
    print("+", " ".join(command).replace(str(ROOT), "."), flush=True)
    code = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL).returncode
    if code:
        sys.exit(f"wheel: {command[0]} ended with status {code}, its reason stands above")


if __name__ == "__main__":
    main()
