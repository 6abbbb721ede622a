"""Where we meet foreign peers: behind which NATs, with which servers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from tests.interop.pair import Outcome, Side, run
from tests.interop.peers import PEERS, Kind, is_public, peer_of
from tests.lab import coturn
from tests.lab.flavours import FLAVOURS
from tests.lab.lab import Lab
from tests.lab.topology import SERVER

OURS = "sipice"
STRANGERS = (
    *("aioice", "nice", "nice:aggr", "nice:consent", "chromium"),
    *("baresip", "linphone", "pjsua2", "nice:lite", "rtpengine"),
)
"""All peers of the table, in every mode worth a row; the last ones on a public address."""
PATIENCE = 20.0


class Scene(NamedTuple):
    """The flavour of both sites, and how both reach a TURN server, if at all."""

    name: str
    flavour: str
    turn: str = ""


SCENES = (
    Scene("port-preserving NATs, STUN", "port"),
    Scene("symmetric NATs, TURN over UDP", "sym", "udp"),
    Scene("no UDP, TURN over TCP", "udpblock", "tcp"),
    Scene("no UDP, TURN over TLS", "tcp443", "tls"),
)


def laboratory(scenes: Iterable[Scene] = SCENES) -> Lab:
    """Two sites for each scene: ours, and theirs."""
    return Lab(
        {f"{side}-{scene.flavour}": scene.flavour for scene in scenes for side in ("us", "them")},
        ipv6="off",
    )


def why_not(scene: Scene, stranger: str) -> str:
    """Why a peer cannot be met in a scene; empty when it can."""
    peer, _ = peer_of(stranger)
    if is_public(stranger) or not scene.turn or scene.turn in peer.turn:
        return ""
    return f"{peer.name} has no TURN over {scene.turn.upper()}"


async def meet(lab: Lab, scene: Scene, stranger: str, *, we_offer: bool) -> Outcome:
    """One session between us and a foreign peer."""
    us = Side(
        peer=OURS,
        enter=partial(lab.enter, f"us-{scene.flavour}"),
        options=(*servers(scene), "--certificate", str(lab.certificate)),
    )
    them = Side(
        peer=stranger,
        enter=partial(lab.enter, "p" if is_public(stranger) else f"them-{scene.flavour}"),
        options=() if is_public(stranger) else servers(scene),
    )
    offerer, answerer = (us, them) if we_offer else (them, us)
    is_phone = PEERS[stranger.partition(":")[0]].kind is Kind.PHONE
    return await run(offerer, answerer, media="audio" if is_phone else "data", seconds=PATIENCE)


def servers(scene: Scene) -> tuple[str, ...]:
    """The options of a driver at either site."""
    has_udp = FLAVOURS[scene.flavour].lets_udp_out
    stun = ("--stun", f"{SERVER}:{coturn.PORT}") if has_udp else ()
    if not scene.turn:
        return stun
    port = coturn.TLS_PORT if scene.turn == "tls" else coturn.PORT
    return (*stun, "--turn", f"{scene.turn}:{SERVER}:{port}")
