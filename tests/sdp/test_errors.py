"""An SdpError says where, which field, and why."""

from sdp import SdpError


def test_the_message_names_line_field_and_reason() -> None:
    error = SdpError("is too long", field="ice-pwd", line=7)
    assert str(error) == "line 7: ice-pwd: is too long"
    assert (error.reason, error.field, error.line) == ("is too long", "ice-pwd", 7)


def test_what_is_not_known_is_left_out_of_the_message() -> None:
    assert str(SdpError("is too long")) == "is too long"


def test_it_can_be_caught_as_a_value_error() -> None:
    assert issubclass(SdpError, ValueError)
