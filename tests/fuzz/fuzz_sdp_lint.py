"""Fuzzes sdp.lint: every description and every step between two gets findings, never an error."""

import sdp
from sdp import lint
from tests.fuzz.fuzz_sdp_parse import LIMITS
from tests.fuzz.harness import main
from tests.fuzz.sdp_seeds import WORDS, description_seeds

_KINDS: tuple[lint.Kind | None, ...] = (None, "offer", "answer")
_CODES = {rule.code for rule in lint.RULES}


def body(data: bytes) -> None:
    try:
        description, fragment = sdp.parse(data, LIMITS), sdp.parse_fragment(data, LIMITS)
    except sdp.SdpError:
        return
    for kind in _KINDS:
        check_findings(lint.check(description, kind=kind), description)
    check_findings(lint.check(fragment), fragment)
    earlier = sdp.parse(data[: len(data) // 2], LIMITS)
    check_findings(lint.compare(earlier, description), description)
    check_findings(lint.compare(description, earlier), earlier)
    # A description is no step away from itself.
    assert lint.compare(description, sdp.parse(data, LIMITS)) == lint.compare(
        description, description
    )
    assert description.to_bytes() == data


def check_findings(findings: list[lint.Finding], description: sdp.SessionDescription) -> None:
    """Each finding has a known code, readable words without secrets, and a place."""
    secrets = _secrets(description)
    lines = sum(len(section.lines) for section in description.sections)
    for finding in findings:
        assert finding.code in _CODES
        assert finding.message.isprintable()
        assert finding.message
        assert not any(secret in finding.message for secret in secrets), finding
        assert finding.line is None or 1 <= finding.line <= max(lines, 1), finding


def _secrets(description: sdp.SessionDescription) -> list[str]:
    """Passwords and keys that stand nowhere else in the text."""
    whole = description.to_bytes()
    found = [section.ice_pwd for section in description.sections]
    found += [crypto.rest for section in description.sections for crypto in section.cryptos]
    return [
        secret
        for secret in found
        if secret and len(secret) > 10 and whole.count(secret.encode(errors="surrogateescape")) == 1
    ]


if __name__ == "__main__":
    main(body, description_seeds(), WORDS)
