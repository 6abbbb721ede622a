"""``sipice demo`` as it is typed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capabilities import needs, require

require("cli", "aiosipua")

from tests.cli.run import run


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sipice", "demo", "--seconds", "0.3", *options]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_it_shows_the_call_and_ends_with_figures_and_files(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "+ a=candidate:" in done.stdout
    assert not re.search(r"ice-pwd:(?!<)", done.stdout)
    assert "The checklist of alice" in done.stdout
    assert done.stdout.count("selected") >= 4
    *_, report = done.stdout.strip().splitlines()
    last = " ".join(done.stdout.split())
    assert re.search(r"fine: [\d.]+ s; alice heard (\d+) of \1 packets", last)
    assert "660 Hz" in last
    assert report == "report sipice-demo/report.html, records sipice-demo/*.jsonl"
    names = sorted(path.name for path in (tmp_path / "sipice-demo").iterdir())
    assert names == ["alice.jsonl", "bob.jsonl", "report.html"]
    assert "The call went through." in (tmp_path / "sipice-demo" / "report.html").read_text()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = demo(tmp_path, "--output", "file/inside", "-q")
    assert done.returncode == 2
    assert done.stderr.startswith("sipice: file")
    assert done.stdout == ""


@needs("netns")
@pytest.mark.parametrize(
    ("before", "status", "error"),
    [
        ("true", 2, "sipice: the demonstration needs the loopback interface: Network is unr"),
        ("ip link set lo up", 0, ""),
    ],
)
def test_it_needs_the_loopback_interface_and_nothing_else(
    tmp_path: Path, before: str, status: int, error: str
) -> None:
    command = f"{before}; {sys.executable} -m sipice demo --seconds 0.3 -q"
    done = subprocess.run(
        ["unshare", "-Urn", "sh", "-c", command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr[: len(error) or None]) == (status, error)


@pytest.mark.parametrize("option", [("--nat", "wall"), ("--stack", "pjsip"), ("--seconds", "0")])
def test_what_there_is_not_is_refused(option: tuple[str, str]) -> None:
    assert run("demo", *option).code == 2


def test_a_stack_that_is_not_installed_is_named_with_the_remedy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['aiosip'] = None\n"
        "from sipice.cli.main import run\n"
        "sys.argv = ['sipice', 'demo', '--stack', 'aiosip']\nrun()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert 'pip install "sipice[cli,aiosip]"' in done.stderr


@needs("chromium")
def test_the_report_can_be_looked_at(tmp_path: Path) -> None:
    demo(tmp_path, "-q")
    page = tmp_path / "sipice-demo" / "report.html"
    chromium = ["chromium", "--headless", "--no-sandbox", "--disable-gpu"]
    done = subprocess.run(
        [*chromium, f"--user-data-dir={tmp_path}/profile", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 'id="verdict"' in done.stdout
    assert "<svg" in done.stdout
    assert done.stdout.count("<rect") > 20
