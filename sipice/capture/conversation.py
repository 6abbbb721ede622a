"""What the two directions of a TCP connection talk: SIP, WebSocket, TLS, or something else."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from sipice.capture.notes import Notes, Trouble
from sipice.capture.tcp import Piece
from sipice.capture.websocket import MessageReader, UnreadableError, deflate_of, is_upgrade
from sipice.sip.framing import StreamFramer
from sipice.sip.message import is_sip

MAX_HEAD = 65_536
MAX_BODY = 1 << 18
MAX_FRAMES = 1024

_TLS_RECORDS = range(0x14, 0x18)


class Talk(Enum):
    """What one direction has turned out to be."""

    UNKNOWN = "unknown"
    SIP = "TCP"
    HTTP = "HTTP"
    WEBSOCKET = "WS"
    OTHER = "other"
    """Nothing of it can be read."""


class Said(NamedTuple):
    """A SIP message, and the packets that brought it."""

    data: bytes
    time: float
    transport: str
    frames: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Conversation:
    """Both directions of a connection; what the server agreed to holds for the client too."""

    notes: Notes
    name: str
    """For notes."""
    deflate: str = ""
    spoken: bool = False
    """A SIP message has been found in it."""
    voices: dict[bool, Voice] = field(default_factory=dict[bool, "Voice"])

    def hear(self, direction: bool, piece: Piece) -> list[Said]:
        """The next bytes of one direction."""
        voice = self.voices.get(direction)
        if voice is None:
            voice = self.voices[direction] = Voice(self)
        return voice.hear(piece)


def _framer() -> StreamFramer:
    return StreamFramer(max_body=MAX_BODY)


@dataclass(slots=True, eq=False)
class Voice:
    """One direction of a connection."""

    conversation: Conversation
    talk: Talk = Talk.UNKNOWN
    from_client: bool = False
    """Of a WebSocket: the side that asked for it."""
    _head: bytearray = field(default_factory=bytearray)
    _framer: StreamFramer = field(default_factory=_framer)
    _reader: MessageReader | None = None
    _frames: list[int] = field(default_factory=list[int])

    def hear(self, piece: Piece) -> list[Said]:
        """The messages that these bytes complete."""
        if piece.lost:
            self._lose(piece)
        if self.talk is Talk.OTHER:
            return []
        if not self._frames or self._frames[-1] != piece.frame:
            self._frames.append(piece.frame)
            del self._frames[:-MAX_FRAMES]
        messages = self._messages(piece.data, piece.frame)
        said: list[Said] = []
        for data in messages:
            if is_sip(data):
                said.append(Said(data, piece.time, self.talk.value, _ordered(self._frames)))
            self._frames = [piece.frame]
        if not self._pending:
            self._frames = []
        self.conversation.spoken = self.conversation.spoken or bool(said)
        return said

    @property
    def _pending(self) -> bool:
        """The bytes so far are not all used up."""
        if self.talk is Talk.SIP:
            return self._framer.pending > 0
        if self.talk is Talk.WEBSOCKET:
            return self._reader is not None and self._reader.pending
        return True

    def _lose(self, piece: Piece) -> None:
        """SIP can be picked up again behind a gap, WebSocket frames cannot."""
        # in the streams of other protocols a gap is nobody's trouble
        begun = self.talk is Talk.SIP and self._framer.skipped == 0
        if begun or self.conversation.spoken or self.talk is Talk.WEBSOCKET:
            self.conversation.notes.add(Trouble.GAP, piece.frame, self.conversation.name)
        self._head.clear()
        self._frames = []
        self._framer.reset()
        if self.talk in (Talk.HTTP, Talk.WEBSOCKET):
            self.talk = Talk.OTHER

    def _messages(self, data: bytes, frame: int) -> list[bytes]:
        if self.talk is Talk.UNKNOWN:
            self._head += data
            data = self._recognise(frame)
        if self.talk is Talk.HTTP:
            self._head += data
            data = self._upgraded()
        if self.talk is Talk.SIP:
            return self._framer.receive(data)
        return self._unframed(data, frame) if self.talk is Talk.WEBSOCKET else []

    def _recognise(self, frame: int) -> bytes:
        """By the first bytes; returns them if they are known now."""
        head = bytes(self._head)
        if len(head) < 4:
            return b""
        self._head.clear()
        if head[0] in _TLS_RECORDS and head[1] == 3 and head[2] <= 4:
            self._note_tls(frame)
            self.talk = Talk.OTHER
        elif head.startswith((b"GET ", b"HTTP")):
            self.talk = Talk.HTTP
            self.from_client = head.startswith(b"GET ")
        else:
            self.talk = Talk.SIP
        return head

    def _note_tls(self, frame: int) -> None:
        """Once for both directions."""
        conversation = self.conversation
        if not any(voice.talk is Talk.OTHER for voice in conversation.voices.values()):
            conversation.notes.add(Trouble.TLS, frame, conversation.name)

    def _upgraded(self) -> bytes:
        """What follows the head of HTTP that made the connection a WebSocket."""
        while (end := self._head.find(b"\r\n\r\n") + 4) > 3:
            head = bytes(self._head[:end])
            del self._head[:end]
            if is_upgrade(head) and (self.from_client or b" 101" in head[:16]):
                self.talk = Talk.WEBSOCKET
                if not self.from_client:
                    self.conversation.deflate = deflate_of(head)
                rest = bytes(self._head)
                self._head.clear()
                return rest
        if len(self._head) > MAX_HEAD:
            self._head.clear()
            self.talk = Talk.OTHER
        return b""

    def _unframed(self, data: bytes, frame: int) -> list[bytes]:
        if not data:
            return []
        try:
            if self._reader is None:
                deflate = self.conversation.deflate
                self._reader = MessageReader(from_client=self.from_client, deflate=deflate)
            return self._reader.receive(data)
        except UnreadableError as why:
            name = f"{self.conversation.name}, {why}"
            self.conversation.notes.add(Trouble.WEBSOCKET, frame, name)
            self.talk = Talk.OTHER
            return []


def _ordered(frames: list[int]) -> tuple[int, ...]:
    """Segments out of order come in the order of the stream, not of the capture."""
    return tuple(sorted(set(frames)))
