"""The bodies of the sdp fuzz targets hold on the traces, on mutants of them and on noise."""

from tests.fuzz import (
    fuzz_sdp_candidate,
    fuzz_sdp_fragment,
    fuzz_sdp_lint,
    fuzz_sdp_parse,
    fuzz_sdp_rewrite,
)
from tests.fuzz.harness import check
from tests.fuzz.sdp_seeds import WORDS, description_seeds, value_seeds


def test_any_bytes_can_be_parsed_and_read() -> None:
    check(fuzz_sdp_parse.body, description_seeds(), WORDS, 500)


def test_any_value_is_read_or_refused() -> None:
    check(fuzz_sdp_candidate.body, value_seeds(), WORDS, 2000)


def test_any_fragment_can_be_read_and_built_or_refused() -> None:
    check(fuzz_sdp_fragment.body, description_seeds(), WORDS, 500)


def test_any_description_can_be_rewritten_by_its_rules() -> None:
    seeds = [bytes([kind]) + data for kind in range(6) for data in description_seeds()]
    check(fuzz_sdp_rewrite.body, seeds, WORDS, 1000)


def test_any_description_can_be_linted() -> None:
    check(fuzz_sdp_lint.body, description_seeds(), WORDS, 300)
