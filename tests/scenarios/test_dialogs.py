"""Random dialogs: whatever happens, the last agreed state stands and media flows."""

from __future__ import annotations

from random import Random

import pytest

from sipice.ice import AgentConfig
from sipice.session import DescriptionReady, Direction, Kind, SessionConfig, Trickle
from sipice.session.state import Mode, Phase
from tests.session.conversation import Conversation, Rules
from tests.session.stack import AUDIO, MUX, Line, Stack
from tests.simnet.call import ice_servers
from tests.simnet.nat import FULL_CONE, PORT_RESTRICTED
from tests.simnet.party import Party
from tests.simnet.topology import OPEN, SiteKind, Topology, behind, build

KINDS = (OPEN, behind(FULL_CONE), behind(PORT_RESTRICTED))


class Chaos(Conversation):
    """Stacks that offer, hold, add, remove, restart and refuse at random."""

    def __init__(self, topology: Topology, rng: Random, **more: object) -> None:
        super().__init__(topology, **more)  # type: ignore[arg-type]
        self.rng = rng
        self.picky = True

    def _at_stack(self, party: Party, event: DescriptionReady) -> None:
        refuses = self.picky and self.answered and self.rng.random() < 0.25
        if event.kind is Kind.OFFER and refuses:
            status = self.rng.choice([488, 500, 606])
            party.tell(party.controller.offer_failed, event.dialog, status)
            other = self.other(party)
            self.world.after(
                self.rules.delay,
                lambda: other.tell(other.controller.offer_failed, self.dialog(other), status),
            )
            return
        super()._at_stack(party, event)

    def act(self) -> None:
        """One thing that one of the stacks does."""
        party = self.rng.choice([self.a, self.b])
        stack = self.stack[party.name]
        choice = self.rng.randrange(8)
        line = self.rng.choice(stack.lines)
        if choice == 0:
            line.direction = self.rng.choice(["sendrecv", "sendonly", "inactive"])
        elif choice == 1 and len(stack.lines) < 4:
            stack.lines.append(Line(port=7000 + 2 * len(stack.lines), extra=self._extra()))
        elif choice == 2:
            line.alive = not line.alive
        elif choice == 3:
            line.extra = self._extra()
        elif choice == 4 and len(party.host.ips) < 3:
            party.host.interfaces[0].add(f"{self._prefix(party)}.{self.rng.randrange(100, 250)}")
        self.reoffer(party, restart=choice == 5)
        if choice == 6:  # glare
            self.reoffer(self.other(party))
        if choice == 7:
            party.tell(party.controller.request_restart, self.dialog(party))

    def _extra(self) -> tuple[str, ...]:
        return self.rng.choice([AUDIO, MUX])

    def _prefix(self, party: Party) -> str:
        from sipice.net import Address

        return Address(party.host.ips[0], 0).host.rpartition(".")[0]


def settle(call: Chaos) -> None:
    """Everybody behaves again: an agreement, and media in every stream."""
    call.picky = False
    call.run(45.0)
    for line in (*call.stack["a"].lines, *call.stack["b"].lines):
        line.direction, line.alive = "sendrecv", True
    for party in (call.a, call.b):
        leg = party.controller._leg
        dialog = leg.dialogs[call.dialog(party)]
        assert dialog.phase is Phase.STABLE, dialog.exchange
        refusal = call.reoffer(party)
        assert refusal is None
        call.run(45.0)


def check(call: Chaos) -> None:
    slots = [party.controller._leg.dialogs[call.dialog(party)].slots for party in (call.a, call.b)]
    assert [slot.mode for slot in slots[0]] == [slot.mode for slot in slots[1]]
    for ours, theirs in zip(*slots, strict=True):
        assert (ours.components, ours.mux) == (theirs.components, theirs.mux)
        if ours.mode is Mode.ICE:
            assert ours.stream is not None
            assert theirs.stream is not None
            _hears(call, ours.stream, theirs.stream)
    for party in (call.a, call.b):
        alive = {slot.stream for slot in slots[party is call.b] if slot.has_ports}
        assert set(party.anchors) == alive, "ports that nobody uses"
        assert {stream for stream, _, _ in party.bases} == alive


def _hears(call: Chaos, ours: int, theirs: int) -> None:
    for party, stream in ((call.a, ours), (call.b, theirs)):
        other = call.other(party)
        before = len(other.media)
        assert party.send_media(b"\x80" * 20, call.dialog(party), stream)
        call.run(0.5)
        assert len(other.media) == before + 1, call.world.trace.text(last=40)


@pytest.mark.parametrize("trickle", Trickle)
@pytest.mark.parametrize("seed", range(4))
def test_whatever_two_stacks_do_they_end_with_media(seed: int, trickle: Trickle) -> None:
    _converse(seed, trickle)


@pytest.mark.long
@pytest.mark.parametrize("trickle", Trickle)
@pytest.mark.parametrize("seed", range(4, 100))
def test_whatever_two_stacks_do_in_many_calls(seed: int, trickle: Trickle) -> None:
    _converse(seed, trickle)


def _converse(seed: int, trickle: Trickle) -> None:
    rng = Random(f"dialogs {seed} {trickle.value}")
    kinds: list[SiteKind] = [rng.choice(KINDS), rng.choice(KINDS)]
    topology = build(*kinds, rtt=rng.choice([0.0, 0.020, 0.2]), seed=seed)
    agent = AgentConfig(servers=ice_servers(topology, turn=rng.random() < 0.3))
    stacks = (
        Stack("a", [Line(extra=rng.choice([AUDIO, MUX]))], silent_version=rng.random() < 0.5),
        Stack("b", [Line(extra=rng.choice([AUDIO, MUX]))]),
    )
    call = Chaos(
        topology,
        rng,
        a=SessionConfig(agent=agent, trickle=trickle),
        rules=Rules(delay=rng.choice([0.005, 0.1]), preview=rng.random() < 0.3, ringing=1.0),
        seed=seed,
        stacks=stacks,
    )
    call.connect()
    for _ in range(rng.randrange(8, 20)):
        call.act()
        call.run(rng.choice([0.0, 0.01, 0.3, 6.0]))
    settle(call)
    check(call)
    assert all(one.direction in Direction for one in call.a.all(DescriptionReady))
