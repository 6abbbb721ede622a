"""The addresses of c= and o= lines."""

from __future__ import annotations

import pytest

import sdp
from sdp.lint import check
from tests.marks import rfc
from tests.sdp.lint.examples import codes, whole

MEDIA = "m=audio 5004 RTP/AVP 0\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("IN IP4 192.0.2.1", []),
        ("IN IP6 2001:db8::1", []),
        ("IN IP4 233.252.0.1/127/3", []),
        ("IN IP6 ff15::101/3", []),
        ("IN IP4 233.252.0.1", ["SDP209"]),
        ("IN IP6 ff15::101", []),
        ("IN IP4", ["SDP205"]),
        ("IN IP4 233.252.0.1/x", ["SDP205"]),
        ("IN 192.0.2.1 IP4", ["SDP206"]),
        ("IN IP4 2001:db8::1", ["SDP207"]),
        ("IN IP6 192.0.2.1", ["SDP207"]),
        ("IN IP4 192.0.2.1/127", ["SDP208"]),
        ("IN IP6 2001:db8::1/3", ["SDP208"]),
        ("TN RFC2543 192.0.2.1", ["SDP210"]),
        ("IN IP5 192.0.2.1", ["SDP210"]),
        ("IN IP4 192.0.2", ["SDP211"]),
        ("IN IP6 [2001:db8::1]", ["SDP211"]),
        ("IN IP6 fe80::1%eth0", ["SDP211"]),
        ("IN IP4 media.example.org", ["SDP212"]),
        ("IN IP4 a.local", ["SDP213"]),
    ],
)
def test_each_fault_of_an_address_has_its_own_rule(value: str, expected: list[str]) -> None:
    assert codes(f"{MEDIA}c={value}\n") == expected


@rfc("8866", "5", "MUST", "8866-5-5")
def test_names_are_written_in_ascii() -> None:
    assert codes(f"{MEDIA}c=IN IP4 médias.example.org\n") == ["SDP211"]
    assert codes(f"{MEDIA}c=IN IP4 xn--mdias-bsa.example.org\n") == ["SDP212"]


@rfc("8866", "5.7", "MUST", "8866-5.7-1")
def test_unicast_has_no_slash() -> None:
    found = check(sdp.parse(whole(f"{MEDIA}c=IN IP4 192.0.2.9/1\n")))
    assert [(f.code, f.line, f.stream) for f in found] == [("SDP208", 7, 0)]
    assert "'192.0.2.9' is unicast" in found[0].message


@rfc("mdns", "Encoding", "MUST", "mdns-enc-1")
def test_mdns_names_stay_out_of_connection_lines() -> None:
    assert codes(f"{MEDIA}c=IN IP4 1f4712db-ea17-4bcf-a596-105139dfd8bf.local\n") == ["SDP213"]


def test_the_origin_is_looked_at_as_well() -> None:
    data = whole(MEDIA).replace(b"1 IN IP4 192.0.2.1\r\ns", b"1 IN IP4 2001:db8::1\r\ns")
    found = check(sdp.parse(data))
    assert [(f.code, f.line) for f in found] == [("SDP207", 2)]
    assert found[0].message.startswith("o= says IP4")
