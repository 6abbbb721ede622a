"""What the behaviour of a NAT means."""

from __future__ import annotations

from tests.capabilities import require

require("cli")

import pytest

from sipice.cli.nat_words import conclusions
from sipice.net import Address
from sipice.stun.probe import Behaviour, Dependence, Seen

LOCAL, OUTSIDE = Address.parse("192.0.2.1", 5000), Address.parse("198.51.100.1", 5000)
SERVER = Address.parse("203.0.113.9", 3478)
NOTHING, ADDRESS, BOTH, SOMETHING = Dependence


@pytest.mark.parametrize(
    ("mapped", "mapping", "filtering", "words"),
    [
        (None, None, None, ["UDP does not get out", "TURN over TCP or TLS"]),
        (LOCAL, NOTHING, NOTHING, ["everybody can reach us", "No firewall"]),
        (LOCAL, NOTHING, BOTH, ["no NAT, and peers", "from where we have sent"]),
        (LOCAL, NOTHING, None, ["no NAT, and peers", "these servers cannot tell"]),
        (OUTSIDE, NOTHING, ADDRESS, ["STUN is enough", "from any of his ports"]),
        (OUTSIDE, NOTHING, NOTHING, ["STUN is enough", "It lets in everybody"]),
        (OUTSIDE, ADDRESS, BOTH, ["symmetric NAT", "both sides open it"]),
        (OUTSIDE, BOTH, None, ["Have a TURN server", "cannot tell"]),
        (OUTSIDE, SOMETHING, None, ["symmetric NAT", "cannot tell"]),
        (OUTSIDE, None, None, ["name a second one", "cannot tell"]),
    ],
)
def test_each_outcome_has_its_two_sentences(
    mapped: Address | None,
    mapping: Dependence | None,
    filtering: Dependence | None,
    words: list[str],
) -> None:
    found = Behaviour(LOCAL, [Seen(SERVER, mapped)], mapping, filtering)
    sentences = conclusions(found)
    assert len(sentences) == 2
    for sentence, word in zip(sentences, words, strict=True):
        assert word in sentence
