"""Lossless SDP (RFC 8866) with everything that ICE adds to it (RFC 8839, 8840, 6544).

``parse`` reads any bytes and ``SessionDescription.to_bytes`` gives them back; ``sdp.rewrite``
edits single lines; ``sdp.effective`` answers what a description means; ``sdp.lint`` tells what
is wrong with it.
"""

from __future__ import annotations

from sdp import effective, lint, rewrite
from sdp.attributes import Crypto, Direction, Fingerprint, Fmtp, Group, Rtcp, Rtpmap
from sdp.change import Change
from sdp.effective import Destination, Support
from sdp.errors import SdpError
from sdp.fields import Bandwidth, Connection, MediaLine, Origin, Timing
from sdp.fragment import Fragment, FragmentStream, additions, build_fragment, parse_fragment
from sdp.ice import Candidate, Credentials, RemoteCandidate
from sdp.lines import Limits
from sdp.model import MediaDescription, SessionDescription, parse
from sdp.rewrite import Ice, StreamIce
from sdp.section import Section

__sipice__ = True

__all__ = [
    "Bandwidth",
    "Candidate",
    "Change",
    "Connection",
    "Credentials",
    "Crypto",
    "Destination",
    "Direction",
    "Fingerprint",
    "Fmtp",
    "Fragment",
    "FragmentStream",
    "Group",
    "Ice",
    "Limits",
    "MediaDescription",
    "MediaLine",
    "Origin",
    "RemoteCandidate",
    "Rtcp",
    "Rtpmap",
    "SdpError",
    "Section",
    "SessionDescription",
    "StreamIce",
    "Support",
    "Timing",
    "additions",
    "build_fragment",
    "effective",
    "lint",
    "parse",
    "parse_fragment",
    "rewrite",
]
