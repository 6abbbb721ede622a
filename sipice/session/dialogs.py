"""RFC 8839 §7: one offer, several dialogs: which one a description belongs to."""

from __future__ import annotations

from sipice.ice import Agent
from sipice.session import apply, streams
from sipice.session.state import Dialog, Exchange, Leg, Offered, Phase, Step

INITIAL = ""
"""The name of the dialog that is still to come: of our initial offer."""


def make(leg: Leg, name: str) -> Dialog | None:
    """A dialog that begins with an offer of its own; None when there can be none any more."""
    agent = _agent(leg) if len(leg.dialogs) < leg.config.max_dialogs else None
    if agent is None:
        return None
    dialog = leg.dialogs[name] = Dialog(name, agent)
    return dialog


def is_premature(leg: Leg, name: str) -> bool:
    """Whether an offer is made in a dialog in which our initial offer is not answered yet."""
    return name not in leg.dialogs and (leg.offered is not None or INITIAL in leg.dialogs)


def revive(leg: Leg) -> None:
    """All branches have ended and the call is made again: what was offered serves once more.

    That happens when a 3xx or 503 comes after a provisional response (RFC 3261 §8.1.3.4).
    """
    if leg.offered is not None and leg.spare is not None and not leg.dialogs:
        dialog = _opened(leg.offered, INITIAL, leg.spare)
        dialog.phase, leg.spare = Phase.STABLE, None
        leg.dialogs[INITIAL] = dialog


def _agent(leg: Leg) -> Agent | None:
    """The root for the first, a sibling without its streams for every other."""
    if not leg.begun:
        leg.begun = True
        return leg.root
    parent = next(iter(leg.dialogs.values()), None)
    if parent is None:
        return None
    agent = parent.agent.fork(leg.now)
    for stream in parent.streams:
        agent.remove_stream(leg.now, stream)
    return agent


def prospect(leg: Leg, name: str) -> tuple[Dialog, Exchange] | None:
    """Whose offer an answer from there would be for; nothing is made yet.

    An unknown name while our initial offer is out is a branch of a fork. None when there is no
    such offer, or when there are too many branches.
    """
    known = leg.dialogs.get(name) or leg.dialogs.get(INITIAL)
    if known is not None:
        out = known.phase is Phase.LOCAL_OFFER and known.exchange is not None
        return (known, known.exchange) if out and known.exchange is not None else None
    if leg.offered is None or len(leg.dialogs) >= leg.config.max_dialogs:
        return None
    return Dialog(name, leg.root), _again(leg.offered)


def answered(leg: Leg, name: str) -> Dialog | None:
    """The dialog that an answer, or the first sign of one, is for; see ``prospect``.

    The first branch takes the agent that made the offer, each further one gets a sibling.
    """
    known = leg.dialogs.get(name)
    if known is not None:
        return known
    first = leg.dialogs.get(INITIAL)
    if first is not None and first.exchange is not None and first.exchange.step is Step.OUT:
        del leg.dialogs[INITIAL]
        leg.dialogs[name], first.name = first, name
        if not leg.confirmed and leg.spare is None:
            leg.spare = first.agent.fork(leg.now)
        return first
    return _branch(leg, name)


def _branch(leg: Leg, name: str) -> Dialog | None:
    offered = leg.offered
    if offered is None or len(leg.dialogs) >= leg.config.max_dialogs:
        return None
    others = (one.agent for one in leg.dialogs.values() if set(offered.streams) <= set(one.streams))
    source = leg.spare or next(others, None)
    if source is None:
        return None
    dialog = leg.dialogs[name] = _opened(offered, name, source.fork(leg.now))
    return dialog


def _opened(offered: Offered, name: str, agent: Agent) -> Dialog:
    return Dialog(
        name,
        agent,
        Phase.LOCAL_OFFER,
        exchange=_again(offered),
        ours=offered.ours.copy(),
        streams={stream: memory.for_sibling() for stream, memory in offered.streams.items()},
    )


def _again(offered: Offered) -> Exchange:
    """The initial offer, open in one more branch."""
    return Exchange(
        Step.OUT,
        list(offered.plan),
        added=list(offered.streams),
        local=offered.local,
        sent=offered.sent,
        told=dict(offered.told),
    )


def confirm(leg: Leg, name: str) -> None:
    """A 2xx came for this dialog: the offer needs nothing kept for further branches."""
    leg.confirmed = True
    dialog = answered(leg, name)
    if dialog is not None and not dialog.confirmed:
        dialog.confirmed = True
        apply.expect_media(leg, dialog)
    _release_spare(leg)


def end(leg: Leg, name: str) -> None:
    """The dialog is over."""
    dialog = leg.dialogs.pop(name, None)
    if dialog is None:
        return
    dialog.agent.close(leg.now)
    streams.take_commands(leg, dialog.agent)
    streams.close_unused(leg)


def close(leg: Leg) -> None:
    """The call is over."""
    for name in list(leg.dialogs):
        end(leg, name)
    _release_spare(leg)
    leg.root.close(leg.now)
    streams.take_commands(leg, leg.root)
    leg.closed = True


def _release_spare(leg: Leg) -> None:
    spare, leg.spare = leg.spare, None
    if spare is not None:
        spare.close(leg.now)
        streams.take_commands(leg, spare)
    streams.close_unused(leg)
