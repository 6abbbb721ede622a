"""What aiosip cannot read or write by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from sipice.sip.message import parse_message
from tests.capabilities import require

require("aiosip")

from sipice.plugins.aiosip_wire import Headers, Request, Response, to_aiosip, uri_in, written

INVITE = (
    b"INVITE sip:bob@192.0.2.4 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2\r\nVia:SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    b'f: "Alice, A." <sip:alice@192.0.2.1;lr>;tag=a;ob\r\nt: <sip:bob@[2001:db8::1]:5062>\r\n'
    b"m: <sip:alice@192.0.2.1:5061;transport=udp;ob>;+sip.ice\r\n"
    b"i: c1\r\nCSeq: 7 INVITE\r\nc: application/sdp\r\nl: 10\r\n\r\n"
    b"v=0\r\ns=-\r\nbeyond"
)


def read(data: bytes) -> Any:
    async def main() -> Any:
        return to_aiosip(parse_message(data))

    return asyncio.run(main())


def within_loop(make: Callable[[], Any]) -> Any:
    async def main() -> Any:
        return make()

    return asyncio.run(main())


def test_compact_names_parameters_ipv6_and_length() -> None:
    request = read(INVITE)
    assert isinstance(request, Request)
    assert (request.method, request.cseq, request.payload) == ("INVITE", 7, "v=0\r\ns=-\r\n")
    assert request.headers["Via"] == [
        "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2",
        "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
    ]
    assert request.from_details["params"] == {"tag": "a"}
    assert request.from_details["uri"]["user"] == "alice"
    assert request.to_details["uri"]["host"] == "[2001:db8::1]"
    assert request.to_details["uri"]["port"] == 5062
    assert request.contact_details["uri"]["port"] == 5061


def test_a_response() -> None:
    response = read(b"SIP/2.0 486 Busy Here" + INVITE[INVITE.index(b"\r\n") :])
    assert isinstance(response, Response)
    assert (response.status_code, response.status_message) == (486, "Busy Here")


@pytest.mark.parametrize("gone", [b"f: ", b"t: ", b"i: ", b"CSeq: ", b"sip:alice@192.0.2.1;lr"])
def test_what_nobody_can_read_is_no_message(gone: bytes) -> None:
    assert read(INVITE.replace(gone, b"x: ")) is None


@pytest.mark.parametrize(
    ("value", "uri"),
    [
        ('"B" <sip:b@h;lr>;tag=x', "sip:b@h;lr"),
        ("sip:b@h;tag=x", "sip:b@h"),
        ("<sip:b@h>", "sip:b@h"),
    ],
)
def test_uri_in_a_value(value: str, uri: str) -> None:
    assert uri_in(value) == uri


def request(method: str, via: str) -> Any:
    headers = {"From": "<sip:a@h>;tag=a", "To": "<sip:b@h>;tag=b", "Call-ID": "c"}
    return Request(method, cseq=3, headers=Headers({**headers, "Via": via}), payload="x\r\n")


def test_a_request_goes_to_target_and_route_with_a_branch_of_its_own() -> None:
    given = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKold;received=9.9.9.9"
    bye = within_loop(lambda: request("BYE", given))
    data = [written(bye, "sip:bob@192.0.2.4:5070", ["<sip:p;lr>"]) for _ in range(2)]
    assert data[0] != data[1]
    view = parse_message(data[0])
    assert data[0].startswith(b"BYE sip:bob@192.0.2.4:5070 SIP/2.0\r\n")
    assert view.values("route") == ["<sip:p;lr>"]
    assert view.values("via")[0].startswith("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK")
    assert "old" not in view.via_branch
    assert "received" not in view.values("via")[0]
    assert view.body == b"x\r\n"
    assert view.header("content-length") == "3"
    assert "UPDATE" in (view.header("allow") or "")


def test_a_response_keeps_its_ways_in_order() -> None:
    headers = Headers({"From": "<sip:a@h>;tag=a", "To": "<sip:b@h>;tag=b", "CSeq": "1 INVITE"})
    headers["Via"] = ["SIP/2.0/UDP one", "SIP/2.0/UDP two"]
    made = within_loop(lambda: Response(200, "OK", headers=headers))
    view = parse_message(written(made, "", ()))
    assert view.status == 200
    assert view.values("via") == ["SIP/2.0/UDP one", "SIP/2.0/UDP two"]
    assert view.header("content-length") == "0"
