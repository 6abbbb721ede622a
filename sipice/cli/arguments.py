"""Arguments that name a stream: ``0=1 1 UDP ... typ host``, ``0=192.0.2.1:5000,5001``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sdp import Candidate, Destination, SdpError

_STREAM = re.compile(r"(\d{1,4})=(.*)", re.DOTALL | re.ASCII)
_PLACE = re.compile(r"(?:\[([^\]]+)\]|([^:,\[\]]+)):(\d{1,5})", re.ASCII)
_PORT = re.compile(r"\d{1,5}", re.ASCII)


def candidates_by_stream(values: Iterable[str]) -> dict[int, list[Candidate]]:
    """``[STREAM=]foundation component transport ...``; without a number stream 0."""
    found: dict[int, list[Candidate]] = {}
    for value in values:
        stream, rest = _of_stream(value)
        found.setdefault(stream, []).append(Candidate.parse(rest.removeprefix("a=")))
    return found


def destinations_by_stream(values: Iterable[str]) -> dict[int, list[Destination]]:
    """``[STREAM=]HOST:PORT[,[HOST:]PORT]``: RTP, then RTCP; IPv6 in brackets."""
    found: dict[int, list[Destination]] = {}
    for value in values:
        stream, rest = _of_stream(value)
        if stream in found:
            raise SdpError(f"stream {stream} has two", field="destination")
        found[stream] = _destinations(rest)
    return found


def check_streams(streams: Iterable[int], count: int) -> None:
    """Refuse a stream that the description does not have."""
    for stream in streams:
        if stream >= count:
            has = "no m= section" if not count else f"streams 0 to {count - 1}"
            raise SdpError(f"there is no stream {stream}; the description has {has}")


def _of_stream(value: str) -> tuple[int, str]:
    match = _STREAM.fullmatch(value)
    return (int(match[1]), match[2]) if match else (0, value)


def _destinations(value: str) -> list[Destination]:
    first, *more = value.split(",")
    rtp = _place(first)
    if len(more) > 1:
        raise SdpError(f"{value!r} names more than RTP and RTCP", field="destination")
    if not more:
        return [rtp]
    if _PORT.fullmatch(more[0]):
        return [rtp, rtp._replace(port=int(more[0]))]
    return [rtp, _place(more[0])]


def _place(value: str) -> Destination:
    match = _PLACE.fullmatch(value)
    if match is None:
        raise SdpError(f"{value!r} is not HOST:PORT (IPv6 in brackets)", field="destination")
    return Destination(match[1] or match[2], int(match[3]))
