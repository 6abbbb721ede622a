"""Fuzzes sdp.parse: every byte comes back, every view and every question has an answer."""

import inspect

import sdp
from sdp import effective
from tests.fuzz.harness import main
from tests.fuzz.sdp_seeds import WORDS, description_seeds

LIMITS = sdp.Limits(size=60_000, lines=3_000, media=300, candidates=600)
VIEWS: dict[type, list[str]] = {
    kind: [name for name, _ in inspect.getmembers(kind, lambda member: type(member) is property)]
    for kind in (sdp.SessionDescription, sdp.MediaDescription, sdp.Fragment)
}
QUESTIONS = (
    effective.bundle_of,
    effective.components,
    effective.connection,
    effective.credentials,
    effective.default_destination,
    effective.direction,
    effective.has_ended,
    effective.ice_options,
    effective.is_alive,
    effective.is_trickle,
    effective.mismatch,
    effective.support,
    effective.usable_candidates,
    effective.uses_rtcp,
)


def body(data: bytes) -> None:
    try:
        description = sdp.parse(data, LIMITS)
    except sdp.SdpError:
        assert _is_over_a_limit(data)
        return
    assert description.to_bytes() == data
    read_everything(description)
    assert description.to_bytes() == data
    assert sdp.parse(description.to_bytes(), LIMITS).to_bytes() == data


def read_everything(description: sdp.SessionDescription) -> None:
    """Reads every view and asks every question."""
    number = 1
    for section in description.sections:
        assert description.line_number(section) == number
        number += len(section.lines)
        for name in VIEWS[type(section)]:
            view = getattr(section, name)
            assert repr(view)
            str(view)
    effective.pacing(description)
    effective.is_lite(description)
    effective.bundles(description)
    for stream in range(len(description.media)):
        for question in QUESTIONS:
            question(description, stream)
        effective.default_destination(description, stream, 2)
        assert not effective.is_restart(description, description, stream)
        assert effective.changed_without_restart(description, description, stream) == ()


def _is_over_a_limit(data: bytes) -> bool:
    return (
        len(data) > LIMITS.size
        or data.count(b"\n") + data.count(b"\r") >= LIMITS.lines
        or data.count(b"m=") > LIMITS.media
        or data.lower().count(b"a=candidate:") > LIMITS.candidates
    )


if __name__ == "__main__":
    main(body, description_seeds(), WORDS)
