"""RFC 3264 §5, RFC 9143 §7: what an m= section asks of us."""

from __future__ import annotations

from sdp import SessionDescription, effective
from sdp.fields import ip_address
from sipice.session.state import Mode, Slot

_OVER_UDP = ("RTP/", "UDP", "DTLS/SCTP")


def kind_of(description: SessionDescription, section: int) -> Mode:
    """ICE where media goes over UDP to one address; BUNDLED for a section that only bundles."""
    media = description.media[section]
    if not effective.is_alive(description, section):
        return Mode.CLOSED
    if media.port == 0:
        return Mode.BUNDLED
    proto = media.proto.upper()
    if not proto.startswith(_OVER_UDP) or media.port_count not in (None, 1):
        return Mode.FOREIGN
    connection = effective.connection(description, section)
    address = None if connection is None else ip_address(connection.address)
    return Mode.FOREIGN if address is not None and address.is_multicast else Mode.ICE


def offered_components(description: SessionDescription, section: int, before: Slot) -> int:
    """How many components an offer of ours needs there.

    While nothing is agreed about RTCP on the port of RTP, both are needed (RFC 5761 §5.1.3).
    """
    media = description.media[section]
    if media.rtcp_mux_only or not effective.uses_rtcp(description, section):
        return 1
    return 1 if before.mux and media.rtcp_mux else 2


def asked_components(description: SessionDescription, section: int, before: Slot) -> int:
    """How many components an offer of the peer asks for."""
    if offered_components(description, section, before) == 1:
        return 1
    muxed = description.media[section].rtcp_mux
    return 1 if muxed and effective.components(description, section) == (1,) else 2


def may_mux(offer: SessionDescription, answer: SessionDescription, section: int) -> bool:
    """Whether offer and answer agree on RTCP on the port of RTP (RFC 5761 §5.1.1, RFC 8858)."""
    return offer.media[section].rtcp_mux and answer.media[section].rtcp_mux


def tag_of(offer: SessionDescription, answer: SessionDescription, section: int) -> int | None:
    """The section whose transport a bundled one uses; None for itself and outside of a group.

    It is the first of the offered group that the answer keeps (RFC 9143 §7.3.1).
    """
    offered = effective.bundle_of(offer, section)
    kept = effective.bundle_of(answer, section)
    if offered is None or kept is None:
        return None
    mids = {media.mid: position for position, media in enumerate(answer.media)}
    for mid in offered.mids:
        position = mids.get(mid)
        if mid in kept.mids and position is not None and answer.media[position].port:
            return None if position == section else position
    return None
