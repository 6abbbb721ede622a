"""Every foreign peer is met in both roles behind NATs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capabilities import needs, require

require("cli")

from tests.interop.__main__ import Meeting, lines
from tests.interop.pair import Outcome
from tests.interop.peers import peer_of
from tests.interop.recording import recorded
from tests.interop.scenes import SCENES, STRANGERS, Scene, laboratory, meet, servers, why_not
from tests.lab.lab import Lab
from tests.traces.record import Recorder

PORT, SYMMETRIC, TCP, TLS = SCENES


def test_a_peer_is_not_asked_for_what_it_cannot_do() -> None:
    assert why_not(TCP, "baresip") == "baresip has no TURN over TCP"
    assert not why_not(SYMMETRIC, "baresip")
    assert not why_not(TLS, "rtpengine"), "it is on a public address, and needs no server"
    assert not why_not(TLS, "aioice")


def test_each_scene_names_the_servers_that_can_be_reached() -> None:
    assert servers(PORT) == ("--stun", "203.0.113.10:3478")
    assert servers(SYMMETRIC)[2:] == ("--turn", "udp:203.0.113.10:3478")
    assert servers(TCP) == ("--turn", "tcp:203.0.113.10:3478")
    assert servers(TLS) == ("--turn", "tls:203.0.113.10:443")


def test_the_matrix_tells_ours_first_in_both_roles() -> None:
    good = Outcome(
        "sipice", "aioice", nominated=12.0, paths=(("srflx", "relay"), ("host", "prflx"))
    )
    bad = Outcome("aioice", "sipice", error="aioice as offerer: failed")
    found = [
        Meeting("aioice", True, PORT, good),
        Meeting("aioice", True, TCP, None),
        Meeting("aioice", False, PORT, good),
        Meeting("aioice", False, TCP, bad),
    ]
    text = "\n".join(lines(found))
    assert "| aioice | offerer | srflx – relay, 12 ms | – |" in text
    assert "| aioice | answerer | host – prflx, 12 ms | **no**: aioice as offerer: failed |" in text


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with laboratory() as made:
        yield made


def cases() -> Iterator[object]:
    """All peers behind port-preserving NATs; the rest only where we offer."""
    for stranger in STRANGERS:
        for scene in SCENES:
            for we_offer in (True, False):
                if why_not(scene, stranger) or (scene is not PORT and not we_offer):
                    continue
                name = f"{stranger}-{scene.flavour}-{'offerer' if we_offer else 'answerer'}"
                marks = needs(*peer_of(stranger)[0].needs)
                yield pytest.param(stranger, scene, we_offer, marks=marks, id=name)


@pytest.mark.lab
@needs("lab", "coturn", "checkout")
@pytest.mark.parametrize(("stranger", "scene", "we_offer"), list(cases()))
def test_we_connect_and_exchange_data(
    lab: Lab, stranger: str, scene: Scene, we_offer: bool
) -> None:
    outcome = asyncio.run(meet(lab, scene, stranger, we_offer=we_offer))
    assert outcome.is_good, outcome.error


@pytest.mark.lab
@needs("lab", "coturn", "tcpdump", "checkout", "aioice")
def test_a_session_is_recorded_with_its_row(lab: Lab, tmp_path: Path) -> None:
    with recorded(lab, PORT, "aioice", we_offer=True, wanted=True, folder=tmp_path) as keep:
        keep(asyncio.run(meet(lab, PORT, "aioice", we_offer=True)))
    recorder = Recorder(folder=tmp_path)
    recorder.load()
    name = "port-sipice-aioice"
    assert list(recorder.rows) == [
        *(f"{name}.1.offer.json", f"{name}.2.answer.json", f"{name}.pcap"),
    ]
    assert recorder.rows[f"{name}.2.answer.json"]["peer"] == "aioice"
    assert json.loads((tmp_path / f"{name}.1.offer.json").read_text())["candidates"]
    assert (tmp_path / f"{name}.pcap").stat().st_size > 500
