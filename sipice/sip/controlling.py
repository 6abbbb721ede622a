"""What a tap needs of a controller; sipice.session.Controller is one."""

from __future__ import annotations

from typing import Protocol

from sipice.session.events import Rejected


class Controlling(Protocol):
    """The verbs of sipice.session.Controller that a tap uses."""

    def begin_offer(
        self,
        now: float,
        dialog: str,
        sdp: bytes,
        *,
        budget: int | None = None,
        restart: bool = False,
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

    def is_connected(self, dialog: str) -> bool:
        """Every component of every stream has a path."""

    def fragment(self, now: float, dialog: str) -> bytes:
        """All our candidates that can be trickled, as one body."""

    def set_trickle(self, now: float, dialog: str, supported: bool) -> None:
        """Whether the peer takes candidates by INFO."""

    def confirm(self, now: float, dialog: str) -> None:
        """The dialog was answered with a 2xx."""

    def end(self, now: float, dialog: str) -> None:
        """The dialog is over."""

    def close(self, now: float) -> None:
        """The call is over."""
