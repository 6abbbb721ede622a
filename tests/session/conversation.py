"""Two controllers with their stacks, and the SIP between them reduced to offers and answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import sdp
from sdp import effective
from sdp.edit import ICE_ATTRIBUTES
from sipice.session import (
    Controller,
    DescriptionReady,
    Direction,
    FragmentReady,
    Kind,
    PathSelected,
    Rejected,
    SessionConfig,
    SessionEvent,
    UpdateNeeded,
)
from tests.session.stack import Stack
from tests.simnet.call import Watch
from tests.simnet.party import Party
from tests.simnet.topology import Topology

RTP = b"\x80\0"


class Judge:
    """What holds for every description of a dialog: strict ICE to the peer, none to the stack."""

    def __init__(self) -> None:
        self.sent: dict[tuple[str, str], list[bytes]] = {}
        self.shown: dict[tuple[str, str], list[bytes]] = {}
        self.tolerated: set[str] = set()
        """Codes of findings that a test brings about itself."""

    def look(self, who: str, event: DescriptionReady) -> None:
        kept = self.sent if event.direction is Direction.TO_PEER else self.shown
        past = kept.setdefault((who, event.dialog), [])
        if event.direction is Direction.TO_PEER:
            self._strict(event)
        else:
            self._plain(event)
        self._versions(past, event.sdp)
        past.append(event.sdp)

    def _strict(self, event: DescriptionReady) -> None:
        description = sdp.parse(event.sdp)
        kind = "offer" if event.kind is Kind.OFFER else "answer"
        found = [
            finding
            for finding in sdp.lint.check(description, kind=kind)  # type: ignore[arg-type]
            if finding.severity is sdp.lint.Severity.ERROR and finding.code not in self.tolerated
        ]
        assert found == [], f"{found}\n{event.sdp.decode()}"
        for section in range(len(description.media)):
            assert effective.mismatch(description, section) == (), event.sdp.decode()

    def _plain(self, event: DescriptionReady) -> None:
        for line in event.sdp.splitlines():
            name = line[2:].partition(b":")[0].strip().lower()
            assert line[:2] != b"a=" or name not in ICE_ATTRIBUTES, event.sdp.decode()

    def _versions(self, past: list[bytes], text: bytes) -> None:
        """D4.3: the version grows by one if and only if another byte differs."""
        now = sdp.parse(text).origin
        assert now is not None
        if not past:
            return
        before = sdp.parse(past[-1]).origin
        assert before is not None
        assert (before.username, before.session_id) == (now.username, now.session_id)
        grown = int(now.session_version) - int(before.session_version)
        assert grown == (0 if text == past[-1] else 1), f"{grown}\n{text.decode()}"


@dataclass(slots=True, eq=False)
class Refused:
    """A description that the other side would not take."""

    at: float
    by: str
    rejected: Rejected


@dataclass(slots=True, eq=False)
class Rules:
    """How the calls go."""

    delay: float = 0.025
    """One way of the signalling, seconds."""
    ringing: float = 0.0
    """How long the callee takes to answer the initial offer."""
    preview: bool = False
    """The initial answer comes in an unreliable 18x first, and rings then."""
    updates: bool = True
    """The stacks make the offers that the controllers ask for."""
    trickling: bool = True
    """Fragments are carried."""
    fragments: dict[str, int] = field(default_factory=dict)


class Conversation:
    """A call between two hosts; ``start`` has a call b."""

    def __init__(
        self,
        topology: Topology,
        a: SessionConfig | None = None,
        b: SessionConfig | None = None,
        *,
        rules: Rules | None = None,
        seed: int = 0,
        stacks: tuple[Stack, Stack] | None = None,
    ) -> None:
        self.topology, self.world = topology, topology.world
        self.rules = rules or Rules()
        self.a = Party(topology.a.host, a or SessionConfig(), seed=seed)
        self.b = Party(topology.b.host, b or a or SessionConfig(), seed=seed + 1)
        self.stack = dict(zip("ab", stacks or (Stack("a"), Stack("b")), strict=True))
        self.judge = Judge()
        self.refused: list[Refused] = []
        self.lost: Callable[[str, DescriptionReady], bool] = lambda who, event: False
        """Asked for each description to a peer; True loses it."""
        self.watch = Watch(self.world)
        self.watch.checker.servers |= {topology.stun.address, topology.turn.address}
        self.answered = False
        for party in (self.a, self.b):
            self.watch.checker.follow(party.name)
            if party.config.agent.lite:
                self.watch.checker.lite.add(party.name)
            party.watchers.append(partial(self._happened, party))

    def other(self, party: Party) -> Party:
        return self.b if party is self.a else self.a

    def dialog(self, party: Party) -> str:
        """How a party calls its dialog: by the peer's tag, which is the peer's name here."""
        return self.other(party).name

    # The stacks

    def start(self) -> Conversation:
        self.tell_offer(self.a, "")
        return self

    def reoffer(self, party: Party, *, restart: bool = False) -> Rejected | None:
        return self.tell_offer(party, self.dialog(party), restart=restart)

    def tell_offer(self, party: Party, dialog: str, *, restart: bool = False) -> Rejected | None:
        text = self.stack[party.name].offer()
        found = party.tell(party.controller.begin_offer, dialog, text, restart=restart)
        assert found is None or isinstance(found, Rejected)
        return found

    def inject(self, party: Party, text: bytes) -> object:
        """An offer that ``party`` gets as if the other one had sent it."""
        self._announce(self.other(party), text)
        dialog = self.dialog(party)
        return party.tell(party.controller.receive_offer, dialog, text)

    def connect(self, limit: float = 60.0) -> Conversation:
        """Call, and run until media flows both ways in every stream."""
        self.start()
        self.world.run(until=self.world.now + limit, stop=lambda: self.is_connected)
        assert self.is_connected, self.world.trace.text(last=60)
        return self

    def run(self, seconds: float) -> Conversation:
        self.world.run(until=self.world.now + seconds)
        return self

    @property
    def is_connected(self) -> bool:
        if not self.answered:
            return False
        return all(self._sends(party) for party in (self.a, self.b))

    def _sends(self, party: Party) -> bool:
        controller: Controller = party.controller
        dialog = self.dialog(party)
        streams = {one for one in controller.streams(dialog) if one is not None}
        return bool(streams) and all(
            controller.media(dialog, stream, 1).send is not None for stream in streams
        )

    # Signalling

    def _happened(self, party: Party, event: SessionEvent) -> None:
        match event:
            case DescriptionReady():
                self.judge.look(party.name, event)
                if event.direction is Direction.TO_STACK:
                    self._at_stack(party, event)
                else:
                    self._announce(party, event.sdp)
                    if not self.lost(party.name, event):
                        self.world.after(self.rules.delay, lambda: self._arrive(party, event))
            case FragmentReady(_, body) if self.rules.trickling:
                self.rules.fragments[party.name] = self.rules.fragments.get(party.name, 0) + 1
                other = self.other(party)
                self.world.after(
                    self.rules.delay,
                    lambda: other.tell(other.controller.receive_fragment, self.dialog(other), body),
                )
            case UpdateNeeded() if self.rules.updates:
                self.world.at(self.world.now, lambda: self.reoffer(party))
            case _:
                pass

    def _at_stack(self, party: Party, event: DescriptionReady) -> None:
        if event.kind is not Kind.OFFER:
            self.answered = self.answered or event.kind is Kind.ANSWER
            return
        initial = len(self.judge.shown[party.name, event.dialog]) == 1
        text = self.stack[party.name].answer(event.sdp)

        def answer(final: bool = True) -> None:
            begin = party.controller.begin_answer
            refusal = party.tell(begin, event.dialog, text, final=final)
            assert refusal is None, refusal

        def answer_final() -> None:
            party.tell(party.controller.confirm, event.dialog)
            answer()

        if not initial:
            answer()
        elif self.rules.preview:
            answer(final=False)
            self.world.after(self.rules.ringing, answer_final)
        else:
            self.world.after(self.rules.ringing, answer_final)

    def _announce(self, party: Party, text: bytes) -> None:
        description = sdp.parse(text)
        for section in range(len(description.media)):
            found = effective.credentials(description, section)
            if found is not None:
                self.watch.checker.watch(party.name, found.ufrag, found.pwd)

    def _arrive(self, sender: Party, event: DescriptionReady) -> None:
        receiver = self.other(sender)
        dialog = self.dialog(receiver)
        if event.kind is Kind.OFFER:
            found = receiver.tell(receiver.controller.receive_offer, dialog, event.sdp)
            if isinstance(found, Rejected):
                self.refused.append(Refused(self.world.now, receiver.name, found))
                fail = partial(sender.controller.offer_failed, dialog=event.dialog)
                status = found.status
                self.world.after(self.rules.delay, lambda: sender.tell(fail, status=status))
            return
        final = event.kind is Kind.ANSWER
        if final:
            receiver.tell(receiver.controller.confirm, dialog)
        found = receiver.tell(receiver.controller.receive_answer, dialog, event.sdp, final=final)
        if isinstance(found, Rejected):
            self.refused.append(Refused(self.world.now, receiver.name, found))
            receiver.tell(receiver.controller.offer_failed, dialog, found.status)

    # Media

    def talk(self, seconds: float = 1.0, *, stream: int = 0, component: int = 1) -> None:
        """Both send a packet each 20 ms and must hear the other's last ones."""
        begin = self.world.now
        count = 0
        while self.world.now < begin + seconds:
            for party in (self.a, self.b):
                data = RTP + count.to_bytes(4, "big") + bytes(6)
                party.send_media(data, self.dialog(party), stream, component)
            count += 1
            self.run(0.020)
        self.run(0.500)
        for party in (self.a, self.b):
            heard = [data for when, _, data in party.media if when > begin]
            assert heard, f"{party.name} hears nothing\n{self.world.trace.text(last=40)}"
            last = int.from_bytes(heard[-1][2:6], "big")
            assert last == count - 1, f"{party.name} heard {last} last, {count - 1} was sent"

    # Questions

    def sent(self, party: Party) -> list[sdp.SessionDescription]:
        """What a party sent to its peer, in order."""
        texts: list[bytes] = []
        for dialog in ("", self.dialog(party)):
            texts += self.judge.sent.get((party.name, dialog), [])
        return [sdp.parse(text) for text in texts]

    def shown(self, party: Party) -> list[sdp.SessionDescription]:
        """What a party's stack saw, in order."""
        return [sdp.parse(text) for text in self.judge.shown[party.name, self.dialog(party)]]

    def selected(self, party: Party, stream: int = 0, component: int = 1) -> PathSelected:
        found = [
            one for one in party.all(PathSelected) if (one.stream, one.component)
            == (stream, component)
        ]  # fmt: skip
        return found[-1]
