"""The table of peers: what each is called, how its driver is started, and what it needs.

A peer may be asked for with a mode behind a colon, as in "nice:aggr".
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.capabilities import built_folder

HERE = Path(__file__).parent


class Kind(Enum):
    """What a peer tells and takes."""

    ICE = "ice"
    """Credentials and candidates."""
    WEB = "web"
    """SDP of a browser, with DTLS."""
    PHONE = "phone"
    """SDP of a telephone: RTP/AVP, no DTLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One foreign engine, or ours."""

    name: str
    kind: Kind
    command: Callable[[], list[str]]
    needs: tuple[str, ...]
    """Capabilities, see tests/capabilities.py."""
    modes: tuple[str, ...] = ()
    is_public: bool = False
    """Works on a public address only."""
    turn: tuple[str, ...] = ("udp", "tcp", "tls")
    """How it reaches a TURN server."""
    package: tuple[str, str] = ("", "")
    """Where its version is asked: "pypi", "debian", or "peers" for a capability; the name there."""


def _python(name: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-m", f"tests.interop.{name}"]


def _node(name: str) -> Callable[[], list[str]]:
    return lambda: [shutil.which("node") or "node", str(HERE / name)]


_TABLE = (
    Peer(
        name="sipice",
        kind=Kind.ICE,
        command=lambda: [sys.executable, str(HERE / "drv_sipice.py")],
        needs=("checkout",),
    ),
    Peer(
        name="aioice",
        kind=Kind.ICE,
        command=_python("drv_aioice"),
        needs=("aioice",),
        package=("pypi", "aioice"),
    ),
    Peer(
        name="nice",
        kind=Kind.ICE,
        command=lambda: [str(built_folder() / "drv_nice")],
        needs=("libnice",),
        modes=("regular", "aggr", "lite", "consent"),
        package=("debian", "libnice10"),
    ),
    Peer(
        name="chromium",
        kind=Kind.WEB,
        command=_node("drv_chromium.mjs"),
        needs=("chromium", "node"),
        package=("debian", "chromium"),
    ),
    Peer(
        name="rtpengine",
        kind=Kind.PHONE,
        command=_python("drv_rtpengine"),
        needs=("rtpengine",),
        is_public=True,
        turn=(),
        package=("debian", "rtpengine-daemon"),
    ),
    Peer(
        name="baresip",
        kind=Kind.PHONE,
        command=_python("drv_baresip"),
        needs=("baresip",),
        turn=("udp",),
        package=("debian", "baresip-core"),
    ),
    Peer(
        name="linphone",
        kind=Kind.PHONE,
        command=_python("drv_linphone"),
        needs=("linphone",),
        turn=("udp",),
        package=("debian", "linphone-cli"),
    ),
    Peer(
        name="pjsua2",
        kind=Kind.PHONE,
        command=_python("drv_pjsua2"),
        needs=("pjsua2",),
        modes=("aggr", "half", "full"),
        turn=("udp", "tcp"),
        package=("peers", "pjsua2"),
    ),
)

PEERS = {peer.name: peer for peer in _TABLE}


def peer_of(name: str) -> tuple[Peer, str]:
    """The peer and the mode of a name like "nice:aggr"; KeyError for unknown peers."""
    plain, _, mode = name.partition(":")
    return PEERS[plain], mode


def is_public(name: str) -> bool:
    """Whether this peer, in this mode, has to stand on a public address."""
    peer, mode = peer_of(name)
    return peer.is_public or mode == "lite"
