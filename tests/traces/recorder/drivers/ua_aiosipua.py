"""Writes an offer of aiosipua and its answer to it, each as one line of JSON."""

import json
import sys

from aiosipua.sdp import build_sdp, negotiate_sdp, parse_sdp, serialize_sdp


def _say(role: str, sdp: str) -> None:
    sys.stdout.write(json.dumps({"name": "audio", "role": role, "sdp": sdp}) + "\n")


offer = serialize_sdp(build_sdp("192.0.2.10", 16000, 0, "PCMU"))
_say("offer", offer)
answer, _payload_type = negotiate_sdp(parse_sdp(offer), "192.0.2.20", 18000)
_say("answer", serialize_sdp(answer))
