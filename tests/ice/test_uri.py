"""RFC 7064, RFC 7065: server URIs."""

from __future__ import annotations

import pytest

from sipice.errors import UsageError
from sipice.ice.uri import ServerKind, ServerUri
from sipice.net import QueryKind, Resolve, Transport
from tests.marks import rfc

STUN, TURN = ServerKind.STUN, ServerKind.TURN
UDP, TCP = Transport.UDP, Transport.TCP


@rfc("8656", "4.1", "MUST", "8656-4.1-1")
@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("stun:stun.example", ServerUri(STUN, "stun.example")),
        ("STUN:stun.example:19302", ServerUri(STUN, "stun.example", 19302)),
        ("stuns:stun.example", ServerUri(STUN, "stun.example", None, TCP, True)),
        ("turn:192.0.2.1:3478", ServerUri(TURN, "192.0.2.1", 3478)),
        ("turn:turn.example?transport=udp", ServerUri(TURN, "turn.example")),
        ("turn:[2001:db8::1]:80?transport=tcp", ServerUri(TURN, "2001:db8::1", 80, TCP)),
        ("turns:turn.example:443?transport=tcp", ServerUri(TURN, "turn.example", 443, TCP, True)),
        ("turns:turn.example", ServerUri(TURN, "turn.example", None, TCP, True)),
    ],
)
def test_a_uri_names_kind_host_port_and_transport(text: str, uri: ServerUri) -> None:
    assert ServerUri.parse(text) == uri
    assert ServerUri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("stun.example", "names no server; write stun:HOST"),
        ("http:stun.example", "names no server"),
        ("turn:user@turn.example", "names no server"),
        ("turn:2001:db8::1", "an IPv6 address in brackets"),
        ("turn:a?transport=sctp", "names no server"),
        ("stun:a?transport=tcp", "stun URIs name no transport"),
        ("turns:a?transport=udp", "DTLS to the server is not supported"),
        ("turn:a:0", "a port lies between 1 and 65535"),
        ("turn:a:65536", "a port lies between 1 and 65535"),
    ],
)
def test_what_is_no_uri_is_refused_with_the_remedy(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint.replace("?", r"\?")):
        ServerUri.parse(text)


@rfc("8489", "8.1", "MUST", "8489-8.1-1")
@rfc("8445", "5.1.1.2", "RECOMMENDED", "8445-5.1.1.2-2")
@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("stun:a.example", Resolve(QueryKind.SRV, "_stun._udp.a.example", 3478)),
        ("stuns:a.example", Resolve(QueryKind.SRV, "_stuns._tcp.a.example", 5349)),
        ("turn:a.example", Resolve(QueryKind.SRV, "_turn._udp.a.example", 3478)),
        ("turn:a?transport=tcp", Resolve(QueryKind.SRV, "_turn._tcp.a", 3478)),
        ("turns:a.example", Resolve(QueryKind.SRV, "_turns._tcp.a.example", 5349)),
        ("turns:a.example:443", Resolve(QueryKind.HOST, "a.example", 443)),
    ],
)
def test_the_port_decides_whether_srv_records_are_asked_for(text: str, query: Resolve) -> None:
    assert ServerUri.parse(text).query == query
