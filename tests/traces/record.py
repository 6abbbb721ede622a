"""Records afresh what real peers write: ``python -m tests.traces.record`` (needs root).

Peers that are not installed are left out and their old recordings stay. The packages of Debian
are tcpdump, baresip-core, linphone-cli, sip-tester, rtpengine-daemon,
gir1.2-nice-0.1 with python3-gi, and chromium;
of PyPI aiortc, aiosipua and pjsua2-python (``--python`` names the interpreter that has them); of
npm playwright-core (``--node`` names the folder above its node_modules).
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import dpkt

from tests.traces.recorder.lift import Lifted, lift
from tests.traces.recorder.peers import NAMES, PEERS
from tests.traces.recorder.rig import ADDRESS, ADDRESS6, Rig, address_of

FOLDER = Path(__file__).parent / "recorded"
DRIVERS = Path(__file__).parent / "recorder" / "drivers"
COLUMNS = ("file", "peer", "version", "date", "role", "how", "note")


class Call(NamedTuple):
    """One SIP call to record: who calls whom, over what."""

    caller: str
    callee: str
    transport: str = "udp"
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return "-".join((self.caller, self.callee, self.transport, *self.options))


CALLS = (
    Call("baresip", "baresip"),
    Call("baresip", "baresip", "tcp"),
    Call("baresip", "baresip", "udp", ("dtls",)),
    Call("baresip", "baresip", "udp", ("v6",)),
    Call("baresip", "linphone"),
    Call("baresip", "linphone", "udp", ("any",)),
    Call("linphone", "baresip", "udp", ("pcapng",)),
    Call("linphone", "baresip"),
    Call("linphone", "linphone", "tcp"),
    Call("linphone", "linphone", "udp", ("srtp",)),
    Call("pjsua2", "linphone"),
    Call("linphone", "pjsua2", "tcp"),
    Call("baresip", "pjsua2"),
    Call("pjsua2", "baresip", "tcp"),
    Call("pjsua2", "pjsua2", "udp", ("trickle",)),
    Call("pjsua2", "pjsua2", "udp", ("srtp",)),
    Call("sipp", "sipp"),
    Call("sipp", "baresip"),
)


@dataclass(slots=True)
class Recorder:
    """Keeps the manifest while recordings are written."""

    python: str = sys.executable
    node: Path = Path("node_modules")
    folder: Path = FOLDER
    rows: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, file: str, peer: str, version: str, role: str, how: str, note: str = "") -> None:
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        values = (file, peer, version, today, role, how, note)
        self.rows[file] = dict(zip(COLUMNS, values, strict=True))

    def forget(self, prefix: str) -> None:
        """Drops the earlier recordings of one scene."""
        for name in [name for name in self.rows if name.startswith(prefix + ".")]:
            del self.rows[name]
            (self.folder / name).unlink(missing_ok=True)

    def load(self) -> None:
        manifest = self.folder / "manifest.csv"
        if manifest.exists():
            with manifest.open(newline="") as table:
                self.rows = {row["file"]: row for row in csv.DictReader(table)}

    def save(self) -> None:
        with (self.folder / "manifest.csv").open("w", newline="") as table:
            writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows[name] for name in sorted(self.rows))


def record_call(recorder: Recorder, call: Call) -> None:
    """One call between two SIP peers: its capture and every SDP in it."""
    capture = FOLDER / f"{call.name}.pcap"
    recorder.forget(call.name)
    parameter = ";transport=tcp" if call.transport == "tcp" else ""
    target = f"sip:{NAMES[call.callee]}-b@{address_of('b', call.options)}{parameter}"
    options = (*call.options, call.transport)
    with Rig() as rig:
        interface = "any" if "any" in call.options else "eth0"
        tcpdump = rig.capture("a", capture, interface=interface)
        PEERS[call.callee](rig, "b", None, recorder.python, *options)
        caller = PEERS[call.caller](rig, "a", target, recorder.python, *options)
        caller.run_for(4)
        caller.end()
        tcpdump.run_for(0.5)
    how = f"call over {call.transport.upper()} between two namespaces"
    versions = f"{_version(call.caller, recorder)}; {_version(call.callee, recorder)}"
    note = " ".join(call.options)
    items = lift(capture)
    if "pcapng" in call.options:
        capture = _as_pcapng(capture)
    recorder.add(capture.name, f"{call.caller}; {call.callee}", versions, "call", how, note)
    for number, (role, item) in enumerate(_roles(items), 1):
        peer = call.caller if item.source in (ADDRESS["a"], ADDRESS6["a"]) else call.callee
        suffix = "sdpfrag" if item.is_fragment else "sdp"
        file = f"{call.name}.{number}.{role}.{suffix}"
        (FOLDER / file).write_bytes(item.sdp)
        carried = item.method if item.status is None else f"{item.status} to {item.method}"
        recorder.add(file, peer, _version(peer, recorder), role, how, f"in {carried}")
    count = sum(name.startswith(call.name + ".") for name in recorder.rows) - 1
    sys.stdout.write(f"{call.name}: {count} descriptions\n")


def _as_pcapng(capture: Path) -> Path:
    """The same packets as a pcapng file, in place of the pcap file."""
    target = capture.with_suffix(".pcapng")
    with capture.open("rb") as source, target.open("wb") as sink:
        writer = dpkt.pcapng.Writer(sink)
        for moment, frame in dpkt.pcap.Reader(source):
            writer.writepkt(frame, moment)
    capture.unlink()
    return target


def _roles(items: list[Lifted]) -> Iterator[tuple[str, Lifted]]:
    for item in items:
        role = "offer" if item.status is None else "answer"
        yield ("trickle" if item.is_fragment else role), item


def record_pages(recorder: Recorder, peer: str, version: str, command: list[str], how: str) -> None:
    """A program that prints its descriptions as lines of JSON."""
    with Rig() as rig:
        output = rig.start("a", *command).read_to_end(120)
    records = [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]
    seen: dict[str, int] = {}
    for record in records:
        if "version" in record:
            version = record["version"]
            continue
        name = f"{peer}-{record['name']}"
        if name not in seen:
            recorder.forget(name)
        seen[name] = seen.get(name, 0) + 1
        file = f"{name}.{seen[name]}.{record['role']}.sdp"
        (FOLDER / file).write_bytes(record["sdp"].encode())
        recorder.add(file, peer, version, record["role"], how)
    sys.stdout.write(f"{peer}: {sum(seen.values())} descriptions\n")
    if not seen:
        sys.stdout.write(output.decode(errors="replace")[-2000:] + "\n")


def record_libnice(recorder: Recorder) -> None:
    for mode in ("full", "trickle"):
        recorder.forget(f"libnice-{mode}")
        with Rig() as rig:
            driver = str(DRIVERS / "libnice.py")
            sdp = rig.start("a", "/usr/bin/python3", driver, mode).read_to_end(20)
        file = f"libnice-{mode}.1.local.sdp"
        (FOLDER / file).write_bytes(sdp)
        version = _debian("libnice10")
        recorder.add(file, "libnice", version, "local", "nice_agent_generate_local_sdp", mode)
        sys.stdout.write(f"libnice {mode}: {len(sdp)} bytes\n")


def _version(peer: str, recorder: Recorder) -> str:
    packages = {"baresip": "baresip-core", "linphone": "linphone-cli", "sipp": "sip-tester"}
    if peer in packages:
        return _debian(packages[peer])
    return _pypi("pjsua2-python", recorder.python)


def _debian(package: str) -> str:
    command = ["dpkg-query", "-W", "-f", "${Version}", package]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _pypi(package: str, python: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()


def _parts(recorder: Recorder) -> Iterator[tuple[str, bool]]:
    """The names of what can be recorded and whether its programs are here."""
    programs = {"baresip": "baresip", "linphone": "linphonec", "sipp": "sipp"}
    here = {peer: shutil.which(program) is not None for peer, program in programs.items()}
    here["pjsua2"] = bool(_pypi("pjsua2-python", recorder.python))
    for call in CALLS:
        yield call.name, here[call.caller] and here[call.callee]
    yield "chromium", shutil.which("chromium") is not None and recorder.node.is_dir()
    yield "aiortc", bool(_pypi("aiortc", recorder.python))
    yield "aiosipua", bool(_pypi("aiosipua", recorder.python))
    bindings = ["/usr/bin/python3", "-c", "import gi; gi.require_version('Nice', '0.1')"]
    yield "rtpengine", shutil.which("rtpengine") is not None
    yield "libnice", subprocess.run(bindings, capture_output=True).returncode == 0


def record(recorder: Recorder, part: str) -> None:
    """Records one part by its name."""
    calls = {call.name: call for call in CALLS}
    python, two = recorder.python, "two connections in one process"
    if part in calls:
        record_call(recorder, calls[part])
    elif part == "chromium":
        command = ["node", str(DRIVERS / "chromium.mjs"), str(recorder.node)]
        record_pages(recorder, part, "", command, "two connections in one headless page")
    elif part == "aiortc":
        command = [python, str(DRIVERS / "aiortc_pair.py")]
        record_pages(recorder, part, _pypi(part, python), command, two)
    elif part == "aiosipua":
        command = [python, str(DRIVERS / "ua_aiosipua.py")]
        record_pages(recorder, part, _pypi(part, python), command, "offer and answer it builds")
    elif part == "rtpengine":
        command = [sys.executable, str(DRIVERS / "relay_rtpengine.py"), ADDRESS["a"], str(FOLDER)]
        version = _debian("rtpengine-daemon")
        record_pages(recorder, part, version, command, "offers and answers of others through ng")
    else:
        record_libnice(recorder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--node", type=Path, default=Path("node_modules"))
    parser.add_argument("--only", default="", help="a regular expression over the parts' names")
    arguments = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    recorder = Recorder(arguments.python, arguments.node.resolve())
    recorder.load()
    for part, possible in _parts(recorder):
        if not re.search(arguments.only, part):
            continue
        if possible:
            record(recorder, part)
            recorder.save()
        else:
            sys.stdout.write(f"{part}: a program for it is missing, left as it was\n")


if __name__ == "__main__":
    main()
