"""SIP messages out of whole captures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipice.capture.file import Packet, read_capture
from sipice.capture.messages import CapturedMessage, Limits, sip_messages
from sipice.capture.notes import Notes, Trouble
from sipice.net import Address
from sipice.sip.exchange import Tracker
from sipice.sip.message import parse_message
from tests.capabilities import needs
from tests.capture.writer import (
    ALICE,
    ALICE6,
    BOB,
    BOB6,
    LINK_TYPES,
    RAW,
    SYN,
    UDP,
    UPGRADE,
    UPGRADED,
    TcpTalk,
    fragments4,
    fragments6,
    ip,
    link,
    pcap,
    pcapng,
    tcp,
    udp,
    udp_payload,
    websocket,
)
from tests.sip.build import invite
from tests.sip.story import ACK, INVITE, OK, summary
from tests.tracedir import traces_dir

pytestmark = needs("cli")

LONG = invite("X-Long: " + "x" * 3000)
MASK = b"\x11\x22\x33\x44"


def read(data: bytes, limits: Limits | None = None) -> tuple[list[CapturedMessage], list[Trouble]]:
    notes = Notes()
    messages = list(sip_messages(read_capture(data, notes), notes, limits))
    return messages, [note.trouble for note in notes]


@pytest.mark.parametrize("link_type", LINK_TYPES)
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_sip_over_udp_on_each_link_type(link_type: int, make: object) -> None:
    assert callable(make)
    packets = [udp(INVITE), udp(OK, BOB6, ALICE6), udp(b"\x80\x00 no SIP"), udp(b"\r\n\r\n")]
    messages, troubles = read(make([link(packet, link_type) for packet in packets], link_type))
    assert messages == [
        CapturedMessage(1000.0, ALICE, BOB, "UDP", INVITE, (1,)),
        CapturedMessage(1000.01, BOB6, ALICE6, "UDP", OK, (2,)),
    ]
    assert troubles == []


def test_a_message_in_fragments_names_all_its_frames() -> None:
    four = fragments4(udp_payload(LONG), UDP, 1480)
    six = fragments6(udp_payload(LONG, ALICE6, BOB6), UDP, 1448)
    messages, troubles = read(pcap([*four, *six[::-1]]))
    assert [(m.source, m.data, m.frames) for m in messages] == [
        (ALICE, LONG, (1, 2, 3)),
        (ALICE6, LONG, (4, 5, 6)),
    ]
    assert troubles == []


def test_a_tunnel_may_be_fragmented_outside_and_inside() -> None:
    inside = [ip(piece, 4) for piece in fragments4(udp_payload(LONG), UDP, 1400)]
    outside = fragments4(udp(LONG), 4, 1400, ident=8)
    messages, troubles = read(pcap([*inside, *outside]))
    assert [m.data for m in messages] == [LONG, LONG]
    assert messages[1].frames == (4, 5, 6)
    assert troubles == []


def test_sip_over_tcp_in_any_segmentation() -> None:
    talk = TcpTalk()
    packets = talk.opening()
    stream = INVITE + b"\r\n\r\n" + LONG
    packets += [talk.say(stream[at : at + 700]) for at in range(0, len(stream), 700)]
    packets += [talk.say(OK, by_client=False), talk.say(ACK)]
    messages, troubles = read(pcap(packets))
    assert [(m.source, m.destination, m.transport, m.data) for m in messages] == [
        (ALICE, BOB, "TCP", INVITE),
        (ALICE, BOB, "TCP", LONG),
        (BOB, ALICE, "TCP", OK),
        (ALICE, BOB, "TCP", ACK),
    ]
    assert messages[0].frames == (4,)
    assert messages[1].frames[-1] == len(packets) - 2
    assert troubles == []


def test_tcp_out_of_order_doubled_and_without_syn() -> None:
    one, two, three = (LONG[at : at + 1000] for at in range(0, 3000, 1000))
    first = tcp(one, 5000)
    later = [tcp(LONG[3000:], 8000), tcp(three, 7000), tcp(two[600:], 6600), tcp(two, 6000)]
    messages, troubles = read(pcap([first, *later, first]))
    assert [m.data for m in messages] == [LONG]
    assert messages[0].frames == (1, 2, 3, 5)
    assert troubles == []


def test_a_gap_in_tcp_is_noted_and_the_stream_goes_on() -> None:
    talk = TcpTalk()
    packets = [*talk.opening(), talk.say(INVITE), talk.say(LONG[:1000])]
    talk.say(LONG[1000:2000])
    packets += [talk.say(LONG[2000:]), talk.say(ACK)]
    packets += [talk.acknowledge(by_client=False)] * 2
    messages, troubles = read(pcap(packets, step=1.5))
    assert [m.data for m in messages] == [INVITE, ACK]
    assert troubles == [Trouble.GAP]
    assert read(pcap(packets[:-2]))[0][-1].data == ACK


def test_ports_used_again_are_another_connection() -> None:
    first, second = TcpTalk(), TcpTalk(sequences={True: 900_000, False: 5})
    packets = [*first.opening(), first.say(INVITE), first.say(LONG[:100])]
    packets += [*second.opening(), second.say(ACK), second.say(OK, by_client=False)]
    messages, troubles = read(pcap(packets))
    assert [m.data for m in messages] == [INVITE, ACK, OK]
    assert troubles == []
    again = [first.say(LONG), tcp(b"", 77, flags=SYN), tcp(OK, 78)]
    assert [m.data for m in read(pcap(again))[0]] == [LONG, OK]


def test_only_so_many_connections_are_held_and_each_is_finished() -> None:
    packets = []
    for port in range(2000, 2010):
        talk = TcpTalk(client=Address(ALICE.ip, port))
        lost = talk.opening()
        packets += [*lost, talk.say(INVITE)]
        talk.say(b"lost")
        packets.append(talk.say(ACK))
    messages, troubles = read(pcap(packets), Limits(connections=2))
    assert len(messages) == 20
    assert troubles == [Trouble.GAP]


def test_connections_that_were_only_tried_take_room_too() -> None:
    talk = TcpTalk()
    begun = [*talk.opening(), talk.say(INVITE[:100])]
    tried = [TcpTalk(client=Address(ALICE.ip, port)).opening()[0] for port in range(100)]
    end = talk.say(INVITE[100:])
    assert read(pcap([*begun, *tried, end]), Limits(connections=100))[0] == []
    assert len(read(pcap([*begun, *tried, end]), Limits(connections=101))[0]) == 1


def test_sip_over_websocket() -> None:
    talk = TcpTalk()
    packets = [*talk.opening(), talk.say(UPGRADE), talk.say(UPGRADED, by_client=False)]
    frames = websocket(LONG[:1500], mask=MASK, fin=False) + websocket(
        LONG[1500:], mask=MASK, opcode=0
    )
    packets += [talk.say(frames[at : at + 1000]) for at in range(0, len(frames), 1000)]
    packets.append(talk.say(websocket(OK), by_client=False))
    messages, troubles = read(pcap(packets))
    assert [(m.transport, m.source, m.data) for m in messages] == [
        ("WS", ALICE, LONG),
        ("WS", BOB, OK),
    ]
    assert messages[0].frames == (6, 7, 8, 9)
    assert troubles == []


def test_tls_is_told_and_not_read() -> None:
    talk = TcpTalk(server=Address(BOB.ip, 5061))
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    packets = [*talk.opening(), talk.say(hello), talk.say(hello, by_client=False)]
    notes = Notes()
    assert list(sip_messages(read_capture(pcap(packets), notes), notes)) == []
    assert [str(note) for note in notes] == [
        "TLS, cannot be read (packet 4: 192.0.2.1:5060 - 192.0.2.2:5061)"
    ]


def test_packets_cut_by_the_snap_length_are_given_and_noted() -> None:
    messages, troubles = read(pcap([udp(INVITE)], snap_length=300))
    assert [m.data for m in messages] == [INVITE[:272]]
    assert troubles == [Trouble.CUT]
    talk = TcpTalk()
    packets = [*talk.opening(), talk.say(INVITE), talk.say(ACK)]
    messages, troubles = read(pcap(packets, snap_length=330))
    assert [m.data for m in messages] == [ACK]
    assert Trouble.CUT in troubles


def test_an_unknown_link_type_is_noted() -> None:
    messages, troubles = read(pcap([udp(INVITE)] * 3, 147))
    assert (messages, troubles) == ([], [Trouble.LINK_TYPE])


def test_a_cut_file_gives_the_messages_before_its_end() -> None:
    file = pcap([udp(INVITE), udp(OK)])
    messages, troubles = read(file[:-100])
    assert [m.data for m in messages] == [INVITE]
    assert troubles == [Trouble.TRUNCATED]


def test_missing_fragments_are_noted_at_the_end() -> None:
    pieces = fragments4(udp_payload(LONG), UDP, 1480)
    assert read(pcap(pieces[1:])) == ([], [Trouble.FRAGMENTS])


def test_other_protocols_and_broken_headers_are_passed_over() -> None:
    packets = [
        tcp(b"x", 5, flags=0),
        ip(b"icmp", 1),
        ip(b"short", UDP),
        ip(b"short", 6),
        b"",
        b"\xff" * 50,
    ]
    assert read(pcap([*packets, udp(INVITE)])) == (
        [CapturedMessage(1000.06, ALICE, BOB, "UDP", INVITE, (7,))],
        [],
    )


def test_a_capture_leads_to_the_exchanges_of_its_calls() -> None:
    talk = TcpTalk()
    packets = [*talk.opening(), talk.say(INVITE), talk.say(OK, by_client=False), talk.say(ACK)]
    tracker = Tracker()
    for one in read(pcap(packets))[0]:
        tracker.add(
            parse_message(one.data),
            one.time,
            source=one.source,
            destination=one.destination,
            transport=one.transport,
        )
    (call,) = tracker.calls()
    assert summary(call.dialogs[0]) == [(1, "offer", "answer", "answered")]
    assert call.dialogs[0].exchanges[0].offer.transport == "TCP"


@given(st.lists(st.binary(max_size=90), max_size=6), st.sampled_from([*LINK_TYPES, 147]))
def test_arbitrary_packets_never_raise(frames: list[bytes], link_type: int) -> None:
    notes = Notes()
    packets = [Packet(n, float(n), link_type, data, len(data)) for n, data in enumerate(frames, 1)]
    for message in sip_messages(packets, notes):
        assert parse_message(message.data)


PIECES = [
    udp(INVITE),
    tcp(INVITE, 10),
    tcp(LONG[:900], 10),
    tcp(LONG[900:], 910),
    tcp(b"", 9, flags=SYN),
]
PIECES += fragments4(udp_payload(LONG), UDP, 1480)
PIECES += [tcp(UPGRADE, 10), tcp(websocket(OK, mask=MASK), 300)]


@given(
    st.lists(
        st.tuples(st.sampled_from(PIECES), st.integers(0, 60), st.binary(max_size=3)), max_size=12
    )
)
def test_damaged_packets_in_any_order_never_raise(choices: list[tuple[bytes, int, bytes]]) -> None:
    notes = Notes()
    frames = [data[:at] + junk + data[at + len(junk) :] for data, at, junk in choices]
    packets = [Packet(n, float(n), RAW, data, len(data)) for n, data in enumerate(frames, 1)]
    messages = list(
        sip_messages(packets, notes, Limits(connections=1, datagrams=1, stream_bytes=500))
    )
    assert all(message.frames for message in messages)


@needs("traces")
def test_every_foreign_capture_is_read_without_trouble() -> None:
    folder = traces_dir()
    assert folder is not None
    files = sorted(folder.rglob("*.pcap"))
    assert files
    counts: dict[str, int] = {}
    for file in files:
        notes = Notes()
        messages = list(sip_messages(read_capture(file, notes), notes))
        assert [str(note) for note in notes] == [], file
        counts[f"{file.parent.name}/{file.name}"] = len(messages)
        assert all(parse_message(message.data).call_id for message in messages)
    expected = {"pcap-sngrep/001.pcap": 81, "pcap-sngrep/006.pcap": 4, "pcap-sngrep/008.pcap": 32}
    assert {name: counts[name] for name in expected if name in counts} == expected
