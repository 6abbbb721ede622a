"""The pcap and pcapng file formats: packets with their time, length and link type."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sipice.capture.notes import Notes, Trouble
from sipice.errors import DecodeError

MAX_BLOCK = 1 << 24
"""No packet and no block of a sound capture is larger; a damaged length field may say so."""
MAX_INTERFACES = 4096

_PCAPNG = bytes.fromhex("0a0d0d0a")
_PCAP = frozenset(
    bytes.fromhex(magic)
    for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1")
)
_BYTE_ORDER = 0x1A2B3C4D
_SIMPLE_PACKET = 3


class Packet(NamedTuple):
    """One captured packet."""

    number: int
    """From 1, as Wireshark counts."""
    time: float
    """Seconds since 1970."""
    link_type: int
    """LINKTYPE_ number of its interface."""
    data: bytes
    length: int
    """Its length on the wire; more than there is data if the snap length has cut it."""


def is_capture(data: bytes) -> bool:
    """A cheap look at the first four bytes."""
    return data[:4] == _PCAPNG or data[:4] in _PCAP


def read_capture(source: Path | BinaryIO | bytes, notes: Notes) -> Iterator[Packet]:
    """The packets of a capture, one after the other; DecodeError if it is no capture at all.

    Where the file is cut or damaged the whole packets before that are given, and a note.
    """
    if isinstance(source, Path):
        return _read_path(source, notes)
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    return _reader(file, notes).packets()


def _read_path(path: Path, notes: Notes) -> Iterator[Packet]:
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        packets = _reader(file, notes).packets()
        return _until_closed(packets, stack.pop_all())


def _until_closed(packets: Iterator[Packet], files: ExitStack) -> Iterator[Packet]:
    with files:
        yield from packets


def _reader(file: BinaryIO, notes: Notes) -> _PcapReader | _PcapNgReader:
    magic = file.read(4)
    if not is_capture(magic):
        raise DecodeError("not a capture: neither pcap nor pcapng")
    return _PcapNgReader(file, notes) if magic == _PCAPNG else _PcapReader(file, magic, notes)


class _PcapReader:
    def __init__(self, file: BinaryIO, magic: bytes, notes: Notes) -> None:
        from dpkt import pcap

        self._file = file
        self._notes = notes
        head = magic + file.read(20)
        if len(head) < 24:
            raise DecodeError("not a capture: the file header is cut")
        number = int.from_bytes(magic)
        self._packet_header = pcap.MAGIC_TO_PKT_HDR[number]
        little = self._packet_header.__name__.startswith("LE")
        header = pcap.LEFileHdr(head) if little else pcap.FileHdr(head)
        nanoseconds = number in (pcap.TCPDUMP_MAGIC_NANO, pcap.PMUDPCT_MAGIC_NANO)
        self._second = 1e9 if nanoseconds else 1e6
        self._link_type = header.linktype & 0xFFFF

    def packets(self) -> Iterator[Packet]:
        number = 1
        while (packet := self._packet(number)) is not None:
            yield packet
            number += 1

    def _packet(self, number: int) -> Packet | None:
        size = self._packet_header.__hdr_len__
        head = self._file.read(size)
        if len(head) < size:
            if head:
                self._notes.add(Trouble.TRUNCATED, number)
            return None
        header = self._packet_header(head)
        if header.caplen > MAX_BLOCK:
            self._notes.add(Trouble.CORRUPT, number, f"a length of {header.caplen} bytes")
            return None
        data = self._file.read(header.caplen)
        if len(data) < header.caplen:
            self._notes.add(Trouble.TRUNCATED, number)
            return None
        time = header.tv_sec + header.tv_usec / self._second
        return Packet(number, time, self._link_type, data, max(header.len, header.caplen))


@dataclass(frozen=True, slots=True)
class _Interface:
    link_type: int
    snap_length: int
    ticks: float
    """Per second."""
    offset: int


@dataclass(slots=True)
class _Section:
    little: bool
    interfaces: list[_Interface] = field(default_factory=list[_Interface])


class _DamagedError(Exception):
    """The block structure of the file is broken."""


class _PcapNgReader:
    """The block layouts are dpkt's; its own reader knows a single interface only."""

    def __init__(self, file: BinaryIO, notes: Notes) -> None:
        from dpkt import pcapng

        self._dpkt: Any = pcapng
        self._file = file
        self._notes = notes
        self._count = 0
        self._time = 0.0
        self._section = _Section(little=False)
        try:
            self._begin_section(_PCAPNG)
        except _DamagedError as why:
            raise DecodeError(f"not a capture: {why}") from None

    def packets(self) -> Iterator[Packet]:
        try:
            yield from self._packets()
        except _DamagedError as why:
            self._notes.add(Trouble.CORRUPT, self._count + 1, str(why))

    def _packets(self) -> Iterator[Packet]:
        while head := self._file.read(4):
            if head == _PCAPNG:
                self._begin_section(head)
                continue
            block = self._block(head)
            if block is None:
                self._notes.add(Trouble.TRUNCATED, self._count + 1)
                return
            packet = self._take(int.from_bytes(head, self._byte_order), block)
            if packet is not None:
                yield packet

    @property
    def _byte_order(self) -> Any:
        return "little" if self._section.little else "big"

    def _block(self, head: bytes) -> bytes | None:
        """A whole block, or None where the file ends in it."""
        size = self._file.read(4)
        if len(head) < 4 or len(size) < 4:
            return None
        length = int.from_bytes(size, self._byte_order)
        if not 12 <= length <= MAX_BLOCK:
            raise _DamagedError(f"a block of {length} bytes")
        rest = self._file.read(length - 8)
        return head + size + rest if len(rest) == length - 8 else None

    def _begin_section(self, head: bytes) -> None:
        size, mark = self._file.read(4), self._file.read(4)
        little = int.from_bytes(mark, "little") == _BYTE_ORDER
        if not little and int.from_bytes(mark) != _BYTE_ORDER:
            raise _DamagedError("a section header without byte order")
        self._section = _Section(little)
        length = int.from_bytes(size, self._byte_order)
        if not 28 <= length <= MAX_BLOCK:
            raise _DamagedError(f"a section header of {length} bytes")
        self._file.read(length - 12)

    def _take(self, kind: int, block: bytes) -> Packet | None:
        if kind == self._dpkt.PCAPNG_BT_IDB:
            self._add_interface(block)
        elif kind == self._dpkt.PCAPNG_BT_EPB:
            return self._enhanced(block, "EnhancedPacketBlock")
        elif kind == self._dpkt.PCAPNG_BT_PB:
            return self._enhanced(block, "PacketBlock")
        elif kind == _SIMPLE_PACKET:
            return self._simple(block)
        return None

    def _layout(self, name: str) -> Any:
        """The class of dpkt for a block; of PacketBlock dpkt has one byte order only."""
        return getattr(self._dpkt, name + ("LE" if self._section.little else ""))

    def _add_interface(self, block: bytes) -> None:
        if len(self._section.interfaces) >= MAX_INTERFACES:
            raise _DamagedError("too many interfaces")
        layout = self._layout("InterfaceDescriptionBlock")
        try:
            found = layout(block)
            options = {option.code: bytes(option.data) for option in found.opts}
        except (ValueError, IndexError, struct.error, self._dpkt.dpkt.Error):
            found, options = self._fixed_part(layout, block), {}
        self._section.interfaces.append(
            _Interface(found.linktype, found.snaplen, _ticks(options), self._offset(options))
        )

    def _fixed_part(self, layout: Any, block: bytes) -> Any:
        """A block without its options, which are sometimes damaged."""
        found = layout()
        try:
            found.unpack_hdr(block)
        except (struct.error, self._dpkt.dpkt.Error):
            raise _DamagedError("a block that is too short") from None
        return found

    def _offset(self, options: dict[int, bytes]) -> int:
        value = options.get(self._dpkt.PCAPNG_OPT_IF_TSOFFSET, b"")
        return int.from_bytes(value, self._byte_order, signed=True) if len(value) == 8 else 0

    def _enhanced(self, block: bytes, name: str) -> Packet:
        layout = self._layout(name)
        found = self._fixed_part(layout, block)
        interface = self._interface(found.iface_id)
        ticks = found.ts_high << 32 | found.ts_low
        start = layout.__hdr_len__ - 4
        data = block[start : min(start + found.caplen, len(block) - 4)]
        self._time = interface.offset + ticks / interface.ticks
        return self._packet(interface, data, found.pkt_len)

    def _simple(self, block: bytes) -> Packet:
        interface = self._interface(0)
        length = int.from_bytes(block[8:12], self._byte_order)
        most = min(length, interface.snap_length or length)
        return self._packet(interface, block[12:-4][:most], length)

    def _interface(self, number: int) -> _Interface:
        if number >= len(self._section.interfaces):
            raise _DamagedError(f"a packet of interface {number}, which was not described")
        return self._section.interfaces[number]

    def _packet(self, interface: _Interface, data: bytes, length: int) -> Packet:
        self._count += 1
        longest = max(length, len(data))
        return Packet(self._count, self._time, interface.link_type, data, longest)


def _ticks(options: dict[int, bytes]) -> float:
    """if_tsresol: a negative power of ten, or of two if the highest bit is set."""
    value = options.get(9, b"")
    if len(value) != 1:
        return 1e6
    base = 2.0 if value[0] & 0x80 else 10.0
    return float(base ** (value[0] & 0x7F))
