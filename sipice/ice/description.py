"""RFC 8445 §5.3: what the two agents tell each other, without the SDP around it."""

from __future__ import annotations

from dataclasses import dataclass

from sipice.ice.candidate import Candidate
from sipice.ice.credentials import Credentials
from sipice.net import Address


@dataclass(slots=True)  # not frozen: that doubles the cost of making one
class Description:
    """One side's ICE information about one stream."""

    credentials: Credentials
    candidates: tuple[Candidate, ...] = ()
    lite: bool = False
    pacing_ms: int | None = None
    """The Ta this side proposes; None means the default of 50 (RFC 8445 §14.2)."""
    ice2: bool = True
    """Speaks RFC 8445; False marks an RFC 5245 peer."""
    trickle: bool = False
    """More candidates may follow one by one (RFC 8838)."""
    complete: bool = True
    """No candidate follows: gathering is over, or end-of-candidates was given."""
    uses: tuple[tuple[Address, Address], ...] = ()
    """Remote only: our and the peer's address of each pair that it has chosen (RFC 8839 §5.2)."""
    defaults: tuple[Candidate, ...] = ()
    """Local only: the default candidate of each component, in order of components."""
