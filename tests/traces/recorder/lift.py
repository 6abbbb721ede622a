"""Lifts the SDP bodies out of a capture of SIP, in the order of the wire, each once."""

import re
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import dpkt

_UDP, _TCP, _FRAGMENT = 17, 6, 44
_COOKED = 276  # LINKTYPE_LINUX_SLL2
_START = re.compile(rb"(?:[A-Z]+ sips?:\S+ SIP/2\.0|SIP/2\.0 \d{3})")
_TYPE = re.compile(
    rb"^(?:Content-Type|c)\s*:\s*application/(sdp|trickle-ice-sdpfrag)",
    re.MULTILINE | re.IGNORECASE,
)
_METHOD = re.compile(rb"^CSeq\s*:\s*\d+ (\w+)", re.MULTILINE | re.IGNORECASE)
_STATUS = re.compile(rb"SIP/2\.0 (\d+)")


class Lifted(NamedTuple):
    """One SDP body or fragment: what carried it, which side sent it."""

    method: str
    status: int | None
    source: str
    sdp: bytes
    is_fragment: bool


def lift(capture: Path) -> list[Lifted]:
    """The SDP bodies of a capture, without retransmissions."""
    found: dict[tuple[str, bytes], Lifted] = {}
    for source, message in _messages(capture):
        head, _, body = message.partition(b"\r\n\r\n")
        kind, method, status = _TYPE.search(head), _METHOD.search(head), _STATUS.match(head)
        if body and kind is not None and method is not None:
            code = int(status[1]) if status else None
            item = Lifted(method[1].decode(), code, source, body, kind[1] != b"sdp")
            found.setdefault((source, body), item)
    return list(found.values())


def _messages(capture: Path) -> Iterator[tuple[str, bytes]]:
    streams: dict[bytes, bytes] = {}
    for source, protocol, flow, data in _payloads(capture):
        if protocol == _UDP:
            if _START.match(data):
                yield source, data
            continue
        streams[flow] = streams.get(flow, b"") + data
        while (end := _message_end(streams[flow])) is not None:
            yield source, streams[flow][:end]
            streams[flow] = streams[flow][end:]


def _message_end(data: bytes) -> int | None:
    if data.startswith(b"\r\n"):  # keep-alive of RFC 5626
        return 2
    head, blank, _ = data.partition(b"\r\n\r\n")
    length = re.search(rb"^(?:Content-Length|l)\s*:\s*(\d+)", head, re.MULTILINE | re.IGNORECASE)
    if not blank or length is None:
        return None
    end = len(head) + 4 + int(length[1])
    return end if len(data) >= end else None


def _payloads(capture: Path) -> Iterator[tuple[str, int, bytes, bytes]]:
    """Source, protocol, flow and payload of each UDP datagram and TCP segment, in order."""
    seen: set[tuple[bytes, bytes]] = set()
    fragments: dict[bytes, bytes] = {}
    with capture.open("rb") as file:
        reader = dpkt.pcap.Reader(file)
        start = 20 if reader.datalink() == _COOKED else 14
        for _time, frame in reader:
            packet = _whole(frame[start:], fragments)
            if packet is None:
                continue
            source, protocol, ends, segment = packet
            if protocol == _UDP:
                yield source, _UDP, b"", segment[8:]
            elif protocol == _TCP:
                flow = ends + segment[:4]
                data = segment[(segment[12] >> 4) * 4 :]
                if data and (flow, segment[4:8]) not in seen:
                    seen.add((flow, segment[4:8]))
                    yield source, _TCP, flow, data


def _whole(packet: bytes, fragments: dict[bytes, bytes]) -> tuple[str, int, bytes, bytes] | None:
    """Source, protocol, both addresses and payload of a packet, once its fragments are here."""
    if packet[0] >> 4 == 6:
        ends, protocol, segment = packet[8:40], packet[6], packet[40:]
        source = socket.inet_ntop(socket.AF_INET6, ends[:16])
        if protocol != _FRAGMENT:
            return source, protocol, ends, segment
        protocol, place = segment[0], int.from_bytes(segment[2:4])
        key, more, segment = ends + segment[4:8], place & 1, segment[8:]
    elif packet[0] >> 4 == 4:
        total, ident, place = struct.unpack("!HHH", packet[2:8])
        ends, protocol = packet[12:20], packet[9]
        segment = packet[(packet[0] & 15) * 4 : total]
        source = socket.inet_ntop(socket.AF_INET, ends[:4])
        key, more = ends + bytes([protocol]) + ident.to_bytes(2), place & 0x2000
    else:
        return None
    segment = fragments.pop(key, b"") + segment
    if more:
        fragments[key] = segment
        return None
    return source, protocol, ends, segment
