"""What a tap needs of a controller, and what a controller tells it (see sipice.session)."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol


class Direction(Enum):
    """Where a description goes."""

    TO_PEER = 0
    TO_STACK = 1


class Kind(Enum):
    """What a description is in the exchange."""

    OFFER = 0
    ANSWER = 1
    PREVIEW = 2


class DescriptionReady(NamedTuple):
    """A description can go where it belongs."""

    dialog: str
    direction: Direction
    kind: Kind
    sdp: bytes
    notes: tuple[str, ...] = ()


class FragmentReady(NamedTuple):
    """There is more to trickle; each body holds all that came before."""

    dialog: str
    body: bytes


class UpdateNeeded(NamedTuple):
    """Our stack should send an offer as soon as it may."""

    dialog: str
    reason: Enum


class Rejected(NamedTuple):
    """A description that cannot be accepted; nothing has changed."""

    status: int
    warning: str
    stream: int | None
    reason: str
    retry_after: int | None = None


class Controlling(Protocol):
    """The verbs of sipice.session.Controller that a tap uses."""

    def begin_offer(
        self, now: float, dialog: str, sdp: bytes, *, budget: int | None = None
    ) -> Rejected | None:
        """Our stack wants to send this offer."""

    def begin_answer(
        self,
        now: float,
        dialog: str,
        sdp: bytes,
        *,
        final: bool = True,
        budget: int | None = None,
    ) -> Rejected | None:
        """Our stack wants to send this answer, or a preview of it."""

    def receive_offer(self, now: float, dialog: str, sdp: bytes) -> Rejected | None:
        """The peer offers."""

    def receive_answer(
        self, now: float, dialog: str, sdp: bytes, *, final: bool = True
    ) -> Rejected | None:
        """The peer answers, or shows what it will answer."""

    def offer_failed(self, now: float, dialog: str, status: int) -> None:
        """The request that carried the open offer failed."""

    def receive_fragment(self, now: float, dialog: str, body: bytes) -> Rejected | None:
        """More candidates of the peer."""

    def confirm(self, now: float, dialog: str) -> None:
        """The dialog was answered with a 2xx."""

    def end(self, now: float, dialog: str) -> None:
        """The dialog is over."""

    def close(self, now: float) -> None:
        """The call is over."""
