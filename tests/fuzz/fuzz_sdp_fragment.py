"""Fuzzes trickle fragments: lossless, every question answered, and built anew or refused."""

import sdp
from sdp import Candidate, FragmentStream, SdpError, build_fragment, parse_fragment
from tests.fuzz.fuzz_sdp_parse import LIMITS, read_everything
from tests.fuzz.harness import main
from tests.fuzz.sdp_seeds import WORDS, description_seeds


def body(data: bytes) -> None:
    try:
        fragment = parse_fragment(data, LIMITS)
    except SdpError:
        return
    assert fragment.to_bytes() == data
    read_everything(fragment)
    for mid in (*fragment.mids, "no such"):
        fragment.has_ended(mid)
        fragment.credentials(mid)
    every = [candidate for section in fragment.media for candidate in section.candidates]
    assert sdp.additions(every, every) == []
    added = sdp.additions([], every)
    assert len(added) <= len(every)
    assert sdp.additions([], added) == added
    _build(fragment)


def _build(fragment: sdp.Fragment) -> None:
    streams = [
        FragmentStream(
            mid=section.mid or "",
            candidates=section.candidates,
            end_of_candidates=section.end_of_candidates,
            credentials=fragment.credentials(section.mid),
        )
        for section in fragment.media
    ]
    try:
        built = build_fragment(streams, credentials=fragment.credentials())
    except SdpError:
        return
    again = parse_fragment(built.to_bytes())
    assert again.to_bytes() == built.to_bytes()
    assert len(again.media) == len(fragment.media)
    assert again.credentials() == fragment.credentials()
    for section, old in zip(again.media, fragment.media, strict=True):
        assert section.mid == old.mid
        assert section.candidates == [_plain(candidate) for candidate in old.candidates]
        assert section.end_of_candidates == old.end_of_candidates


def _plain(candidate: Candidate) -> Candidate:
    return Candidate.parse(candidate.to_bytes())


if __name__ == "__main__":
    main(body, description_seeds(), WORDS)
