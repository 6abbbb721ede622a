"""The exceptions of sipice."""

from __future__ import annotations

import inspect

import pytest

from sipice import errors

CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("one", CLASSES)
def test_one_except_clause_catches_all_of_ours(one: type[Exception]) -> None:
    with pytest.raises(errors.SipiceError, match="told"):
        raise one("told")


def test_what_cannot_be_decoded_is_also_a_value_error() -> None:
    assert issubclass(errors.DecodeError, ValueError)
    assert not issubclass(errors.UsageError, ValueError)
