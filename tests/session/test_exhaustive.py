"""Every state of the controller meets every input: nothing raises, refusals change nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import pytest

from sipice.ice import AgentConfig, IceServer, ServerKind
from sipice.net import Address, QueryKind, Resolve
from sipice.session import DescriptionReady, OpenPorts, Rejected, SessionConfig
from sipice.session.state import Dialog, Phase
from tests.marks import rfc
from tests.session.solo import PEER_PWD, PEER_UFRAG, Solo, own_section, own_text, peer_text, section

ONE = own_text(own_section())
TWO = own_text(own_section(), own_section(7002))
SERVER = IceServer(ServerKind.STUN, Address.parse("192.0.2.99", 3478))
SLOW = SessionConfig(agent=AgentConfig(servers=(SERVER,)), max_dialogs=3)
QUICK = SessionConfig(max_dialogs=3)
FRAGMENT = (
    f"a=ice-ufrag:{PEER_UFRAG}\r\na=ice-pwd:{PEER_PWD}\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
    "a=candidate:9 1 UDP 99 198.51.100.77 7777 typ host\r\na=end-of-candidates\r\n"
).encode()


def peer(version: int = 1, **more: object) -> bytes:
    return peer_text(section(6000, "a=mid:0"), version=version, options="ice2 trickle", **more)  # type: ignore[arg-type]


# States -----------------------------------------------------------------------------------------


def fresh() -> Solo:
    return Solo(QUICK)


def opening() -> Solo:
    solo = Solo(QUICK, opens=False)
    solo.controller.begin_offer(0.0, "", ONE)
    return solo


def gathering() -> Solo:
    solo = Solo(SLOW)
    solo.controller.begin_offer(0.0, "", ONE)
    return solo


def offered() -> Solo:
    solo = Solo(QUICK)
    solo.offer(ONE, "")
    return solo


def shelved() -> Solo:
    solo = offered()
    solo.controller.offer_failed(solo.now, "", 401)
    return solo


def previewed() -> Solo:
    solo = offered()
    solo.answered(peer(), final=False)
    return solo


def forked() -> Solo:
    solo = previewed()
    solo.answered(peer(), final=False, dialog="other")
    return solo


def called() -> Solo:
    solo = offered()
    solo.answered(peer())
    return solo


def plain() -> Solo:
    solo = offered()
    solo.answered(peer_text(section(ice=False), ufrag=None))
    return solo


def shown() -> Solo:
    solo = Solo(QUICK)
    solo.offered(peer())
    return solo


def asked_ports() -> Solo:
    solo = Solo(QUICK, opens=False)
    solo.controller.receive_offer(0.0, "peer", peer())
    return solo


def answering() -> Solo:
    solo = Solo(SLOW)
    solo.controller.receive_offer(0.0, "peer", peer_text(section()))
    solo.take()
    solo.controller.begin_answer(0.0, "peer", ONE)
    return solo


def rings() -> Solo:
    solo = shown()
    solo.answer(ONE, final=False)
    return solo


def answered() -> Solo:
    solo = shown()
    solo.answer(ONE)
    return solo


def reoffering() -> Solo:
    solo = called()
    solo.offer(TWO)
    return solo


def restarting() -> Solo:
    solo = called()
    solo.offer(ONE, restart=True)
    return solo


def restarted() -> Solo:
    solo = restarting()
    solo.answered(peer(2, ufrag="OTHERufr"))
    return solo


def reoffered() -> Solo:
    solo = answered()
    solo.offered(peer(2, ufrag="OTHERufr"))
    return solo


def racing() -> Solo:
    solo = Solo(QUICK)
    solo.controller.receive_offer(0.0, "peer", peer())
    solo.take()
    solo.controller.begin_answer(0.0, "peer", ONE)
    solo.take()
    ours = next(iter(solo.bases))
    lines = ("a=mid:0", f"a=remote-candidates:1 {ours.host} {ours.port}")
    text = peer_text(section(6000, *lines), version=2, options="ice2 trickle")
    solo.controller.receive_offer(0.0, "peer", text)
    solo.take()
    solo.controller.begin_answer(0.0, "peer", ONE)
    return solo


def ended() -> Solo:
    solo = called()
    solo.controller.end(solo.now, "peer")
    return solo


def closed() -> Solo:
    solo = called()
    solo.controller.close(solo.now)
    return solo


STATES: tuple[Callable[[], Solo], ...] = (
    fresh, opening, gathering, offered, shelved, previewed, forked, called, plain, shown,
    asked_ports, answering, rings, answered, reoffering, restarting, restarted, reoffered, racing,
    ended, closed,
)  # fmt: skip

# Inputs -----------------------------------------------------------------------------------------

Input = Callable[[Solo], object]


def _own(text: bytes, **more: object) -> Input:
    return lambda s: s.controller.begin_offer(s.now, s.dialog, text, **more)  # type: ignore[arg-type]


def _first(text: bytes) -> Input:
    return lambda s: s.controller.begin_offer(s.now, "", text)


def _reply(text: bytes, *, final: bool = True) -> Input:
    return lambda s: s.controller.begin_answer(s.now, s.dialog, text, final=final)


def _theirs(text: bytes) -> Input:
    return lambda s: s.controller.receive_offer(s.now, s.dialog, text)


def _their_answer(text: bytes, *, final: bool = True, dialog: str = "peer") -> Input:
    return lambda s: s.controller.receive_answer(s.now, dialog, text, final=final)


def _open(solo: Solo) -> None:
    solo.opens = True
    for command in [one for one in solo.commands if isinstance(one, OpenPorts)]:
        if command.stream in solo.controller._leg.ports:
            solo.open(command)


def _datagram(solo: Solo) -> None:
    for base in solo.bases.values():
        for data in (b"\x80" * 20, b"\0\1\0\0!\x12\xa4B" + bytes(12), b""):
            remote = Address.parse("198.51.100.7", 6000)
            solo.controller.receive_datagram(solo.now, data, base, remote)


def _lose(solo: Solo) -> None:
    for base in solo.bases.values():
        solo.controller.remove_local_address(solo.now, base)


def _end(solo: Solo) -> None:
    """Another dialog of the same name begins anew."""
    solo.controller.end(solo.now, solo.dialog)
    solo.judge.sent.pop(("solo", solo.dialog), None)
    solo.judge.shown.pop(("solo", solo.dialog), None)


INPUTS: dict[str, Input] = {
    "we offer one": _own(ONE),
    "we offer two": _own(TWO),
    "we offer a restart": _own(ONE, restart=True),
    "we offer in few bytes": _own(ONE, budget=10),
    "we offer none": _own(own_text()),
    "we offer port 0": _own(own_text(own_section(0))),
    "we offer garbage": _own(b"\xff"),
    "we call": _first(ONE),
    "we call otherwise": _first(TWO),
    "we answer": _reply(ONE),
    "we preview": _reply(ONE, final=False),
    "we answer two": _reply(TWO),
    "we refuse the stream": _reply(own_text(own_section(0))),
    "we answer garbage": _reply(b""),
    "the same offer comes": _theirs(peer()),
    "an offer comes": _theirs(peer(3)),
    "an offer of two comes": _theirs(peer_text(section(6000, "a=mid:0"), section(6002), version=3)),
    "an offer without ICE comes": _theirs(peer_text(section(ice=False), ufrag=None, version=3)),
    "a restart comes": _theirs(peer(3, ufrag="THIRDufr")),
    "an offer of none comes": _theirs(peer_text(version=3)),
    "an offer of port 0 comes": _theirs(peer_text(section(0), version=3)),
    "a mismatch comes": _theirs(peer(3).replace(b"m=audio 6000", b"m=audio 6666")),
    "fax comes": _theirs(
        peer_text(section(6000, media="image", proto="udptl", formats="t38"), version=3)
    ),
    "garbage comes": _theirs(b"\0\xff"),
    "an answer comes": _their_answer(peer(3)),
    "a preview comes": _their_answer(peer(3), final=False),
    "an answer of a branch comes": _their_answer(peer(3), dialog="branch"),
    "an answer without ICE comes": _their_answer(peer_text(section(ice=False), ufrag=None)),
    "an answer of two comes": _their_answer(peer_text(section(), section(6002))),
    "an answer of port 0 comes": _their_answer(peer_text(section(0))),
    "garbage answers": _their_answer(b"v=0"),
    "it fails": lambda s: s.controller.offer_failed(s.now, s.dialog, 488),
    "the call fails": lambda s: s.controller.offer_failed(s.now, "", 401),
    "a fragment comes": lambda s: s.controller.receive_fragment(s.now, s.dialog, FRAGMENT),
    "a broken fragment comes": lambda s: s.controller.receive_fragment(s.now, s.dialog, b"\xff=\r"),
    "no trickling": lambda s: s.controller.set_trickle(s.now, s.dialog, supported=False),
    "trickling": lambda s: s.controller.set_trickle(s.now, s.dialog, supported=True),
    "all we trickle": lambda s: s.controller.fragment(s.now, s.dialog),
    "a restart is wanted": lambda s: s.controller.request_restart(s.now, s.dialog),
    "confirmed": lambda s: s.controller.confirm(s.now, s.dialog),
    "ended": _end,
    "closed": lambda s: s.controller.close(s.now),
    "ports open": _open,
    "datagrams come": _datagram,
    "addresses go": _lose,
    "a name is found": lambda s: s.controller.name_resolved(
        s.now, Resolve(QueryKind.MDNS, "x.local"), []
    ),
    "a minute passes": lambda s: s.wait(s.now + 60.0),
}

# What must hold ---------------------------------------------------------------------------------


def picture(solo: Solo) -> object:
    """All that signalling knows, for comparison."""
    leg = solo.controller._leg
    return (
        {name: _of(dialog) for name, dialog in leg.dialogs.items()},
        {stream: (ports.anchor, ports.opening) for stream, ports in leg.ports.items()},
    )


def _of(dialog: Dialog) -> object:
    exchange = dialog.exchange
    inside = exchange and tuple(str(getattr(exchange, one.name)) for one in fields(exchange))
    return dialog.phase, dialog.slots, dialog.local, dialog.remote, inside, str(dialog.streams)


def meet(solo: Solo, name: str) -> None:
    """One input; a refusal must not have changed anything."""
    solo.take()
    before = picture(solo)
    result = INPUTS[name](solo)
    if isinstance(result, Rejected):
        assert picture(solo) == before, name
        assert solo.controller.take_events() == []
        assert 400 <= result.status < 600
    solo.take()
    check(solo)


def check(solo: Solo) -> None:
    leg = solo.controller._leg
    held = {stream for dialog in leg.dialogs.values() for stream in dialog.streams}
    assert held <= set(leg.ports)
    for dialog in leg.dialogs.values():
        if dialog.phase is not Phase.STABLE:
            assert dialog.exchange is not None
        elif dialog.exchange is not None:
            assert dialog.slots == (), "only an initial offer is kept"
        for slot in dialog.plan:
            assert slot.stream is None or slot.stream in dialog.streams


BY_NAME = pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)


@BY_NAME
@rfc("3264", "4 (via 6337 §4)", "MUST NOT", "3264-4-1")
@rfc("6337", "UAC-II", "must not", "6337-4.3-1")
@rfc("6337", "UAC-UU", "must not", "6337-4.3-2")
def test_every_state_meets_every_input(state: Callable[[], Solo]) -> None:
    for name in INPUTS:
        _play(state(), name)


@BY_NAME
def test_every_state_meets_every_input_behind_another_one(state: Callable[[], Solo]) -> None:
    for name in INPUTS:
        _play(state(), "an offer comes", name)


@pytest.mark.long
@BY_NAME
def test_every_state_meets_every_pair_of_inputs(state: Callable[[], Solo]) -> None:
    for first in INPUTS:
        for second in INPUTS:
            _play(state(), first, second)


def _play(solo: Solo, *names: str) -> None:
    """In the end every socket has been given back."""
    for name in names:
        meet(solo, name)
    solo.controller.close(solo.now)
    solo.take()
    if "addresses go" not in names:
        assert set(solo.released) >= set(solo.bases.values())
    assert not solo.controller._leg.ports
    assert solo.controller.next_timeout() is None


def test_what_is_refused_is_told_by_nobody() -> None:
    solo = called()
    before = len(solo.all(DescriptionReady))
    for name in ("we offer garbage", "garbage comes", "garbage answers", "we answer"):
        meet(solo, name)
    assert len(solo.all(DescriptionReady)) == before
