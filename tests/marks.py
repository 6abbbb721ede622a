"""The mark that ties a test to the RFC sentence it proves."""

from __future__ import annotations

import pytest


def rfc(number: str, section: str, level: str = "", row: str = "") -> pytest.MarkDecorator:
    """Mark a test as the proof of one requirement.

    ``row`` is the id of the requirement in tests/data/requirements.json, such as
    ``8839-4.2.5-4``; several marks may be stacked. Without it the mark names the section only.
    docs/conformance.md is generated from these marks.
    """
    return pytest.mark.rfc(number, section, level, row)
