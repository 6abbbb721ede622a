import pytest

from sipice.plugins.acks import Acks
from sipice.sip.message import parse_message

INVITE = (
    b"INVITE sip:bob@192.0.2.4 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
    b"Route: <sip:p1.example;lr>\r\nRoute: <sip:p2.example;lr>\r\n"
    b"From: <sip:alice@192.0.2.1>;tag=a\r\nTo: <sip:bob@192.0.2.4>\r\n"
    b"Call-ID: c1\r\nCSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n"
)


def response(status: int, branch: str = "z9hG4bK1", cseq: str = "7 INVITE") -> bytes:
    return (
        f"SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch={branch};received=9.9.9\r\n"
        "From: <sip:alice@192.0.2.1>;tag=a\r\nTo: <sip:bob@192.0.2.4>;tag=b\r\n"
        f"Call-ID: c1\r\nCSeq: {cseq}\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def test_a_refusal_is_acknowledged_each_time_with_what_the_invite_said() -> None:
    acks = Acks()
    acks.sent(INVITE)
    for _ in range(2):
        data = acks.answer(response(486))
        assert data is not None
        ack = parse_message(data)
        assert ack.method == "ACK"
        assert data.startswith(b"ACK sip:bob@192.0.2.4 SIP/2.0\r\n")
        assert ack.values("via") == ["SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1"]
        assert ack.values("route") == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]
        assert (ack.from_tag, ack.to_tag) == ("a", "b")
        assert ack.cseq is not None
        assert ack.cseq.number == 7


def test_it_shows_what_the_invite_showed() -> None:
    """RFC 3261 §22.1."""
    acks = Acks()
    shown = b"Proxy-Authorization: Digest one\r\nAuthorization: Digest two\r\n"
    acks.sent(INVITE.replace(b"Content-Length", shown + b"Content-Length"))
    data = acks.answer(response(401))
    assert data is not None
    ack = parse_message(data)
    assert ack.header("authorization") == "Digest two"
    assert ack.header("proxy-authorization") == "Digest one"


def test_an_ack_of_somebody_else_repeats_it() -> None:
    acks = Acks()
    acks.sent(INVITE)
    ack = INVITE.replace(b"INVITE", b"ACK")
    assert not acks.repeats(ack), "nothing has been refused"
    acks.answer(response(401))
    assert acks.repeats(ack)
    assert not acks.repeats(INVITE)
    assert not acks.repeats(ack.replace(b"z9hG4bK1", b"z9hG4bK2")), "that of a 2xx"
    assert not acks.repeats(b"ACK nonsense")
    assert not acks.repeats(ack.replace(b"CSeq", b"X"))


def test_nothing_else_is() -> None:
    acks = Acks()
    acks.sent(INVITE)
    acks.sent(INVITE.replace(b"INVITE", b"OPTIONS"))
    for data in (
        response(200),
        response(180),
        response(486, branch="z9hG4bK2"),
        response(486, cseq="7 BYE"),
        response(486, cseq="nonsense"),
        INVITE,
        b"",
    ):
        assert acks.answer(data) is None


def test_memory_is_bounded() -> None:
    acks = Acks()
    for number in range(1_000):
        acks.sent(INVITE.replace(b"7 INVITE", b"%d INVITE" % number))
        acks.answer(response(486, cseq=f"{number} INVITE"))
    assert len(acks._invites) == 256
    assert len(acks._acknowledged) == 256


@pytest.mark.parametrize(
    "data",
    [
        b"SIP/2.0 4\xff",
        b"SIP/2.0 4\x00\r\n\r\n",
        b"SIP/2.0 486 " + bytes(100_000),
        b"SIP/2.0 400 X\r\n\r\n",
        response(486).replace(b"Via", b"X"),
    ],
)
def test_what_cannot_be_read_is_acknowledged_by_nothing(data: bytes) -> None:
    acks = Acks()
    acks.sent(b"INVITE ")
    acks.sent(INVITE.replace(b"Via", b"X"))
    assert acks.answer(data) is None
