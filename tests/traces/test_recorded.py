"""The recordings are complete, small, and say nothing about the machine they were made on."""

import csv
import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from tests.traces.corpus import HERE

FOLDER = HERE / "recorded"
with (FOLDER / "manifest.csv").open(newline="") as _table:
    ROWS = {row["file"]: row for row in csv.DictReader(_table)}
FILES = sorted(path for path in FOLDER.iterdir() if path.name != "manifest.csv")
CAPTURES = [path for path in FILES if path.suffix.startswith(".pcap")]
SIP_CAPTURES = [path for path in CAPTURES if not path.name.startswith("lab-")]
LAB_CAPTURES = [path for path in CAPTURES if path.name.startswith("lab-")]

_ALLOWED = [
    ip_network(text)
    for text in (
        *("192.0.2.0/24", "2001:db8::/32", "0.0.0.0/32", "127.0.0.0/8"),
        *("192.168.0.0/16", "100.64.0.0/10", "198.51.100.0/24", "203.0.113.0/24"),  # laboratory
    )
]


def test_every_recording_has_its_row() -> None:
    assert {path.name for path in FILES} == set(ROWS)
    assert all(row["peer"] and row["version"] and row["date"] for row in ROWS.values())


def test_the_recordings_hold_the_peers_we_meet() -> None:
    peers = {peer.strip() for row in ROWS.values() for peer in row["peer"].split(";")}
    assert peers >= {"aiortc", "aiosipua", "baresip", "chromium", "libnice", "linphone"}
    assert peers >= {"pjsua2", "rtpengine", "sipp"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_recording_is_small_and_anonymous(path: Path) -> None:
    data = path.read_bytes()
    assert 100 < len(data) < 100_000
    assert not re.search(rb"/(?:root|home|tmp|work|usr)/|localhost|sdptrace", data)
    if path.suffix == ".sdp":
        for text in re.findall(rb"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", data):
            assert any(ip_address(text.decode()) in net for net in _ALLOWED), text
        # linphone also writes IP6 in front of an IPv4 address
        for text in re.findall(rb"(?<=IN IP6 )\S+|(?<=[ :])(?:fe80|2001):[\da-f:]+(?= )", data):
            assert any(ip_address(text.decode()) in net for net in _ALLOWED), text


@pytest.mark.parametrize("path", SIP_CAPTURES, ids=lambda path: path.name)
def test_a_capture_of_a_call_holds_an_offer_in_sip(path: Path) -> None:
    data = path.read_bytes()
    assert re.search(rb"INVITE sip:\S+ SIP/2\.0\r\n", data)
    assert b"\r\n\r\nv=0\r\n" in data
