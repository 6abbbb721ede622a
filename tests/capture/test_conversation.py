"""What a TCP connection talks, told by its first bytes."""

from __future__ import annotations

import zlib

import pytest

from sipice.capture.conversation import MAX_HEAD, Conversation, Said
from sipice.capture.notes import Notes, Trouble
from sipice.capture.tcp import Piece
from tests.capabilities import needs
from tests.capture.writer import UPGRADE, UPGRADED, websocket
from tests.sip.build import invite, sip

pytestmark = needs("cli")

MESSAGE = invite()
OK = sip("SIP/2.0 200 OK", "CSeq: 1 INVITE")
MASK = b"\x11\x22\x33\x44"


class Talk:
    """A conversation to which pieces are given one frame after the other."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.frame = 0
        self._conversation = Conversation(self.notes, "a - b")

    def say(self, data: bytes, *, backwards: bool = False, lost: bool = False) -> list[Said]:
        self.frame += 1
        piece = Piece(data, float(self.frame), self.frame, lost)
        return self._conversation.hear(backwards, piece)

    @property
    def troubles(self) -> list[Trouble]:
        return [note.trouble for note in self.notes]


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_sip_in_both_directions(talk: Talk) -> None:
    assert talk.say(MESSAGE) == [Said(MESSAGE, 1.0, "TCP", (1,))]
    assert talk.say(OK, backwards=True) == [Said(OK, 2.0, "TCP", (2,))]


def test_a_message_names_the_frames_that_brought_it(talk: Talk) -> None:
    assert talk.say(MESSAGE[:3]) == []
    assert talk.say(MESSAGE[3:100]) == []
    first, second = talk.say(MESSAGE[100:] + OK + MESSAGE[:50])
    assert (first.frames, second.frames) == ((1, 2, 3), (3,))
    (third,) = talk.say(MESSAGE[50:])
    assert (third.data, third.frames, third.time) == (MESSAGE, (3, 4), 4.0)
    assert talk.say(b"\r\n\r\n") == []
    assert [said.frames for said in talk.say(OK)] == [(6,)]
    talk.say(MESSAGE[:10])
    talk.frame -= 1
    (said,) = talk.say(MESSAGE[10:])
    assert said.frames == (7,)


def test_sip_is_picked_up_again_behind_a_gap(talk: Talk) -> None:
    talk.say(MESSAGE)
    talk.say(MESSAGE[:100])
    assert [said.data for said in talk.say(MESSAGE[200:] + OK, lost=True)] == [OK]
    assert talk.troubles == [Trouble.GAP]


def test_gaps_in_what_is_no_sip_are_nobodys_trouble(talk: Talk) -> None:
    talk.say(b"\x80binary\nstuff\n")
    talk.say(b"more", lost=True)
    assert talk.troubles == []


@pytest.mark.parametrize("record", [b"\x16\x03\x01\x02\x00", b"\x17\x03\x03\x00\x20"])
def test_tls_is_told_once_for_both_directions(talk: Talk, record: bytes) -> None:
    assert talk.say(record + MESSAGE) == []
    assert talk.say(record, backwards=True) == []
    assert talk.say(MESSAGE) == []
    assert [(note.trouble, note.detail, note.count) for note in talk.notes] == [
        (Trouble.TLS, "a - b", 1)
    ]


def test_sip_over_websocket_behind_the_upgrade(talk: Talk) -> None:
    assert talk.say(UPGRADE) == []
    (by_server,) = talk.say(UPGRADED + websocket(OK), backwards=True)
    (by_client,) = talk.say(websocket(MESSAGE, mask=MASK))
    assert by_server == Said(OK, 2.0, "WS", (2,))
    assert by_client.data == MESSAGE
    assert by_client.transport == "WS"
    assert talk.troubles == []


def test_compression_that_the_server_agreed_to_holds_for_both(talk: Talk) -> None:
    talk.say(UPGRADE)
    line = b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    talk.say(UPGRADED.replace(b"\r\n\r\n", line), backwards=True)
    for data, mask, backwards in ((MESSAGE, MASK, False), (OK, b"", True)):
        packer = zlib.compressobj(wbits=-15)
        packed = (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        frame = websocket(packed, mask=mask, opcode=0x41)
        assert [said.data for said in talk.say(frame, backwards=backwards)] == [data]


def test_an_upgrade_may_come_in_pieces_and_after_other_requests(talk: Talk) -> None:
    plain = b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n"
    for at in range(0, len(plain + UPGRADE), 7):
        assert talk.say((plain + UPGRADE)[at : at + 7]) == []
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage"
    talk.say(page + UPGRADED, backwards=True)
    assert [said.data for said in talk.say(websocket(MESSAGE, mask=MASK))] == [MESSAGE]


def test_messages_over_websocket_that_are_no_sip_are_left_out(talk: Talk) -> None:
    talk.say(UPGRADE)
    frames = websocket(b"\r\n\r\n", mask=MASK) + websocket(b"{}", mask=MASK)
    assert [said.data for said in talk.say(frames + websocket(OK, mask=MASK))] == [OK]
    talk.say(websocket(MESSAGE, mask=MASK)[:60])
    (said,) = talk.say(websocket(MESSAGE, mask=MASK)[60:])
    assert said.frames == (3, 4)


def test_a_websocket_with_a_gap_or_bad_frames_is_given_up_with_a_note(talk: Talk) -> None:
    talk.say(UPGRADE)
    assert talk.say(websocket(MESSAGE)) == []
    assert talk.say(websocket(MESSAGE, mask=MASK)) == []
    assert talk.troubles == [Trouble.WEBSOCKET]
    talk.say(UPGRADED, backwards=True)
    assert talk.say(websocket(OK), backwards=True, lost=True) == []
    assert talk.troubles == [Trouble.WEBSOCKET, Trouble.GAP]


def test_http_that_is_not_upgraded_is_not_held(talk: Talk) -> None:
    assert talk.say(b"GET /big HTTP/1.1\r\n" + b"X: y\r\n" * MAX_HEAD) == []
    assert talk.say(UPGRADE + websocket(MESSAGE, mask=MASK)) == []
    refused = b"HTTP/1.1 403 Forbidden\r\nUpgrade: websocket\r\n\r\n"
    assert talk.say(refused + websocket(OK), backwards=True) == []
    assert talk.troubles == []
