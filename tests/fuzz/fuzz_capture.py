"""Fuzz target: a whole capture file, from its first byte to the exchanges in it."""

from __future__ import annotations

import sys

from sipice.capture import Limits, Notes, is_capture, read_capture, sip_messages
from sipice.errors import DecodeError
from sipice.sip.exchange import Tracker
from sipice.sip.message import parse_message

LIMITS = Limits(connections=3, datagrams=3, stream_bytes=2000)


def body(data: bytes) -> None:
    """Whatever comes is refused at once or read to an end, with few notes."""
    notes = Notes()
    try:
        packets = read_capture(data, notes)
    except DecodeError:
        assert len(data) < 40 or not is_capture(data) or data[:1] == b"\x0a"
        return
    tracker = Tracker()
    for message in sip_messages(packets, notes, LIMITS):
        assert message.frames
        assert list(message.frames) == sorted(set(message.frames))
        tracker.add(parse_message(message.data), message.time, source=message.source)
    assert len(list(notes)) <= 8
    assert all(str(note) for note in notes)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, body)
    atheris.Fuzz()
