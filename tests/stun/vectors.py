"""The STUN messages of RFC 5769, RFC 8489 B.1 (erratum 6268) and five of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "stun_vectors.json").read_text()
)


def raw(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name]["hex"])


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = VECTORS[name]["expect"]
    return found


REQUEST = "rfc5769-2.1-request"
RESPONSE_V4 = "rfc5769-2.2-response-ipv4"
RESPONSE_V6 = "rfc5769-2.3-response-ipv6"
LONG_TERM = "rfc5769-2.4-longterm-md5"
USERHASH = "rfc8489-B.1-corrected-by-erratum-6268"
CHECK = "sipice-check-L-to-R"
NOMINATION = "sipice-nominate-L-to-R"
SUCCESS = "sipice-success-R-to-L"
ROLE_CONFLICT = "sipice-487-R-to-L"
KEEPALIVE = "sipice-keepalive-indication"
ALL = list(VECTORS)
SHORT_TERM = [REQUEST, RESPONSE_V4, RESPONSE_V6, CHECK, NOMINATION, SUCCESS, ROLE_CONFLICT]
