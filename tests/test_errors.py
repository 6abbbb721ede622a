"""The exceptions of sipice."""

from __future__ import annotations

import inspect

import pytest

from sipice import errors

CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("one", CLASSES)
def test_one_except_clause_catches_all_of_ours(one: type[Exception]) -> None:
    assert issubclass(one, errors.SipiceError)


def test_what_a_session_says_at_its_end() -> None:
    failed = errors.SessionFailed(2, "no path")
    assert (str(failed), failed.stream, failed.reason) == ("stream 2: no path", 2, "no path")
    assert str(errors.SessionClosed()) == "the session is closed"


def test_what_cannot_be_decoded_is_also_a_value_error() -> None:
    assert issubclass(errors.DecodeError, ValueError)
    assert not issubclass(errors.UsageError, ValueError)
