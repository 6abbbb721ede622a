"""Time-limited credentials."""

from __future__ import annotations

import base64
import hashlib
import hmac

from sipice.turn import time_limited


def test_the_password_is_the_hash_of_the_user_name() -> None:
    username, password = time_limited("north", "alice", 1700000000)
    assert username == "1700000000:alice"
    expected = hmac.new(b"north", b"1700000000:alice", hashlib.sha1).digest()
    assert base64.b64decode(password) == expected


def test_the_name_may_be_missing() -> None:
    assert time_limited("north", "", 1700000000)[0] == "1700000000"
