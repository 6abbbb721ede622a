"""RFC 8839 §4.4.2, §7.3: what signalling and the dispatch of datagrams ask about the pairs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from sipice.errors import StunDecodeError
from sipice.ice.candidate import Candidate
from sipice.ice.pair import PairState
from sipice.ice.state import AgentState, Stream
from sipice.net import Address, Base
from sipice.stun import is_stun
from sipice.stun.check import Check, CheckRequest, parse_check


class Outlook(Enum):
    """What has become of a pair that the peer says it uses (RFC 8839 §4.4.2)."""

    VALID = "valid"
    OPEN = "not decided yet"
    LOST = "not valid, and no check is under way that could make it so"


def owner(members: Sequence[AgentState], data: bytes, base: Base, remote: Address) -> int:
    """Which of some siblings a packet is for; a stranger's check is kept by the first.

    By transaction, else by the peer's ufrag in USERNAME, else by where it came from.
    """
    message = _parse(data)
    for at, member in enumerate(members):
        if message is not None and message.transaction_id in member.transactions:
            return at
    if isinstance(message, CheckRequest):
        ufrag = message.username.partition(":")[2]
        return next((at for at, member in enumerate(members) if has_peer(member, ufrag)), 0)
    found = (at for at, member in enumerate(members) if has_source(member, base, remote))
    return next(found, 0)


def _parse(data: bytes) -> Check | None:
    if not is_stun(data):
        return None
    try:
        return parse_check(data)
    except StunDecodeError:
        return None


def has_peer(state: AgentState, ufrag: str) -> bool:
    """Whether the peer goes by ``ufrag``."""
    return any(
        generation.remote is not None and generation.remote.credentials.ufrag == ufrag
        for stream in state.streams.values()
        for generation in stream.generations()
    )


def has_source(state: AgentState, base: Base, remote: Address) -> bool:
    """Whether ``remote`` is known to be the peer at ``base``."""
    for stream in state.streams.values():
        if any((base.number, remote) in one.sources for one in stream.generations()):
            return True
        for path in stream.media:
            plain = path.plain
            if plain is not None and plain.base == base and plain.peer == remote:
                return True
    return False


def outlook(stream: Stream, local: Address, remote: Address) -> tuple[Outlook, Candidate | None]:
    """What has become of the pair of two addresses in the current generation, and our half of it.

    While a check to the same remote candidate is still to come, its answer may make it valid.
    """
    generation = stream.current
    for component in generation.components:
        for pair in component.valid:
            if pair.local.address == local and pair.to == remote:
                return Outlook.VALID, pair.local
    states = {pair.state for pair in generation.checklist if pair.to == remote}
    is_open = states - {PairState.SUCCEEDED, PairState.FAILED}
    return (Outlook.OPEN if is_open else Outlook.LOST), None
