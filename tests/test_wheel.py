"""What the wheel brings, and that the tests run against it and not against a checkout."""

from __future__ import annotations

import os
import sysconfig
import zipfile
from pathlib import Path

import sdp
import sipice
from tests.capabilities import needs

pytestmark = needs("wheel")


def test_the_tests_run_against_the_installed_packages() -> None:
    site_packages = Path(sysconfig.get_path("purelib"))
    for package in (sdp, sipice):
        assert package.__file__ is not None
        assert Path(package.__file__).is_relative_to(site_packages)


def test_the_wheel_holds_two_packages_and_nothing_else() -> None:
    with zipfile.ZipFile(os.environ["SIPICE_WHEEL"]) as wheel:
        top = {name.split("/")[0] for name in wheel.namelist()}
    info = f"sipice-{sipice.__version__}.dist-info"
    assert top == {"sdp", "sipice", info}


def test_both_packages_are_typed() -> None:
    for package in (sdp, sipice):
        assert package.__file__ is not None
        assert Path(package.__file__).with_name("py.typed").is_file()
