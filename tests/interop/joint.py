"""Joins a bare agent and a peer that speaks SDP.

The bare agent gets what the SDP says about ICE; the other one gets a minimal SDP, in the profile of
a browser with a fingerprint that nobody holds the key of: ICE completes, DTLS never does.
"""

from __future__ import annotations

from typing import Any

import sdp
from tests.interop.peers import Kind

FINGERPRINT = "sha-256 " + ":".join(f"{number * 5 % 256:02X}" for number in range(32))
_CRLF = "\r\n"

Ice = dict[str, Any]
"""{"ufrag", "pwd", "candidates", "lite"}: a bare agent's description in the driver protocol."""


def ice_of(text: str) -> Ice:
    """What the first section says about ICE, in the driver protocol; component 1 only."""
    description = sdp.parse(text.encode())
    credentials = sdp.effective.credentials(description, 0)
    if credentials is None:
        raise ValueError("the first section has no ICE credentials")
    lines = [value.decode() for value in description.media[0].values("candidate")]
    return {
        "ufrag": credentials.ufrag,
        "pwd": credentials.pwd,
        "candidates": [line for line in lines if line.split()[1] == "1"],
        "lite": sdp.effective.is_lite(description),
    }


def sdp_of(ice: Ice, kind: Kind, media: str, offer: str = "") -> str:
    """A bare agent's description as an offer, or as the answer to an offer."""
    host, port = _default(ice["candidates"])
    section = _answering(offer, port) if offer else _offering(kind, media, port)
    if kind is Kind.WEB:
        setup = "passive" if offer else "actpass"  # so that it speaks first
        section += [f"a=fingerprint:{FINGERPRINT}", f"a=setup:{setup}"]
    session = [
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        *(["a=ice-lite"] if ice.get("lite") else []),
        *[f"a=group:BUNDLE {line[6:]}" for line in section if line.startswith("a=mid:")],
    ]
    lines = [
        f"a=ice-ufrag:{ice['ufrag']}",
        f"a=ice-pwd:{ice['pwd']}",
        *[f"a=candidate:{candidate}" for candidate in ice["candidates"]],
        "a=end-of-candidates",
    ]
    return _CRLF.join([*session, *section, *lines, ""])


def _offering(kind: Kind, media: str, port: int) -> list[str]:
    if kind is Kind.PHONE:
        return [f"m=audio {port} RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=sendrecv", "a=rtcp-mux"]
    if media == "audio":
        line = f"m=audio {port} UDP/TLS/RTP/SAVPF 0"
        return [line, "a=mid:0", "a=rtpmap:0 PCMU/8000", "a=sendrecv", "a=rtcp-mux"]
    line = f"m=application {port} UDP/DTLS/SCTP webrtc-datachannel"
    return [line, "a=mid:0", "a=sctp-port:5000"]


def _answering(offer: str, port: int) -> list[str]:
    """The first section of an offer taken up, with one format."""
    [section, *_] = sdp.parse(offer.encode()).media
    line = section.media_line
    if line is None:
        raise ValueError("the offer's first section has no m= line")
    lines = [f"m={line.type} {port} {line.proto} {line.formats[0]}"]
    lines += [f"a=mid:{section.mid}"] if section.mid else []
    if line.type == "application":
        return [*lines, "a=sctp-port:5000"]
    maps = [value.decode() for value in section.values("rtpmap")]
    lines += [f"a=rtpmap:{text}" for text in maps if text.split()[0] == line.formats[0]]
    return [*lines, "a=sendrecv", *(["a=rtcp-mux"] if section.rtcp_mux else [])]


def _default(candidates: list[str]) -> tuple[str, int]:
    """RFC 8445 §5.1.4: the candidate most likely to work, of IPv4 over UDP."""
    order = {"relay": 0, "srflx": 1}
    usable = [
        fields
        for fields in map(str.split, candidates)
        if fields[1] == "1" and fields[2].lower() == "udp" and ":" not in fields[4]
    ]
    best = min(usable, key=lambda fields: order.get(fields[7], 2), default=None)
    return (best[4], int(best[5])) if best else ("0.0.0.0", 9)
