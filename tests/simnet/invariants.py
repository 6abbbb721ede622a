"""What must hold at every step of every scenario, whatever happens on the wires."""

from __future__ import annotations

from typing import NoReturn

from sipice.ice import Agent, PairSelected
from sipice.ice.pair import PairState
from sipice.ice.state import AgentState, ConsentCheck, Generation
from sipice.ice.timers import Retransmit, TransactionEnd
from tests.simnet import wire
from tests.simnet.trace import describe
from tests.simnet.wire import Attr, Class, Message, Method, Place

QUIET_TIMEOUTS = 400
"""So many timeouts in a row may pass without output: the ends of a large list's transactions."""


class Honesty:
    """Contract R2: a timeout is exact, and at its instant there is work."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.silent = 0
        self._why = ""

    def before(self, agent: Agent, now: float) -> None:
        due = agent.next_timeout()
        assert due is not None, f"{self.name} was woken without a timeout"
        assert due <= now, f"{self.name} was woken at {now}, it wanted {due}"
        self._why = agent.why_next()

    def after(self, agent: Agent, now: float, *, worked: bool) -> None:
        self.silent = 0 if worked else self.silent + 1
        assert self.silent <= QUIET_TIMEOUTS, f"{self.name} polls: {self._why}"
        due = agent.next_timeout()
        assert due is None or due > now, (
            f"{self.name}: after handle_timeout({now}) for {self._why} the next is {due}, "
            f"for {agent.why_next()}"
        )

    def early(self, agent: Agent, now: float) -> None:
        """Waking it before its time does nothing."""
        due = agent.next_timeout()
        if due is not None and due > now:
            agent.handle_timeout(now)
            assert agent.next_timeout() == due, f"{self.name}: waking it early moved its timeout"
            assert agent.take_commands() == [], f"{self.name}: acted before its time"
            assert agent.take_events() == [], f"{self.name}: told before its time"


def check_state(agent: Agent) -> None:
    """selected ⊆ nominated ⊆ valid, sorted lists, limits."""
    state = agent._state
    pairs = 0
    for stream in state.streams.values():
        for generation in stream.generations():
            pairs += len(generation.checklist)
            _check_generation(generation)
        for media in stream.media:
            lost = media.lost or media.pair is None
            agreed = media.plain is not None or not lost
            assert media.table.send is None or agreed, "a path without consent"
    assert pairs <= state.config.max_pairs, f"{pairs} pairs"
    assert len(state.transactions) <= state.config.max_transactions
    _check_transactions(state)


def _check_transactions(state: AgentState) -> None:
    """Every transaction ends, every timer of one has it, every pair under way has one."""
    ticking = {
        key.transaction
        for key, _ in state.timers.keys()  # noqa: SIM118 (it is no dictionary)
        if isinstance(key, (Retransmit, TransactionEnd))
    }
    asked = {
        identifier
        for identifier, outstanding in state.transactions.items()
        if not isinstance(outstanding, ConsentCheck)
    }
    assert ticking == asked, "a transaction without a timer, or a timer without a transaction"
    for generation in state.running():
        for pair in generation.checklist:
            if pair.state is PairState.IN_PROGRESS:
                assert pair.transaction in asked, f"{pair} waits for nothing"


def _check_generation(generation: Generation) -> None:
    priorities = [pair.priority for pair in generation.checklist]
    assert priorities == sorted(priorities, reverse=True), "the checklist is out of order"
    for pair in generation.triggered:
        # §8.1.1 queues the Succeeded pair again in order to nominate it, and §7.2.5.1 where the
        # answer to that was a role conflict.
        asked = pair.nominate or pair.conflicts > 0
        again = asked and pair.state is PairState.SUCCEEDED
        assert again or pair.state is PairState.WAITING, f"{pair} is queued"
    for component in generation.components:
        for pair in component.valid:
            assert pair.state is PairState.SUCCEEDED, f"{pair} is on the valid list"
        selected = component.selected
        if selected is not None:
            assert selected.nominated, "selected, but not nominated"
            assert selected in component.valid, "nominated, but not valid"


class Pacing:
    """RFC 8445 §14.2 on the wire: at least Ta between new transactions of one agent.

    Consent checks are told apart from outside: they go where a check with the same credentials
    has already been answered, and do not nominate. What goes through a relay is left out; it may
    wait for a permission.
    """

    def __init__(self, ta: float = 0.050) -> None:
        self.ta = ta
        self.gaps: list[float] = []
        self._last: dict[str, float] = {}
        self._seen: dict[bytes, tuple[Place, Place, bytes]] = {}
        self._answered: set[tuple[Place, Place, bytes]] = set()
        self._watched: dict[str, str] = {}

    def watch(self, host: str, group: str | None = None) -> None:
        """Hosts of one group count as one agent (a shared pacer)."""
        self._watched[host] = group or host

    def sent(self, now: float, host: str, packet: tuple[Place, Place, bytes]) -> None:
        src, dst, data = packet
        message = self._request(host, data)
        if message is None or message.transaction in self._seen:
            return
        user = message.get(Attr.USERNAME) or b""
        key = src, dst, user
        self._seen[message.transaction] = key
        if key in self._answered and not message.has(Attr.USE_CANDIDATE):
            return
        group = self._watched[host]
        if group in self._last:
            gap = now - self._last[group]
            self.gaps.append(gap)
            if gap < self.ta - 2e-6:  # ages are exported in whole microseconds
                late = f"{now:.4f}: {host} checks {gap * 1000:.1f} ms after the last new one"
                self._fail(f"{late}: {describe(data)}")
        self._last[group] = now

    def received(self, now: float, host: str, packet: tuple[Place, Place, bytes]) -> None:
        data = packet[2]
        if wire.looks_like_stun(data):
            try:
                message = wire.parse(data)
            except wire.WireError:
                return
            if message.cls is Class.SUCCESS and message.transaction in self._seen:
                self._answered.add(self._seen[message.transaction])

    def _request(self, host: str, data: bytes) -> Message | None:
        if host not in self._watched or not wire.looks_like_stun(data):
            return None
        message = wire.parse(data)
        paced = message.method in {Method.BINDING, Method.ALLOCATE}
        return message if paced and message.cls is Class.REQUEST else None

    def _fail(self, text: str) -> NoReturn:
        raise AssertionError(text)


def assert_mirrored(a: PairSelected, b: PairSelected) -> None:
    """Both ends use the same pair, each from its own side."""
    assert a.local.address == b.remote.address, f"{a} and {b} are not mirrored"
    assert a.remote.address == b.local.address, f"{a} and {b} are not mirrored"
