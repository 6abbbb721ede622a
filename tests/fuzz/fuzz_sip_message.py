"""Fuzz target: parsing a SIP message, finding its bodies, replacing each."""

from __future__ import annotations

import sys

from sipice.errors import DecodeError
from sipice.sip.body import bodies, replace_body, sdp_bodies, session_description
from sipice.sip.message import is_sip, parse_message

NEW = b"v=0\r\n"


def body(data: bytes) -> None:
    """Whatever comes is a message or DecodeError, and a replaced body is where it was."""
    try:
        message = parse_message(data)
    except DecodeError:
        assert not is_sip(data)
        return
    assert is_sip(data)
    found = bodies(message)
    assert set(sdp_bodies(message)) <= set(found)
    assert session_description(message) is None or session_description(message) in found
    for part in found:
        assert data[part.start : part.end] == part.data
        changed = replace_body(message, part, NEW)
        assert changed.endswith(NEW + data[part.end :])
        assert is_sip(changed)
    _read_everything(data)


def _read_everything(data: bytes) -> None:
    message = parse_message(data)
    assert all(data[header.start : header.end] for header in message.headers)
    assert message.is_request == (message.status is None)
    assert isinstance(message.call_id + message.from_tag + message.to_tag + message.method, str)
    assert isinstance(message.via_branch, str)
    assert isinstance(message.require | message.supported, frozenset)
    assert isinstance(message.contacts, list)
    assert message.rack is None or message.rack.rseq >= 0
    assert message.cseq is None or message.cseq.number >= 0
    assert message.is_reliable_provisional in (True, False)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, body)
    atheris.Fuzz()
