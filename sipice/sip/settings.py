"""What a tap may be told, and its limits; times in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from sipice.sip.digest import Credentials

T1 = 0.5
"""RFC 3261 §17.1.1.1: the estimate of a round trip."""

T2 = 4.0
"""RFC 3261 §17.1.2.2: retransmissions of responses come no rarer than this."""

LIFETIME = 64 * T1
"""How long a message may still be sent again (timers B, F, H)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TapConfig:
    """How a tap behaves; the defaults are those of the RFCs and of docs/decisions.md."""

    trickle: bool = True
    """Announce trickle ICE and carry it by INFO (RFC 8840)."""
    announce: bool = True
    """Put +sip.ice into Contact, and the option tags into answers to OPTIONS (RFC 5768)."""
    require_ice: bool = False
    """Call nobody who has no ICE (RFC 5768 §5)."""
    credentials: tuple[Credentials, ...] = ()
    """With which the tap answers Digest challenges of requests that it has made itself."""
    vouch_for_stack: bool = False
    """It does so in dialogs for the stack's requests too; plugins know whether theirs needs it."""
    own_reoffers: bool = False
    """Offer again by a re-INVITE of the tap, for stacks that cannot."""
    trying_after: float = 0.2
    """An INVITE that nobody has answered by then gets a 100."""
    describe_within: float = 20.0
    """A controller that has no description by then has failed."""
    alert_after_ice: bool = False
    """A 180 waits until ICE has found its paths, up to 2 s; RFC 8839 §7.1.1 recommends it."""
    answer_within: float = 600.0
    """An INVITE that only rings for so long is taken for dead."""
    datagram_size: int = 1_300
    """RFC 3261 §18.1.1: larger messages should not travel over UDP."""
    flatten: bool = True
    """Stacks get a multipart body with SDP in it as that SDP alone, which is all they can read."""
    repeat_answer: bool = True
    """Stacks get an answer that came in an 18x once more in a 2xx without one."""
    most_calls: int = 1_000
    most_dialogs: int = 64
    """Per call."""
    most_waiting: int = 64
    """Messages of one direction of a call that wait for a description."""
    most_bytes: int = 262_144
    """The size of such messages together, and of any message that is looked at."""
