"""What a description means: effective values, destinations, mismatch, restart."""

from dataclasses import replace

import pytest

from sdp import Credentials, Destination, Direction, SessionDescription, Support
from sdp import effective as eff
from tests.sdp.text import HOST, ICE, described

AUDIO = "m=audio 5004 RTP/AVP 0"
BUNDLE = "a=group:BUNDLE 0 1"
PWD = "a=ice-pwd:asd88fgpdd777uzjYhagZg"


def bundled(*lines: str) -> SessionDescription:
    """Two sections in one group; ``lines`` stand in the first, which has the ICE."""
    second = ("m=video 0 RTP/AVP 96", "a=bundle-only", "a=mid:1")
    return described(BUNDLE, AUDIO, "a=mid:0", *lines, *second)


# BUNDLE ------------------------------------------------------------------------------------------


def test_only_bundle_groups_are_bundles() -> None:
    description = described("a=group:LS 0 1", "a=group:bundle 0", AUDIO)
    assert [group.mids for group in eff.bundles(description)] == [("0",)]


def test_a_section_is_in_the_group_that_names_its_mid() -> None:
    description = described(BUNDLE, AUDIO, "a=mid:1", AUDIO, "a=mid:2", AUDIO)
    group = eff.bundle_of(description, 0)
    assert group is not None
    assert group.mids == ("0", "1")
    assert eff.bundle_of(description, 1) is None
    assert eff.bundle_of(description, 2) is None


def test_the_ice_of_a_bundled_section_without_any_is_in_the_tagged_one() -> None:
    description = bundled(*ICE)
    assert eff.ice_home(description, 0) is description.media[0]
    assert eff.ice_home(description, 1) is description.media[0]


@pytest.mark.parametrize("own", ["a=ice-ufrag:othr", HOST])
def test_a_bundled_section_with_ice_of_its_own_keeps_it(own: str) -> None:
    description = described(BUNDLE, AUDIO, "a=mid:0", *ICE, AUDIO, "a=mid:1", own)
    assert eff.ice_home(description, 1) is description.media[1]


def test_a_group_whose_first_mid_is_unknown_lends_no_ice() -> None:
    description = described("a=group:BUNDLE x 1", AUDIO, "a=mid:1")
    assert eff.ice_home(description, 0) is description.media[0]


@pytest.mark.parametrize(
    ("lines", "alive"),
    [
        ((AUDIO,), True),
        (("m=audio 0 RTP/AVP 0",), False),
        (("m=audio 0 RTP/AVP 0", "a=bundle-only"), False),
        (("m=audio 0 RTP/AVP 0", "a=bundle-only", "a=mid:0"), False),
        ((BUNDLE, "m=audio 0 RTP/AVP 0", "a=bundle-only", "a=mid:0"), True),
        ((BUNDLE, "m=audio 0 RTP/AVP 0", "a=mid:0"), False),
        (("m=audio x RTP/AVP 0",), False),
    ],
)
def test_a_stream_lives_by_its_port_or_as_bundle_only_in_a_group(
    lines: tuple[str, ...], alive: bool
) -> None:
    assert eff.is_alive(described(*lines), 0) is alive


# ICE parameters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "ufrag", "pwd"),
    [
        (("a=ice-ufrag:sess", "a=ice-pwd:s", AUDIO), "sess", "s"),
        ((AUDIO, "a=ice-ufrag:medi", "a=ice-pwd:m"), "medi", "m"),
        (("a=ice-ufrag:sess", "a=ice-pwd:s", AUDIO, "a=ice-pwd:m"), "sess", "m"),
        (("a=ice-ufrag:sess", "a=ice-pwd:s", AUDIO, "a=ice-ufrag:medi"), "medi", "s"),
    ],
)
def test_credentials_of_the_media_level_come_before_those_of_the_session(
    lines: tuple[str, ...], ufrag: str, pwd: str
) -> None:
    assert eff.credentials(described(*lines), 0) == Credentials(ufrag, pwd)


@pytest.mark.parametrize(
    "lines",
    [(AUDIO,), ("a=ice-ufrag:x", AUDIO), (AUDIO, PWD), (AUDIO, PWD, "a=ice-ufrag:")],
)
def test_there_are_no_credentials_unless_both_are_there(lines: tuple[str, ...]) -> None:
    assert eff.credentials(described(*lines), 0) is None


def test_options_of_both_levels_hold() -> None:
    description = described("a=ice-options:ice2", AUDIO, "a=ice-options:trickle ice2")
    assert eff.ice_options(description, 0) == ("trickle", "ice2")


@pytest.mark.parametrize(
    ("lines", "support"),
    [
        ((*ICE, AUDIO), Support.FULL),
        ((*ICE[1:], AUDIO), Support.LEGACY),
        ((AUDIO,), Support.NONE),
        ((*ICE, AUDIO, "a=ice-mismatch"), Support.NONE),
    ],
)
def test_support_is_told_by_credentials_ice2_and_mismatch(
    lines: tuple[str, ...], support: Support
) -> None:
    assert eff.support(described(*lines), 0) is support


def test_a_lite_agent_says_so_for_the_session_or_in_every_section() -> None:
    assert eff.is_lite(described("a=ice-lite", AUDIO))
    assert eff.is_lite(described(AUDIO, "a=ice-lite", AUDIO, "a=ice-lite"))
    assert not eff.is_lite(described(AUDIO, "a=ice-lite", AUDIO))
    assert not eff.is_lite(described())


def test_trickle_is_an_option() -> None:
    assert eff.is_trickle(described("a=ice-options:trickle", AUDIO), 0)
    assert not eff.is_trickle(described("a=ice-options:ice2", AUDIO), 0)


def test_the_end_of_candidates_stands_for_one_stream_or_for_all() -> None:
    assert eff.has_ended(described("a=end-of-candidates", AUDIO), 0)
    description = described(AUDIO, "a=end-of-candidates", AUDIO)
    assert eff.has_ended(description, 0)
    assert not eff.has_ended(description, 1)
    assert eff.has_ended(bundled(*ICE, "a=end-of-candidates"), 1)


def test_pacing_is_50_unless_more_or_less_is_asked_for() -> None:
    assert eff.pacing(described(AUDIO)) == 50
    assert eff.pacing(described("a=ice-pacing:20", AUDIO)) == 20
    assert eff.pacing(described("a=ice-pacing:20", AUDIO, "a=ice-pacing:30")) == 30


def test_usable_candidates_and_components_are_those_of_the_ice_home() -> None:
    lines = (
        HOST,
        "a=candidate:2 2 UDP 1 a.local 9 typ host",
        "a=candidate:3 3 UDP 1 host.example.com 9 typ host",
    )
    description = bundled(*ICE, *lines)
    for stream in (0, 1):
        assert [c.foundation for c in eff.usable_candidates(description, stream)] == ["1"]
        usable = eff.usable_candidates(description, stream, mdns=True)
        assert [c.foundation for c in usable] == ["1", "2"]
        assert eff.components(description, stream) == (1, 2)


# Destinations ------------------------------------------------------------------------------------


def test_the_direction_is_that_of_the_section_else_of_the_session_else_both() -> None:
    assert eff.direction(described("a=sendonly", AUDIO, "a=inactive"), 0) is Direction.INACTIVE
    assert eff.direction(described("a=sendonly", AUDIO), 0) is Direction.SENDONLY
    assert eff.direction(described(AUDIO), 0) is Direction.SENDRECV


def test_the_connection_is_that_of_the_section_else_of_the_session() -> None:
    description = described(AUDIO, "c=IN IP4 192.0.2.2", AUDIO)
    addresses = [c.address for n in (0, 1) if (c := eff.connection(description, n)) is not None]
    assert addresses == ["192.0.2.2", "192.0.2.1"]


@pytest.mark.parametrize(
    ("lines", "rtcp"),
    [
        ((AUDIO,), True),
        ((AUDIO, "b=RS:0"), True),
        ((AUDIO, "b=RS:0", "b=RR:0"), False),
        (("b=RS:0", AUDIO, "b=rr:0"), False),
        ((AUDIO, "b=RS:0", "b=RR:8"), True),
        (("m=image 5004 udptl t38",), False),
    ],
)
def test_rtp_has_rtcp_unless_its_bandwidth_is_zero(lines: tuple[str, ...], rtcp: bool) -> None:
    assert eff.uses_rtcp(described(*lines), 0) is rtcp


def place(port: int, address: str = "192.0.2.1", transport: str = "UDP") -> Destination:
    return Destination(address, port, transport)


COMPONENT_2 = "a=candidate:1 2 UDP 1 192.0.2.1 5007 typ host"


@pytest.mark.parametrize(
    ("lines", "rtp", "rtcp"),
    [
        ((AUDIO,), place(5004), place(5005)),
        ((AUDIO, "c=IN IP4 192.0.2.2"), place(5004, "192.0.2.2"), place(5005, "192.0.2.2")),
        ((AUDIO, "a=rtcp:53020"), place(5004), place(53020)),
        ((AUDIO, "a=rtcp:9000 IN IP4 192.0.2.9"), place(5004), place(9000, "192.0.2.9")),
        ((AUDIO, "a=rtcp-mux"), place(5004), place(5004)),
        ((AUDIO, "a=rtcp-mux", "a=rtcp:5007"), place(5004), place(5007)),
        ((AUDIO, "a=rtcp-mux", COMPONENT_2), place(5004), place(5005)),
        ((AUDIO, "a=rtcp-mux", "a=rtcp-mux-only", "a=rtcp:7"), place(5004), place(5004)),
        ((AUDIO, "b=RS:0", "b=RR:0"), place(5004), None),
        (("m=audio 9 RTP/AVP 0",), place(9), place(9)),
        (("m=audio 0 RTP/AVP 0",), None, None),
        (("m=audio",), None, None),
        (
            ("m=audio 9 TCP/RTP/AVP 0", "c=IN IP4 192.0.2.2"),
            place(9, "192.0.2.2", "TCP"),
            place(9, "192.0.2.2", "TCP"),
        ),
        (("m=image 5004 udptl t38",), place(5004), None),
    ],
)
def test_without_ice_each_component_goes_to_its_default_destination(
    lines: tuple[str, ...], rtp: Destination | None, rtcp: Destination | None
) -> None:
    description = described(*lines)
    assert eff.default_destination(description, 0) == rtp
    assert eff.default_destination(description, 0, 2) == rtcp
    assert eff.default_destination(description, 0, 3) is None


def test_a_stream_without_any_c_line_has_no_destination() -> None:
    description = described(AUDIO)
    description.remove(description.positions("c="))
    assert eff.default_destination(description, 0) is None


def test_a_bundle_only_stream_goes_where_the_tagged_one_goes() -> None:
    assert eff.default_destination(bundled(*ICE), 1) == place(5004)


def test_a_destination_may_be_a_placeholder_or_a_name() -> None:
    assert place(9).is_placeholder
    assert place(5004, "0.0.0.0").is_placeholder
    assert place(5004, "::").is_placeholder
    assert not place(5004).is_placeholder
    assert place(5004, "media.example.com").is_name
    assert not place(5004).is_name


@pytest.mark.parametrize(
    ("lines", "components"),
    [
        ((*ICE, AUDIO, HOST), ()),
        ((*ICE, AUDIO), (1,)),
        ((*ICE, "m=audio 5006 RTP/AVP 0", HOST), (1,)),
        ((*ICE, AUDIO, "c=IN IP4 192.0.2.2", HOST), (1,)),
        ((*ICE, "m=audio 5004 TCP/RTP/AVP 0", HOST), (1,)),
        ((*ICE, AUDIO, HOST.replace("UDP", "udp")), ()),
        ((*ICE, AUDIO, HOST, COMPONENT_2), (2,)),
        ((*ICE, AUDIO, "a=rtcp:5007", HOST, COMPONENT_2), ()),
        ((*ICE, AUDIO, "b=RS:0", "b=RR:0", HOST, COMPONENT_2), ()),
        ((*ICE, "m=audio 9 RTP/AVP 0"), ()),
        ((*ICE, AUDIO, "c=IN IP4 0.0.0.0"), ()),
        ((*ICE, AUDIO, "c=IN IP4 media.example.com"), ()),
        ((*ICE, "m=audio 0 RTP/AVP 0"), ()),
        ((AUDIO, HOST.replace("5004", "7")), ()),
        ((*ICE, AUDIO, "a=ice-mismatch"), ()),
        (
            (*ICE, AUDIO, "c=IN IP6 2001:DB8:0::1", HOST.replace("192.0.2.1", "2001:db8::1")),
            (),
        ),
    ],
)
def test_a_default_destination_that_is_no_candidate_is_a_mismatch(
    lines: tuple[str, ...], components: tuple[int, ...]
) -> None:
    assert eff.mismatch(described(*lines), 0) == components


def test_a_bundled_section_whose_ice_lives_elsewhere_never_mismatches() -> None:
    description = described(BUNDLE, AUDIO, "a=mid:0", *ICE, HOST, "m=video 7 RTP/AVP 9", "a=mid:1")
    assert eff.mismatch(description, 1) == ()


# Two descriptions --------------------------------------------------------------------------------

OLD = Credentials("8hhY", "asd88fgpdd777uzjYhagZg")


def with_credentials(credentials: Credentials | None, *lines: str) -> SessionDescription:
    if credentials is None:
        return described(AUDIO, *lines)
    ours = (f"a=ice-ufrag:{credentials.ufrag}", f"a=ice-pwd:{credentials.pwd}")
    return described(*lines, *ours, AUDIO)


@pytest.mark.parametrize(
    ("earlier", "later", "restart"),
    [
        (OLD, OLD, False),
        (OLD, Credentials("newU", "newPasswordOf22chars++"), True),
        (OLD, replace(OLD, ufrag="newU"), True),
        (OLD, replace(OLD, pwd="newPasswordOf22chars++"), True),
        (OLD, None, False),
        (None, OLD, False),
    ],
)
def test_other_credentials_are_a_restart(
    earlier: Credentials | None, later: Credentials | None, restart: bool
) -> None:
    assert eff.is_restart(with_credentials(earlier), with_credentials(later), 0) is restart


def test_a_stream_that_was_not_there_does_not_restart() -> None:
    later = described(*ICE, AUDIO, AUDIO)
    assert not eff.is_restart(described(*ICE, AUDIO), later, 1)
    assert not eff.is_restart(later, described(*ICE, AUDIO), 1)


@pytest.mark.parametrize(
    ("earlier", "later", "changed"),
    [
        ((), (), ()),
        (("a=ice-options:a b",), ("a=ice-options:b a",), ()),
        (("a=ice-options:a",), (), ("ice-options",)),
        ((), ("a=ice-pacing:20",), ("ice-pacing",)),
        ((), ("a=ice-pacing:50",), ()),
        ((), ("a=ice-lite",), ("ice-lite",)),
    ],
)
def test_options_pacing_and_lite_must_not_change_without_a_restart(
    earlier: tuple[str, ...], later: tuple[str, ...], changed: tuple[str, ...]
) -> None:
    before, after = with_credentials(OLD, *earlier), with_credentials(OLD, *later)
    assert eff.changed_without_restart(before, after, 0) == changed


def test_with_a_restart_or_without_ice_they_may_change() -> None:
    before, after = with_credentials(OLD), with_credentials(OLD, "a=ice-lite")
    restarted = with_credentials(replace(OLD, ufrag="newU"), "a=ice-lite")
    without = with_credentials(None)
    assert eff.changed_without_restart(before, restarted, 0) == ()
    assert eff.changed_without_restart(without, after, 0) == ()
    assert eff.changed_without_restart(before, without, 0) == ()
