"""The values of attributes beside ICE."""

import pytest

from sdp import Crypto, Direction, Fingerprint, Fmtp, Group, Rtcp, Rtpmap, SdpError

View = type[Rtcp] | type[Group] | type[Fingerprint] | type[Crypto] | type[Rtpmap] | type[Fmtp]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Rtcp, "53020"),
        (Rtcp, "53020 IN IP4 192.0.2.4"),
        (Group, "BUNDLE"),
        (Group, "BUNDLE 0 audio"),
        (Fingerprint, "sha-256 00:11:AA"),
        (Crypto, "1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20 UNENCRYPTED_SRTP"),
        (Rtpmap, "0 PCMU/8000"),
        (Rtpmap, "96 opus/48000/2"),
        (Rtpmap, "96 red"),
        (Rtpmap, "96 odd/8000/2/x"),
        (Fmtp, "101 0-15"),
        (Fmtp, "96 a=1; b=2"),
    ],
)
def test_a_value_that_was_read_is_written_as_it_was(kind: View, value: str) -> None:
    assert str(kind.parse(value.encode())) == value


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        (Rtcp, "", "rtcp"),
        (Rtcp, "x", "rtcp"),
        (Rtcp, "9 IN IP4", "rtcp"),
        (Group, " ", "group"),
        (Fingerprint, "sha-256", "fingerprint"),
        (Crypto, "1 AES", "crypto"),
        (Rtpmap, "0", "rtpmap"),
        (Rtpmap, "5 /", "rtpmap"),
        (Fmtp, " ", "fmtp"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_name_of_the_attribute(
    kind: View, value: str, field: str
) -> None:
    with pytest.raises(SdpError) as refused:
        kind.parse(value.encode())
    assert refused.value.field == field


def test_an_rtpmap_has_a_clock_rate_and_may_have_channels() -> None:
    opus = Rtpmap.parse(b"111 opus/48000/2")
    assert (opus.payload, opus.encoding, opus.clock_rate, opus.parameters) == (
        "111",
        "opus",
        48000,
        "2",
    )


@pytest.mark.parametrize("value", ["96 odd/x", "96 https://example.com", "96 odd/"])
def test_an_rtpmap_without_a_clock_rate_keeps_what_stands_there(value: str) -> None:
    view = Rtpmap.parse(value.encode())
    assert view.clock_rate is None
    assert str(view) == value


def test_the_keys_of_a_crypto_line_are_never_in_its_repr() -> None:
    crypto = Crypto.parse(b"1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0")
    assert "c2VjcmV0" not in repr(crypto)


def test_there_are_four_directions() -> None:
    assert [direction.value for direction in Direction] == [
        "sendrecv",
        "sendonly",
        "recvonly",
        "inactive",
    ]
