"""The recordings are complete, small, and say nothing about the machine they were made on."""

import csv
import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from tests.capabilities import require
from tests.traces.corpus import HERE

FOLDER = HERE / "recorded"
LAB = FOLDER / "lab"


def _rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "manifest.csv").open(newline="") as table:
        return {row["file"]: row for row in csv.DictReader(table)}


def _files(folder: Path) -> list[Path]:
    files = (path for path in folder.iterdir() if path.is_file())
    return sorted(path for path in files if path.name != "manifest.csv")


ROWS = _rows(FOLDER)
FILES = _files(FOLDER) + _files(LAB)
CAPTURES = [path for path in FILES if path.suffix.startswith(".pcap")]

_ALLOWED = [
    ip_network(text)
    for text in (
        *("192.0.2.0/24", "2001:db8::/32", "0.0.0.0/32", "127.0.0.0/8"),
        *("192.168.0.0/16", "100.64.0.0/10", "198.51.100.0/24", "203.0.113.0/24"),  # laboratory
    )
]


@pytest.mark.parametrize("folder", [FOLDER, LAB], ids=["calls", "lab"])
def test_every_recording_has_its_row(folder: Path) -> None:
    rows = _rows(folder)
    assert {path.name for path in _files(folder)} == set(rows)
    assert all(row["peer"] and row["version"] and row["date"] for row in rows.values())


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


@pytest.mark.parametrize(
    "path", [path for path in CAPTURES if path.parent != LAB], ids=lambda path: path.name
)
def test_a_capture_of_a_call_holds_an_offer_in_sip(path: Path) -> None:
    data = path.read_bytes()
    assert re.search(rb"INVITE sip:\S+ SIP/2\.0\r\n", data)
    assert b"\r\n\r\nv=0\r\n" in data


@pytest.mark.parametrize(
    "path", [path for path in CAPTURES if path.parent == LAB], ids=lambda path: path.name
)
def test_a_capture_of_the_laboratory_holds_checks_and_no_media_but_what_turn_wraps(
    path: Path,
) -> None:
    require("cli")
    from tests.lab.capture import heard, is_check

    packets = list(heard(path))
    assert any(packet.message and is_check(packet.message) for packet in packets)
    assert all(packet.message or packet.relayed for packet in packets)
