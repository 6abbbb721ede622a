"""RFC 3261 §18.1.1: which candidates a message over UDP can do without, the least useful first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sipice.ice import Candidate, CandidateType
from sipice.session.state import Dialog, Exchange, Leg, Mode

ALL = 256


class Cut(NamedTuple):
    """What a description is written with; its default candidates stay anyway."""

    allows: Callable[[Candidate], bool] = lambda _: True
    components: int = ALL

    def keeps(self, candidate: Candidate) -> bool:
        """Whether a candidate that is no default one is written."""
        return candidate.component <= self.components and self.allows(candidate)


def cuts(leg: Leg, dialog: Dialog, exchange: Exchange) -> Iterator[Cut]:
    """What to try, each smaller than the one before.

    All; without the hosts of virtual networks; with one host for each component and family; and
    without the component of RTCP where it may travel on the port of RTP.
    """
    yield Cut()
    if exchange.budget is None:
        return
    networks = leg.config.virtual

    def is_real(one: Candidate) -> bool:
        virtual = any(network.contains(one.address.ip) for network in networks)
        return one.type is not CandidateType.HOST or not virtual

    yield Cut(is_real)
    best = _best_hosts(dialog, exchange, is_real)

    def is_best(one: Candidate) -> bool:
        return one.type is not CandidateType.HOST or (one.component, one.address) in best

    yield Cut(is_best)
    if _offers_mux(exchange):
        yield Cut(is_best, 1)


def _best_hosts(
    dialog: Dialog, exchange: Exchange, allows: Callable[[Candidate], bool]
) -> set[tuple[int, object]]:
    """The preferred host candidate of each component and family of each stream."""
    best: dict[tuple[int, int, int], Candidate] = {}
    for slot in exchange.plan:
        if slot.mode is not Mode.ICE or slot.stream is None:
            continue
        for one in dialog.agent.local_description(slot.stream).candidates:
            key = (slot.stream, one.component, one.address.family)
            if one.type is not CandidateType.HOST or not allows(one):
                continue
            if key not in best or one.priority > best[key].priority:
                best[key] = one
    return {(one.component, one.address) for one in best.values()}


def _offers_mux(exchange: Exchange) -> bool:
    assert exchange.local is not None
    sections = zip(exchange.local.media, exchange.plan, strict=True)
    return all(media.rtcp_mux for media, slot in sections if slot.mode is Mode.ICE)
