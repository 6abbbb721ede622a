"""The values of o=, c=, b=, t= and m= lines: read tolerantly, identifiers as text."""

from dataclasses import replace

import pytest

from sdp import Bandwidth, Connection, MediaLine, Origin, SdpError, Timing
from sdp.fields import ip_address, is_ipv4, is_unspecified, same_address


def test_an_origin_has_six_fields_and_all_are_text() -> None:
    origin = Origin.parse(b"- 4611731400430051336 007 IN IP4 127.0.0.1")
    assert origin.session_id == "4611731400430051336"
    assert origin.session_version == "007"
    assert origin.version_number == 7
    assert str(origin) == "- 4611731400430051336 007 IN IP4 127.0.0.1"


def test_an_origin_version_of_any_size_stays_text() -> None:
    assert Origin.parse(b"- 1 " + b"9" * 40 + b" IN IP4 x").version_number is None


@pytest.mark.parametrize(
    ("value", "address", "ttl", "count"),
    [
        (b"IN IP4 192.0.2.1", "192.0.2.1", None, None),
        (b"IN IP4 233.252.0.1/127", "233.252.0.1", 127, None),
        (b"IN IP4 233.252.0.1/127/3", "233.252.0.1", 127, 3),
        (b"IN IP6 ff15::101/3", "ff15::101", None, 3),
        (b"IN  IP6\tff15::101", "ff15::101", None, None),
        (b"IN IP4 media.example.com", "media.example.com", None, None),
    ],
)
def test_a_connection_is_an_address_with_ttl_and_count(
    value: bytes, address: str, ttl: int | None, count: int | None
) -> None:
    connection = Connection.parse(value)
    assert (connection.address, connection.ttl, connection.count) == (address, ttl, count)
    assert str(connection) == " ".join(value.decode().split())


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        (Origin, b"- 1 1 IN IP4", "o="),
        (Connection, b"IN IP4", "c="),
        (Connection, b"IN IP4 192.0.2.1/x", "c="),
        (Connection, b"IN IP4 192.0.2.1/", "c="),
        (Connection, b"IN IP4 192.0.2.1/1/2/3", "c="),
        (Bandwidth, b"", "b="),
        (Bandwidth, b"AS", "b="),
        (Bandwidth, b":64", "b="),
        (Bandwidth, b"AS:", "b="),
        (Bandwidth, b"AS:64 kbit", "b="),
        (Timing, b"0", "t="),
        (MediaLine, b"audio", "m="),
        (MediaLine, b"", "m="),
        (MediaLine, b"audio 9", "m="),
    ],
)
def test_what_does_not_fit_is_refused_with_the_name_of_the_field(
    kind: type[Origin] | type[Connection] | type[Bandwidth] | type[Timing] | type[MediaLine],
    value: bytes,
    field: str,
) -> None:
    with pytest.raises(SdpError) as refused:
        kind.parse(value)
    assert refused.value.field == field


def test_a_bandwidth_is_a_type_and_perhaps_a_number() -> None:
    line = Bandwidth.parse(b"TIAS:64000")
    assert (line.type, line.amount, str(line)) == ("TIAS", 64000, "TIAS:64000")
    assert Bandwidth.parse(b"X-Y:1.5").amount is None


def test_a_timing_is_two_words() -> None:
    assert str(Timing.parse(b"2873397496 2873404696")) == "2873397496 2873404696"


@pytest.mark.parametrize(
    ("value", "port", "count", "proto", "formats"),
    [
        (b"audio 5004 RTP/AVP 0 8", 5004, None, "RTP/AVP", ("0", "8")),
        (b"audio 5004/2 RTP/AVP 0", 5004, 2, "RTP/AVP", ("0",)),
        (b"application 9 UDP/DTLS/SCTP *", 9, None, "UDP/DTLS/SCTP", ("*",)),
        (b"image 0 udptl", 0, None, "udptl", ()),
    ],
)
def test_a_media_line_is_type_port_proto_and_formats(
    value: bytes, port: int, count: int | None, proto: str, formats: tuple[str, ...]
) -> None:
    line = MediaLine.parse(value)
    assert (line.port, line.port_count, line.proto, line.formats) == (port, count, proto, formats)
    assert str(line).encode() == value


def test_the_media_line_of_a_fragment_may_lack_the_port() -> None:
    line = MediaLine.parse(b"audio RTP/AVP 0")
    assert (line.port, line.proto, line.formats) == (None, "RTP/AVP", ("0",))
    assert str(line) == "audio RTP/AVP 0"


@pytest.mark.parametrize("value", ["audio x RTP/AVP 0", "audio 99999999 RTP/AVP 0", "a -1 b c"])
def test_a_port_that_is_no_number_is_kept_as_text(value: str) -> None:
    line = MediaLine.parse(value.encode())
    assert line.port is None
    assert str(line) == value
    assert str(replace(line, port=7)).split()[1] == "7"


def test_a_port_count_that_is_no_number_is_not_written_again() -> None:
    line = MediaLine.parse(b"audio 5004/x RTP/AVP 0")
    assert (line.port, line.port_count, line.port_text) == (5004, None, "5004/x")
    assert MediaLine.parse(str(line).encode()) == line


def test_a_number_too_long_for_a_port_is_not_taken_for_a_protocol() -> None:
    line = MediaLine.parse(b"audio 7031257164384765625/9055676269501915625 RTP/AVP 0")
    assert (line.port, line.proto) == (None, "RTP/AVP")


@pytest.mark.parametrize(
    ("proto", "transport"),
    [("RTP/AVP", "UDP"), ("TCP/RTP/AVP", "TCP"), ("tcp/dtls/rtp/savpf", "TCP"), ("udptl", "UDP")],
)
def test_the_transport_of_a_media_line_is_that_of_its_protocol(proto: str, transport: str) -> None:
    assert MediaLine("audio", 9, None, proto, ()).transport == transport


def test_an_ip_address_may_have_brackets_and_a_zone() -> None:
    assert str(ip_address("[2001:DB8::1]")) == "2001:db8::1"
    assert str(ip_address("fe80::1%eth0")) == "fe80::1"
    assert ip_address("media.example.com") is None


@pytest.mark.parametrize("address", ["192.0.2.1", "0.0.0.0", "255.255.255.255"])
def test_an_ipv4_address_has_one_form(address: str) -> None:
    assert is_ipv4(address)


@pytest.mark.parametrize("address", ["192.0.2.01", "192.0.2", "192.0.2.256", "1.2.3.4\n", "::1"])
def test_other_forms_are_not_ipv4(address: str) -> None:
    assert not is_ipv4(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"])
def test_no_address_is_spelled_in_three_ways(address: str) -> None:
    assert is_unspecified(address)
    assert Connection("IN", "IP4", address).is_unspecified


@pytest.mark.parametrize("address", ["192.0.2.1", "::1", "x:y", "name"])
def test_everything_else_is_some_address(address: str) -> None:
    assert not is_unspecified(address)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("Media.Example.com", "media.example.COM", True),
        ("2001:db8::1", "2001:0DB8:0::1", True),
        ("2001:db8::1", "2001:db8::2", False),
        ("2001:db8::1", "192.0.2.1", False),
        ("x:y", "z:y", False),
    ],
)
def test_addresses_are_compared_by_what_they_name(one: str, other: str, same: bool) -> None:
    assert same_address(one, other) is same
