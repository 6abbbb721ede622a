"""Fuzz target: SIP over a byte stream, cut at any place."""

from __future__ import annotations

import sys

from sipice.sip.framing import StreamFramer
from sipice.sip.message import is_sip

HEADERS, BODY = 600, 400


def body(data: bytes) -> None:
    """The first byte says how long the chunks are; the messages do not depend on it."""
    if not data:
        return
    step, stream = data[0] or 1, data[1:]
    whole, cut = StreamFramer(HEADERS, BODY), StreamFramer(HEADERS, BODY)
    expected = whole.receive(stream)
    messages: list[bytes] = []
    for at in range(0, len(stream), step):
        messages += cut.receive(stream[at : at + step])
        assert cut.pending <= HEADERS + BODY + 16_384 + step
    assert messages == expected
    assert (cut.pings, cut.skipped, cut.pending) == (whole.pings, whole.skipped, whole.pending)
    assert all(is_sip(message) for message in messages)
    assert sum(map(len, messages)) + cut.skipped + cut.pending <= len(stream)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, body)
    atheris.Fuzz()
