"""What ``import sipice`` does and refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sdp
import sipice


def test_sipice_sdp_is_the_package_sdp() -> None:
    assert sipice.sdp is sdp


def test_another_module_named_sdp_is_refused_by_its_file_name(tmp_path: Path) -> None:
    shadow = tmp_path / "sdp.py"
    shadow.write_text("parse = None\n")
    done = _import_sipice(tmp_path)
    assert done.returncode == 1
    assert f"ImportError: {shadow} hides the package sdp" in done.stderr


def test_a_folder_named_sdp_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "sdp").mkdir()
    assert _import_sipice(tmp_path).returncode == 0


def test_a_package_named_sdp_is_refused_by_its_file_name(tmp_path: Path) -> None:
    shadow = tmp_path / "sdp" / "__init__.py"
    shadow.parent.mkdir()
    shadow.write_text("")
    assert f"ImportError: {shadow} hides the package sdp" in _import_sipice(tmp_path).stderr


def _import_sipice(folder: Path) -> subprocess.CompletedProcess[str]:
    """In a fresh interpreter that looks into ``folder`` first."""
    return subprocess.run(
        [sys.executable, "-c", "import sipice"], cwd=folder, capture_output=True, text=True
    )


def test_the_names_of_the_package_come_when_they_are_used() -> None:
    used = "import sys, sipice; assert not any(name.startswith('sipice.') for name in sys.modules)"
    assert subprocess.run([sys.executable, "-c", used]).returncode == 0
    for name in sipice.__all__:
        assert getattr(sipice, name) is not None
    assert not hasattr(sipice, "no_such_name")
