"""The controller as the tap sees it, and what a plugin learns from what passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sdp
from sdp import effective
from sipice.net import Address
from sipice.session import Controller, Rejected

_MAPPED = bytes(10) + b"\xff\xff"

Media = tuple[Address | None, ...]
"""Where a stack listens for RTP, and RTCP if apart."""


@dataclass(slots=True)
class Habits:
    """What a stack has shown of itself, call by call: a callee is offered media before it speaks.

    An offer to a family that the callee has not would have to be refused (RFC 6157 §3.1).
    """

    has_sip_over_ipv6: bool = False
    """So the last message came to it."""
    has_media_over_ipv6: bool | None = None
    """Only so in its last description; None: nothing was said yet."""

    def note_sip(self, remote: Address) -> None:
        """SIP came from there; to a socket for both families IPv4 comes from mapped addresses."""
        self.has_sip_over_ipv6 = remote.family == 6 and not remote.ip.startswith(_MAPPED)


class Leg:
    """Hands everything on; notes where our stack listens and which dialog is the one that talks.

    ``touched`` is called after each input, so that what it led to is carried out.
    """

    def __init__(
        self, controller: Controller, touched: Callable[[], None], habits: Habits | None = None
    ) -> None:
        self.active = ""
        """The dialog whose media counts: the confirmed one, before that the last one heard of."""
        self.stack_media: list[Media] = []
        """By m= section, as our stack described itself last."""
        self._controller = controller
        self._touched = touched
        self._habits = habits or Habits()
        self._is_confirmed = False

    @property
    def speaks_ipv6(self) -> bool:
        """Whether all media of our stack is at IPv6 addresses, or most probably will be."""
        habits = self._habits
        families = self._families()
        if families:
            return families == {6}
        if habits.has_media_over_ipv6 is None:
            return habits.has_sip_over_ipv6
        return habits.has_media_over_ipv6

    def _families(self) -> set[int]:
        return {one.family for media in self.stack_media for one in media if one}

    def begin_offer(
        self,
        now: float,
        dialog: str,
        sdp: bytes,
        *,
        budget: int | None = None,
        restart: bool = False,
    ) -> Rejected | None:
        """See Controller."""
        self._note(dialog, sdp)
        refusal = self._controller.begin_offer(now, dialog, sdp, budget=budget, restart=restart)
        self._touched()
        return refusal

    def begin_answer(
        self,
        now: float,
        dialog: str,
        sdp: bytes,
        *,
        final: bool = True,
        budget: int | None = None,
    ) -> Rejected | None:
        """See Controller."""
        self._note(dialog, sdp)
        refusal = self._controller.begin_answer(now, dialog, sdp, final=final, budget=budget)
        self._touched()
        return refusal

    def receive_offer(self, now: float, dialog: str, sdp: bytes) -> Rejected | None:
        """See Controller."""
        refusal = self._controller.receive_offer(now, dialog, sdp)
        self._touched()
        return refusal

    def receive_answer(
        self, now: float, dialog: str, sdp: bytes, *, final: bool = True
    ) -> Rejected | None:
        """See Controller."""
        if not self._is_confirmed:
            self.active = dialog
        refusal = self._controller.receive_answer(now, dialog, sdp, final=final)
        self._touched()
        return refusal

    def offer_failed(self, now: float, dialog: str, status: int) -> None:
        """See Controller."""
        self._controller.offer_failed(now, dialog, status)
        self._touched()

    def receive_fragment(self, now: float, dialog: str, body: bytes) -> Rejected | None:
        """See Controller."""
        refusal = self._controller.receive_fragment(now, dialog, body)
        self._touched()
        return refusal

    def is_connected(self, dialog: str) -> bool:
        """See Controller."""
        return self._controller.is_connected(dialog)

    def fragment(self, now: float, dialog: str) -> bytes:
        """See Controller."""
        return self._controller.fragment(now, dialog)

    def set_trickle(self, now: float, dialog: str, supported: bool) -> None:
        """See Controller."""
        self._controller.set_trickle(now, dialog, supported)
        self._touched()

    def confirm(self, now: float, dialog: str) -> None:
        """See Controller."""
        self.active, self._is_confirmed = dialog, True
        self._controller.confirm(now, dialog)
        self._touched()

    def end(self, now: float, dialog: str) -> None:
        """See Controller."""
        self._controller.end(now, dialog)
        self._touched()

    def close(self, now: float) -> None:
        """See Controller."""
        self._controller.close(now)
        self._touched()

    def _note(self, dialog: str, text: bytes) -> None:
        if not self._is_confirmed:
            self.active = dialog
        self.stack_media = media_of(text)
        if families := self._families():
            self._habits.has_media_over_ipv6 = families == {6}


def media_of(text: bytes) -> list[Media]:
    """Where each m= section of a description of ours wants its media."""
    description = sdp.parse(text)
    return [
        tuple(_address(description, section, component) for component in (1, 2))
        for section in range(len(description.media))
    ]


def _address(description: sdp.SessionDescription, section: int, component: int) -> Address | None:
    place = effective.default_destination(description, section, component)
    if place is None or place.is_placeholder:
        return None
    try:
        return Address.parse(place.address, place.port)
    except ValueError:  # a name
        return None
