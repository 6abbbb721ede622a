"""Keeps what was exchanged in a session among the recorded traces: descriptions and a capture."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop import page
from tests.interop.pair import Event, Outcome
from tests.interop.scenes import OURS, Scene
from tests.lab.capture import NO_MEDIA, Capture
from tests.lab.flavours import FLAVOURS
from tests.lab.lab import Lab
from tests.traces.record import FOLDER as RECORDED
from tests.traces.record import Recorder

FOLDER = RECORDED / "lab"

Keep = Callable[[Outcome], None]


@contextmanager
def recorded(
    lab: Lab, scene: Scene, stranger: str, *, we_offer: bool, wanted: bool, folder: Path = FOLDER
) -> Iterator[Keep]:
    """Captures at our host; what is given to the yielded function is kept if it is a success.

    Without UDP a capture shows nothing but TCP or TLS, so such scenes are not kept.
    """
    if not wanted or not FLAVOURS[scene.flavour].lets_udp_out:
        yield lambda outcome: None
        return
    roles = ("sipice", stranger) if we_offer else (stranger, "sipice")
    name = f"{scene.flavour}-{'-'.join(roles)}".replace(":", "-")
    recorder = Recorder(folder=folder)
    recorder.load()
    outcomes: list[Outcome] = []
    target = lab.folder / f"{name}.pcap"
    tcpdump = lab.enter(f"us-{scene.flavour}", "tcpdump")
    with Capture(tcpdump, target, wanted=NO_MEDIA):
        yield outcomes.append
    if outcomes and outcomes[0].is_good:
        _keep(
            recorder, name, roles, outcomes[0], target, f"session between namespaces, {scene.name}"
        )
        recorder.save()
    target.unlink()


def _keep(
    recorder: Recorder,
    name: str,
    roles: tuple[str, str],
    outcome: Outcome,
    capture: Path,
    how: str,
) -> None:
    recorder.forget(name)
    versions = [page.version(peer) for peer in roles]
    file = f"{name}.pcap"
    (recorder.folder / file).write_bytes(capture.read_bytes())
    plain = [_plain(peer) for peer in roles]
    where = f"at {OURS}"
    recorder.add(file, "; ".join(plain), "; ".join(versions), "session", how, where)
    for number, (role, local) in enumerate(
        zip(("offer", "answer"), outcome.descriptions or (), strict=False)
    ):
        suffix, text = _text(local)
        file = f"{name}.{number + 1}.{role}.{suffix}"
        (recorder.folder / file).write_bytes(text.encode())
        recorder.add(file, plain[number], versions[number], role, how)


def _text(local: Event) -> tuple[str, str]:
    """A description as the peer told it: SDP, or the values of a bare agent."""
    if local["kind"] == "sdp":
        return "sdp", local["sdp"]
    return "json", json.dumps(local["ice"], indent=1) + "\n"


def _plain(peer: str) -> str:
    """The name of a peer in the manifest."""
    name = peer.partition(":")[0]
    return "libnice" if name == "nice" else name
