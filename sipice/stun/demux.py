"""RFC 7983 §7, RFC 8489 §5, RFC 8656 §12: what a datagram is, from its first bytes."""

from __future__ import annotations

from enum import Enum

from sipice.stun.attributes import COOKIE_BYTES


class Protocol(Enum):
    """The protocols that share the port of a component."""

    STUN = "STUN"
    ZRTP = "ZRTP"
    DTLS = "DTLS"
    CHANNEL_DATA = "ChannelData"
    RTP = "RTP"
    RTCP = "RTCP"
    UNKNOWN = "unknown"


def is_stun(data: bytes | memoryview) -> bool:
    """Whether a datagram has the shape of a STUN message: first bits, length and magic cookie."""
    size = len(data)
    return (
        size >= 20
        and data[0] < 0x40
        and size - 20 == data[2] << 8 | data[3]
        and size & 3 == 0
        and data[4:8] == COOKIE_BYTES
    )


def classify(data: bytes | memoryview) -> Protocol:
    """The protocol of a datagram; what has a range of its own but not its shape is UNKNOWN."""
    size = len(data)
    if size < 4:
        return Protocol.UNKNOWN
    first = data[0]
    if first >= 128:
        return _media(data) if first < 192 else Protocol.UNKNOWN
    if first >= 80:
        return Protocol.UNKNOWN
    if first >= 64:
        fits = 4 + (data[2] << 8 | data[3]) <= size
        return Protocol.CHANNEL_DATA if fits else Protocol.UNKNOWN
    if first >= 20:
        return Protocol.DTLS
    if first >= 16:
        return Protocol.ZRTP
    return Protocol.STUN if first <= 3 and is_stun(data) else Protocol.UNKNOWN


def _media(data: bytes | memoryview) -> Protocol:
    """RFC 5761 §4: RTCP packet types lie where RTP has a marker bit and payload types 64 to 95."""
    if 192 <= data[1] <= 223:
        return Protocol.RTCP if len(data) >= 8 else Protocol.UNKNOWN
    return Protocol.RTP if len(data) >= 12 else Protocol.UNKNOWN
