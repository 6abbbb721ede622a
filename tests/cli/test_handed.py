"""What two sides of ``sipice connect`` hand to each other."""

from __future__ import annotations

import asyncio
from io import StringIO
from pathlib import Path

import pytest

from tests.capabilities import require

require("cli")

from sipice.cli import handed
from sipice.errors import UsageError
from sipice.ice import Candidate, CandidateType, Credentials, Description, TcpType
from sipice.net import Address, Transport

OURS = Description(
    Credentials("abcdEFGH", "0123456789012345678901"),
    (
        Candidate(1, CandidateType.HOST, Address.parse("192.0.2.1", 5000), 2130706431, "1"),
        Candidate(
            1,
            CandidateType.SERVER_REFLEXIVE,
            Address.parse("198.51.100.7", 6000),
            1694498815,
            "2",
            related=Address.parse("192.0.2.1", 5000),
        ),
        Candidate(
            1,
            CandidateType.HOST,
            Address.parse("2001:db8::1", 9),
            2105524479,
            "3",
            transport=Transport.TCP,
            tcptype=TcpType.ACTIVE,
        ),
    ),
)


def test_what_is_handed_over_arrives_as_it_was() -> None:
    text = handed.to_text(OURS)
    assert text.splitlines()[-1] == handed.END
    assert handed.from_text(text) == OURS
    assert handed.from_text(text.replace("\n", "\r\n")) == OURS


def test_a_candidate_that_cannot_be_used_is_left_out() -> None:
    hidden = "a=candidate:9 1 UDP 1 8c1f0d5e.local 5000 typ host"
    text = handed.to_text(OURS).replace(handed.END, f"{hidden}\n{handed.END}")
    assert handed.from_text(text) == OURS


@pytest.mark.parametrize("text", ["", "hello\n", "a=ice-ufrag:abcd\na=end-of-candidates\n"])
def test_anything_else_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(UsageError, match="paste all that the other side shows"):
        handed.from_text(text)


def test_pasting_ends_with_the_last_line() -> None:
    pasted = StringIO(f"\n \n  {handed.to_text(OURS)}\nnot for us\n")
    assert handed.from_text(handed.pasted(pasted)) == OURS
    assert pasted.readline() == "\n"


def test_a_file_is_waited_for_and_never_seen_in_parts(tmp_path: Path) -> None:
    async def scenario() -> None:
        file = tmp_path / "theirs"
        waiting = asyncio.ensure_future(handed.take(file))
        await asyncio.wait([waiting], timeout=0.05)
        assert not waiting.done()
        handed.give(handed.to_text(OURS), file)
        assert handed.from_text(await waiting) == OURS

    asyncio.run(scenario())
    assert [one.name for one in tmp_path.iterdir()] == ["theirs"]
