"""RFC 6337: the offer/answer exchanges in a stream of SIP messages, per call, dialog and fork."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain

from sipice.net import Address
from sipice.sip.call import Call, Limits, Meaning
from sipice.sip.dialog import keep_newest
from sipice.sip.hop import Hop, Seen, see
from sipice.sip.message import SipMessage

_METHODS = frozenset({"INVITE", "ACK", "PRACK", "UPDATE", "INFO", "BYE"})
"""SDP in any other, as in the 200 to OPTIONS, is never offer or answer (RFC 3264 §9)."""


class Tracker:
    """Give it every message in the order of time; ask it for the calls whenever you like."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._calls: dict[str, _CallState] = {}

    def add(
        self,
        message: SipMessage,
        time: float,
        *,
        source: Address | None = None,
        destination: Address | None = None,
        transport: str = "UDP",
    ) -> Meaning:
        """Take one message and say what it meant for the exchanges of its call.

        Where messages of one call pass several hops, the addresses tell these apart; an observer
        with one hop only, such as a user agent, may leave them out.
        """
        cseq = message.cseq
        if cseq is None or message.method != cseq.method or cseq.method not in _METHODS:
            return Meaning.NOTHING
        seen = see(message, cseq, time, source, destination, transport)
        call = self._call(message.call_id, seen)
        return Meaning.NOTHING if call is None else call.hop(seen).add(seen)

    def calls(self) -> list[Call]:
        """All calls, in the order in which they began."""
        found = [state.snapshot(call_id) for call_id, state in self._calls.items()]
        return sorted(found, key=lambda call: call.started)

    def call(self, call_id: str) -> Call | None:
        """One call as it stands."""
        state = self._calls.get(call_id)
        return state.snapshot(call_id) if state else None

    def forget(self, call_id: str) -> None:
        """Drop what is known of a call."""
        self._calls.pop(call_id, None)

    def _call(self, call_id: str, seen: Seen) -> _CallState | None:
        call = self._calls.pop(call_id, None)
        if call is None:
            invite = seen.message.is_request and seen.cseq.method == "INVITE"
            if not (invite or seen.description or seen.fragments):
                return None
            call = _CallState(seen.time, self._limits)
        self._calls[call_id] = call
        keep_newest(self._calls, self._limits.calls)
        return call


@dataclass(slots=True, eq=False)
class _CallState:
    started: float
    limits: Limits
    hops: list[Hop] = field(default_factory=list[Hop])
    branches: dict[tuple[str, int], Hop] = field(default_factory=dict[tuple[str, int], Hop])
    """By Via branch and CSeq: a transaction stays on its hop."""
    pairs: dict[frozenset[Address | None], Hop] = field(
        default_factory=dict[frozenset[Address | None], Hop]
    )

    def hop(self, seen: Seen) -> Hop:
        """Where this message travelled, by transaction, by addresses, or by elimination."""
        branch = (seen.message.via_branch, seen.cseq.number)
        pair = frozenset({seen.source, seen.destination})
        hop = self.branches.get(branch) if branch[0] else None
        hop = hop or self.pairs.get(pair) or self._likely(seen) or self._new()
        self.branches[branch] = self.pairs[pair] = hop
        keep_newest(self.branches, self.limits.transactions)
        keep_newest(self.pairs, self.limits.transactions)
        return hop

    def _new(self) -> Hop:
        hop = Hop(self.limits)
        self.hops.append(hop)
        if len(self.hops) > self.limits.hops:
            self._drop(self.hops.pop(0))
        return hop

    def _drop(self, hop: Hop) -> None:
        self.branches = {key: value for key, value in self.branches.items() if value is not hop}
        self.pairs = {key: value for key, value in self.pairs.items() if value is not hop}

    def _likely(self, seen: Seen) -> Hop | None:
        """A hop between the same hosts or with one of them, else any.

        One that has seen this request before is no candidate: there it has passed a proxy.
        """
        fresh = self.hops
        if seen.message.is_request:
            fresh = [hop for hop in self.hops if seen.key not in hop.transactions]
        here = _hosts(frozenset({seen.source, seen.destination}))
        same = (hop for hop in fresh if self._hosts_of(hop) >= here)
        near = (hop for hop in fresh if self._hosts_of(hop) & here)
        return next(chain(same, near, fresh), None)

    def _hosts_of(self, hop: Hop) -> frozenset[bytes]:
        mine = (_hosts(pair) for pair, owner in self.pairs.items() if owner is hop)
        return frozenset[bytes]().union(*mine)

    def snapshot(self, call_id: str) -> Call:
        return Call(
            call_id=call_id,
            started=self.started,
            dialogs=tuple(leg.snapshot() for hop in self.hops for leg in hop.legs.values()),
            unmatched=sum(hop.unmatched for hop in self.hops),
        )


def _hosts(pair: frozenset[Address | None]) -> frozenset[bytes]:
    return frozenset(address.ip for address in pair if address is not None)
