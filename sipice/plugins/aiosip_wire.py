"""SIP messages between the wire and aiosip's objects, which know too little to do it themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sipice.plugins.aiosip_import import import_aiosip
from sipice.sip.headers import parameters
from sipice.sip.message import SipMessage, StatusLine

aiosip: Any = import_aiosip()
Headers: Any = aiosip.message.CIMultiDict
Request: Any = aiosip.message.Request
Response: Any = aiosip.message.Response
_Contact: Any = aiosip.contact.Contact
_Param: Any = aiosip.contact.Param
_Uri: Any = aiosip.contact.Uri

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK"
_NEEDED = ("from", "to", "call-id", "cseq", "via")
_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?:(?P<user>[^@:]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<host>\[[^\]]*\]|[^;?:\s]+)(?::(?P<port>\d{1,5}))?"
)


def uri_in(value: str) -> str:
    """The URI of a From, To or Contact value."""
    found = re.search(r"<([^>]*)>", value)
    return found[1] if found else parameters(value)[0]


def to_aiosip(view: SipMessage) -> Any:
    """The object that aiosip would have made if it could read the message; None if nobody can."""
    if view.cseq is None or any(view.header(name) is None for name in _NEEDED):
        return None
    headers: Any = Headers()
    for name in dict.fromkeys(header.key for header in view.headers):
        values = [header.value for header in view.headers if header.key == name]
        headers[name.title()] = values[0] if len(values) == 1 else values
    details = {
        f"{name}_details": _details(value)
        for name in ("from", "to", "contact")
        if (value := next(iter(view.values(name)), None)) is not None
    }
    if None in details.values():
        return None
    named = {"headers": headers, "payload": view.body.decode("utf-8", "replace") or None}
    line = view.start_line
    if isinstance(line, StatusLine):
        return Response(line.status, line.reason, **details, **named)
    return Request(view.method, cseq=view.cseq.number, **details, **named)


def _details(value: str) -> Any:
    match = _URI.match(uri_in(value))
    if match is None:
        return None
    uri = _Uri.__new__(_Uri)
    uri.update(match.groupdict(), params=None, headers=None)
    uri["port"] = int(match["port"]) if match["port"] else None
    params = _Param()
    tag = parameters(value)[1].get("tag")
    if tag:
        params["tag"] = tag
    name = value.partition("<")[0].strip().strip('"') if "<" in value else ""
    return _Contact({"name": name, "uri": uri, "params": params})


def written(message: Any, target: str, routes: Sequence[str]) -> bytes:
    """A message of aiosip as it should have been; target and routes are those of its dialog."""
    if isinstance(message, Response):
        lines = [f"SIP/2.0 {message.status_code} {message.status_message}"]
    else:
        uri = target or message.to_details["uri"].short_uri()
        lines = [f"{message.method} {uri} SIP/2.0", _via(message)]
        lines += [f"Route: {route}" for route in routes]
    own = isinstance(message, Request)
    for name, value in message.headers.items():
        if name.lower() == "content-length" or (own and name.lower() == "via"):
            continue
        lines += [f"{name}: {one}" for one in (value if isinstance(value, list) else [value])]
    if own and message.method == "INVITE" and "Supported" not in message.headers:
        lines.append("Supported: 100rel")
    if "Allow" not in message.headers:
        lines.append(f"Allow: {ALLOW}")
    body = (message.payload or "").encode()
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def _via(request: Any) -> str:
    """A branch of its own for each transaction; ACK of a failure and CANCEL share the INVITE's."""
    given = request.headers["Via"]
    given = given[0] if isinstance(given, list) else given
    if request.method in ("ACK", "CANCEL") and "%(" not in given:
        return f"Via: {given}"
    host = re.split(r"[;\s]+", given)[1]
    return f"Via: SIP/2.0/UDP {host};branch={aiosip.utils.gen_branch(16)};rport"
