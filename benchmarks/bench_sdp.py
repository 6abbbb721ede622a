"""Reading and rewriting SDP, against the SDP libraries that people use: CPU time, paired.

    python -m benchmarks.bench_sdp

"read" is parse + typed ICE view + write. "rewrite" is parse + full rewrite (the ICE of the peer
out, ours in, every stream anchored elsewhere) + write; its right side is what the other library
needs for parse + write alone, which any rewrite with it has to pay. "with making ours" also makes
the ICE value (credentials, candidates, checks, text) that is put in. npm's figure is taken in node
where that and the package are installed (``make peers``).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import aiosipua.sdp as aiosipua
import sdp_transform

import sdp
from benchmarks.paired import ROUNDS, Measured, measure
from benchmarks.table import Row, main
from sdp import rewrite

ROOT = Path(__file__).resolve().parents[1]
NPM = ROOT / ".peers" / "npm" / "node_modules" / "sdp-transform"

SIP = (
    b"v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\n"
    b"t=0 0\r\nm=audio 49170 RTP/AVP 0 8 9 18 101\r\na=rtpmap:0 PCMU/8000\r\n"
    b"a=rtpmap:8 PCMA/8000\r\na=rtpmap:9 G722/8000\r\na=rtpmap:18 G729/8000\r\n"
    b"a=fmtp:18 annexb=no\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
    b"a=ptime:20\r\na=sendrecv\r\na=rtcp-mux\r\n"
)
WEBRTC = ROOT / "tests" / "traces" / "recorded" / "chromium-simulcast.1.offer.sdp"

CREDENTIALS = sdp.Credentials("8hhYcAnD", "asd88fgpdd777uzjYhagZg")
DESTINATION = sdp.Destination("198.51.100.1", 30000)


def candidates() -> list[sdp.Candidate]:
    """A host and a server-reflexive candidate, as an agent behind one NAT has them."""
    return [
        sdp.Candidate(
            foundation="1",
            component=1,
            transport="UDP",
            priority=2130706431,
            address="192.0.2.1",
            port=30000,
            type="host",
        ),
        sdp.Candidate(
            foundation="2",
            component=1,
            transport="UDP",
            priority=1694498815,
            address="198.51.100.1",
            port=30000,
            type="srflx",
            related_address="192.0.2.1",
            related_port=30000,
        ),
    ]


def ours_for(streams: int) -> sdp.Ice:
    """What is put in."""
    stream = sdp.StreamIce(
        candidates=candidates(), destinations=[DESTINATION], end_of_candidates=True
    )
    return sdp.Ice(credentials=CREDENTIALS, streams=[stream] * streams)


def read(data: bytes) -> bytes:
    """Parse, look at all that ICE needs, write."""
    description = sdp.parse(data)
    for section in description.sections:
        _ = section.ice_ufrag, section.ice_pwd, section.ice_options, section.candidates
    return description.to_bytes()


def rewritten(data: bytes, ice: sdp.Ice) -> bytes:
    """Parse, take the peer's ICE out, put ours in, anchor, write."""
    description = sdp.parse(data)
    rewrite.put(description, ice)
    return description.to_bytes()


def views_built_by_a_rewrite(data: bytes) -> int:
    """How many typed views one rewrite builds: calls of any ``parse`` of a value."""
    ice, count = ours_for(len(sdp.parse(data).media)), 0

    def look(frame: object, event: str, _: object) -> None:
        nonlocal count
        code = getattr(frame, "f_code", None)
        if event == "call" and code is not None and code.co_qualname.endswith(".parse"):
            count += 1

    description = sdp.parse(data)
    sys.setprofile(look)
    try:
        rewrite.put(description, ice)
    finally:
        sys.setprofile(None)
    return count


def rows() -> Iterator[Row]:
    """Both descriptions against every library that is here."""
    for name, data in (("SIP", SIP), ("WebRTC", WEBRTC.read_bytes())):
        text, title = data.decode(), f"{name} {len(data)} B"
        streams = len(sdp.parse(data).media)
        ice = ours_for(streams)
        others: dict[str, Callable[[], object]] = {
            "sdp-transform": lambda t=text: sdp_transform.write(sdp_transform.parse(t)),
            "aiosipua": lambda t=text: aiosipua.serialize_sdp(aiosipua.parse_sdp(t)),
        }
        kinds: dict[str, Callable[[], object]] = {
            "read": lambda d=data: read(d),
            "rewrite": lambda d=data, i=ice: rewritten(d, i),
            "rewrite with making ours": lambda d=data, n=streams: rewritten(d, ours_for(n)),
        }
        npm = npm_microseconds(text)
        for kind, operation in kinds.items():
            measured = measure({"ours": operation, **others})
            yield from _rows(f"sdp: {kind}, {title}", measured, npm, _goals(kind, name))
        count = views_built_by_a_rewrite(data)
        yield Row(f"sdp: typed views built by a rewrite, {title}", str(count))


def _goals(kind: str, name: str) -> dict[str, float]:
    if kind != "rewrite":
        return {}
    goals = {"sdp-transform": 10.0}
    if name == "WebRTC":
        goals |= {"aiosipua": 1.0, "npm sdp-transform": 1.0}
    return goals


def _rows(
    title: str, measured: Measured, npm: float | None, goals: dict[str, float]
) -> Iterator[Row]:
    ours = f"{measured.microseconds['ours']:.1f} us"
    for other, ratio in measured.ratios.items():
        if other != "ours":
            figure = f"{other} {measured.microseconds[other]:.0f} us"
            yield Row(title, ours, figure, ratio, goals.get(other))
    if npm is not None:
        ratio = npm / measured.microseconds["ours"]
        other = "npm sdp-transform"
        yield Row(title, ours, f"{other} {npm:.0f} us", ratio, goals.get(other))


_NODE = """
const { parse, write } = require(process.argv[1]);
const text = require('fs').readFileSync(0, 'utf8');
const run = (n) => { for (let i = 0; i < n; i++) write(parse(text)); };
run(2000);
const times = [];
for (let round = 0; round < +process.argv[2]; round++) {
  const start = process.cpuUsage();
  run(1000);
  const used = process.cpuUsage(start);
  times.push((used.user + used.system) / 1000);
}
times.sort((a, b) => a - b);
console.log(times[times.length >> 1]);
"""


def npm_microseconds(text: str) -> float | None:
    """Parse + write in a warm node, None where node or the package is missing."""
    node = shutil.which("node")
    if node is None or not NPM.is_dir():
        return None
    command = [node, "-e", _NODE, str(NPM), str(ROUNDS)]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    main(rows)
