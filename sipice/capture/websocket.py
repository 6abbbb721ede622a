"""RFC 6455, RFC 7118: the WebSocket messages of one direction of a connection."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsproto.frame_protocol import Frame

MAX_MESSAGE = 1 << 20
_STEP = 4096
"""Bytes at a time, so that compressed data cannot grow without bound at once."""

_UPGRADE = re.compile(rb"^upgrade:[^\r\n]*\bwebsocket\b", re.IGNORECASE | re.MULTILINE)
_EXTENSIONS = re.compile(rb"^sec-websocket-extensions:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


def is_upgrade(head: bytes) -> bool:
    """The head of an HTTP request or response that turns the connection into a WebSocket."""
    return _UPGRADE.search(head) is not None


def deflate_of(head: bytes) -> str:
    """The parameters of permessage-deflate as the response agreed on it; else empty."""
    match = _EXTENSIONS.search(head)
    agreed = match[1].decode("latin-1").split(",") if match else []
    found = (one.strip() for one in agreed)
    return next((one for one in found if one.startswith("permessage-deflate")), "")


class UnreadableError(Exception):
    """These bytes are not the WebSocket frames that they should be."""


class MessageReader:
    """Frames in any split, masked or not, fragmented, compressed; whole messages out."""

    def __init__(self, *, from_client: bool, deflate: str = "") -> None:
        from wsproto.extensions import Extension, PerMessageDeflate
        from wsproto.frame_protocol import FrameDecoder

        extensions: list[Extension] = []
        if deflate:
            extension = PerMessageDeflate()
            try:
                extension.finalize(deflate)
            except (ValueError, IndexError) as why:
                raise UnreadableError(str(why)) from None
            extensions.append(extension)
        # it decodes what a server receives, or what a client receives
        self._decoder = FrameDecoder(not from_client, extensions)
        self._message = bytearray()

    @property
    def pending(self) -> bool:
        """Some bytes of a message have come, but not all."""
        decoder = self._decoder
        return bool(self._message or len(decoder.buffer) or decoder.header is not None)

    def receive(self, data: bytes) -> list[bytes]:
        """The messages that these bytes complete."""
        messages: list[bytes] = []
        for start in range(0, len(data), _STEP):
            self._decoder.receive_bytes(data[start : start + _STEP])
            while (frame := self._frame()) is not None:
                if not frame.opcode.iscontrol():
                    self._add(frame, messages)
        return messages

    def _frame(self) -> Frame | None:
        from wsproto.frame_protocol import ParseFailed

        try:
            return self._decoder.process_buffer()
        except (ParseFailed, ValueError, AssertionError, zlib.error) as why:
            raise UnreadableError(str(why)) from None

    def _add(self, frame: Frame, messages: list[bytes]) -> None:
        # the decoder gives bytes for text as well; only the layer above it makes text of them
        if isinstance(frame.payload, bytes):
            self._message += frame.payload
        if len(self._message) > MAX_MESSAGE:
            raise UnreadableError("a message of more than a mebibyte")
        if frame.frame_finished and frame.message_finished:
            messages.append(bytes(self._message))
            self._message.clear()
