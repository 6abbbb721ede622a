"""RFC 8445 §5.1.1.2: what is to be asked of servers, and which of them have not answered."""

from __future__ import annotations

from typing import NamedTuple

from sipice.net import Address, Base


class Asking(NamedTuple):
    """A question to a server that has no answer yet."""

    rank: int
    """The position of the server among the configured ones."""
    base: int = 0
    """The number of the base it is asked from; 0: its name is not known yet."""


class Question(NamedTuple):
    """Something to be sent to a server when the pacing allows."""

    stream: int
    base: Base
    to: Address
    rank: int
    data: bytes | None = None
    """A message that is ready; None: a new Binding or Allocate request."""
    turn: bool = False
    relay: int = 0
    """The number of the allocation that a ready message belongs to."""
    attempt: int = 1
    """How often an allocation is asked for because its connection broke."""
