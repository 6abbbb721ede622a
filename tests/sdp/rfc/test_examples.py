"""The worked examples mean what is written beside them."""

from typing import Any

import pytest

import sdp
from sdp import additions, parse_fragment
from sdp import effective as eff
from sdp.attributes import Direction
from tests.sdp.rfc.examples import EXPECTED, data, example

OFFER = {name: entry["expect"] for name, entry in EXPECTED.items() if name != "16-trickle-info"}
BEFORE = {"03": "01", "04": "03", "05": "04", "15": "05"}
"""Which example comes before another one in the same call."""


def _place(description: sdp.SessionDescription, component: int) -> str | None:
    place = eff.default_destination(description, 0, component)
    return None if place is None else f"{place.address}:{place.port}"


def _default_type(description: sdp.SessionDescription) -> str | None:
    place = eff.default_destination(description, 0)
    assert place is not None
    same = (c.type for c in description.media[0].candidates if (c.address, c.port) == place[:2])
    return next(same, None)


def _is_restart(name: str, description: sdp.SessionDescription) -> bool:
    return eff.is_restart(example(BEFORE[name[:2]]), description, 0)


def _version_step(name: str, description: sdp.SessionDescription) -> int:
    before, after = example(BEFORE[name[:2]]).origin, description.origin
    assert before is not None
    assert after is not None
    return int(after.session_version) - int(before.session_version)


def _username(one: str, other: str) -> str:
    pair = eff.credentials(example(one), 0), eff.credentials(example(other), 0)
    return ":".join(who.ufrag for who in pair if who is not None)


def _answers(name: str, key: str, description: sdp.SessionDescription) -> Any:
    """What the package says to one of the questions of expected.json."""
    section = description.media[0]
    credentials = eff.credentials(description, 0)
    match key:
        case "ice":
            return eff.support(description, 0) is not eff.Support.NONE
        case "ice_for_stream":
            return eff.support(description, 0) is not eff.Support.NONE
        case "ice2":
            return "ice2" in eff.ice_options(description, 0)
        case "lite":
            return eff.is_lite(description)
        case "trickle":
            return eff.is_trickle(description, 0)
        case "pacing":
            return eff.pacing(description)
        case "ufrag" | "pwd":
            return getattr(credentials, key)
        case "components":
            return len(eff.components(description, 0))
        case "mismatch":
            return bool(eff.mismatch(description, 0))
        case "default":
            return _place(description, 1)
        case "default_is":
            return _default_type(description)
        case "rtcp":
            return _place(description, 2)
        case "username_L_to_R":
            return _username("02", "01")
        case "username_R_to_L":
            return _username("01", "02")
        case "restart" | "restart_vs_04":
            return _is_restart(name, description)
        case "version_step":
            return _version_step(name, description)
        case "remote_candidates":
            entries = section.remote_candidates
            return {str(e.component): f"{e.address}:{e.port}" for e in entries}
        case "candidates":
            return len(section.candidates)
        case "mux_offered":
            return section.rtcp_mux
        case "mux_only":
            return section.rtcp_mux_only
        case "hold":
            return eff.direction(description, 0) is not Direction.SENDRECV
        case "direction":
            return eff.direction(description, 0)
        case "bundle":
            return [mid for group in eff.bundles(description) for mid in group.mids]
        case "stream1_alive":
            return eff.is_alive(description, 1)
        case "ice_home_of_stream1":
            return eff.ice_home(description, 1).mid
        case "typeprefs":
            return [candidate.priority >> 24 for candidate in section.candidates]
        case "usable":
            return [candidate.foundation for candidate in eff.usable_candidates(description, 0)]
        case "lossless":
            return description.to_bytes() == data(name)
        case _:
            raise AssertionError(f"no answer to {key}")


NOT_OF_THE_TEXT = ("we_are", "answer_allowed")
"""Questions that the agent and the offer/answer rules answer."""


@pytest.mark.parametrize(
    ("name", "key"),
    [(name, key) for name in OFFER for key in OFFER[name] if key not in NOT_OF_THE_TEXT],
)
def test_an_example_means_what_is_written_beside_it(name: str, key: str) -> None:
    assert _answers(name, key, example(name)) == OFFER[name][key], EXPECTED[name]["note"]


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_is_kept_byte_for_byte(name: str) -> None:
    assert example(name).to_bytes() == data(name)


def test_the_fragment_means_what_is_written_beside_it() -> None:
    expected = EXPECTED["16-trickle-info"]["expect"]
    body = data("16")
    fragment = parse_fragment(body)
    assert len(body) == expected["bytes"]
    assert list(fragment.mids) == expected["mids"]
    for mid in fragment.mids:
        credentials = fragment.credentials(mid)
        assert credentials is not None
        assert [credentials.ufrag, credentials.pwd] == expected["generation"]
        section = fragment.section_of(mid)
        assert section is not None
        assert len(section.candidates) == expected["candidates_per_mid"]
        again = additions(section.candidates, section.candidates)
        assert len(again) == expected["second_delivery_new_candidates"]
    assert [mid for mid in fragment.mids if fragment.has_ended(mid)] == expected[
        "end_of_candidates"
    ]
    assert fragment.end_of_candidates is expected["session_end"]
