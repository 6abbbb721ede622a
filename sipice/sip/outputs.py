"""What a tap asks of its owner, and the names it uses for calls and ways."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, NamedTuple

from sipice.net import Address

if TYPE_CHECKING:
    from sipice.sip.controlling import Controlling


class Way(NamedTuple):
    """How a message travels: transport, the neighbour's address, and the connection if any."""

    transport: str
    """UDP, TCP, TLS, WS or WSS."""
    remote: Address | None = None
    connection: Hashable = None
    """Whatever the adapter needs to send on it; the tap only hands it back."""

    @property
    def is_datagram(self) -> bool:
        """Messages may be lost, and large ones are."""
        return self.transport.upper() == "UDP"


class CallKey(NamedTuple):
    """One call leg of this endpoint, and with it one controller."""

    call_id: str
    tag: str
    """The From tag of the INVITE that began it."""
    caller: bool
    """That INVITE was ours."""


class Send(NamedTuple):
    """Put this message on the wire."""

    data: bytes
    way: Way


class Deliver(NamedTuple):
    """Give this message to the stack as if it came from there."""

    data: bytes
    way: Way


class Open(NamedTuple):
    """Start to drive this controller, and pass its events on to the tap."""

    key: CallKey
    controller: Controlling


class DialogId(NamedTuple):
    """RFC 3261 §12: a dialog as this endpoint names it; each fork of a call is one."""

    call_id: str
    local: str
    """Our tag."""
    remote: str
    """The peer's tag."""


class Close(NamedTuple):
    """The call is over and its controller is closed; drive it until it is silent."""

    key: CallKey


class SendInfo(NamedTuple):
    """Make the stack send an INFO in this dialog, with its own CSeq, these headers, this body."""

    key: CallKey
    dialog: DialogId
    headers: tuple[tuple[str, str], ...]
    body: bytes


class SendReoffer(NamedTuple):
    """Make the stack offer again in this dialog, by UPDATE or INVITE; the tap fills in the SDP."""

    key: CallKey
    dialog: DialogId
    method: str


class Report(NamedTuple):
    """One line for the person who reads the log."""

    key: CallKey | None
    text: str


Output = Send | Deliver | Open | Close | SendInfo | SendReoffer | Report
