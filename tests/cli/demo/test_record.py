from sipice.cli.demo.record import Heard
from tests.cli.demo.sample import record


def test_right_is_everything_and_the_others_tone() -> None:
    assert Heard(5, 5, 0, 0.0, 440.0, 440.0).is_right
    assert not Heard(0, 0, 0, 0.0, None, 440.0).is_right
    assert not Heard(5, 4, 1, 0.0, 440.0, 440.0).is_right
    assert not Heard(5, 5, 0, 0.0, 660.0, 440.0).is_right


def test_moments_are_kept_in_order() -> None:
    call = record()
    call.note(13.0, "later")
    assert call.moments[-1] == (13.0, "later")
