"""The hand-made traces show what quirks.csv says of them, judged without the packages."""

import csv
import re
from ipaddress import ip_address, ip_network

import pytest

from tests.traces.corpus import HERE, own_traces, read
from tests.traces.detect import CHECKS, PATTERNS, shows

with (HERE / "quirks.csv").open(newline="") as _table:
    QUIRKS = [(row["code"], row["file"]) for row in csv.DictReader(_table)]

_DOCUMENTATION = [
    ip_network(text)
    for text in (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "233.252.0.0/24",
        "2001:db8::/32",
        "fe80::/10",
        "0.0.0.0/32",
        "127.0.0.1/32",
        "::/128",
    )
]


@pytest.mark.parametrize(("code", "file"), QUIRKS, ids=[code for code, _ in QUIRKS])
def test_a_file_shows_its_quirk(code: str, file: str) -> None:
    assert shows(code, read(file)), f"{file} no longer shows {code}"


def test_an_ordinary_description_shows_none_of_them() -> None:
    ordinary = read("synthetic/ordinary.sdp")
    assert {code for code, _ in QUIRKS if shows(code, ordinary)} == set()


def test_every_quirk_has_one_row_and_one_detector() -> None:
    codes = [code for code, _ in QUIRKS]
    assert len(set(codes)) == len(codes)
    assert set(codes) == CHECKS.keys() | PATTERNS.keys()
    assert not CHECKS.keys() & PATTERNS.keys()


def test_every_hand_made_description_has_a_row() -> None:
    files = {f"synthetic/{path.name}" for path in (HERE / "synthetic").glob("*.sdp")}
    assert files - {file for _, file in QUIRKS} == {"synthetic/ordinary.sdp"}


def test_hand_made_traces_name_documentation_addresses_only() -> None:
    for trace in own_traces():
        if trace.name.startswith("synthetic/"):
            for text in re.findall(rb"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", trace.data):
                address = ip_address(text.decode())
                assert any(address in net for net in _DOCUMENTATION), (trace.name, address)


def test_hand_made_messages_say_their_true_length() -> None:
    for path in (HERE / "synthetic").glob("*.sip"):
        head, _, body = path.read_bytes().partition(b"\r\n\r\n")
        stated = re.search(rb"^(?:Content-Length|l): (\d+)\r$", head, re.MULTILINE)
        assert stated is None or int(stated[1]) == len(body), path.name
