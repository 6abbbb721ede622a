"""Time-limited user names and passwords, as the REST interface of TURN servers gives them out."""

from __future__ import annotations

from base64 import b64encode
from hmac import digest


def time_limited(secret: str, name: str, expires: int) -> tuple[str, str]:
    """User name and password that a server with the same secret accepts until ``expires``.

    ``expires`` is in seconds since 1970. The user name is ``expires:name``, or only the number
    when there is no name; the password is the Base64 text of its HMAC-SHA1 under the secret.
    """
    username = f"{expires}:{name}" if name else str(expires)
    return username, b64encode(digest(secret.encode(), username.encode(), "sha1")).decode()
