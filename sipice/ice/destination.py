"""RFC 8445 §19.5: addresses to which a peer may make us send anything at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sipice.net import Address

_MAPPED = b"\0" * 10 + b"\xff\xff"


class Network(NamedTuple):
    """A prefix: packed bytes and the number of bits that count."""

    ip: bytes
    bits: int

    @classmethod
    def parse(cls, text: str) -> Network:
        """From ``10.0.0.0/8`` or ``2001:db8::/32``; a bare address is a network of one."""
        host, _, bits = text.partition("/")
        ip = Address.parse(host, 0).ip
        size = int(bits) if bits else 8 * len(ip)
        if not 0 <= size <= 8 * len(ip):
            raise ValueError(f"{text!r} has an impossible prefix length")
        return cls(ip, size)

    def contains(self, ip: bytes) -> bool:
        """Whether ``ip`` lies in this network; other families never do."""
        if len(ip) != len(self.ip):
            return False
        shift = 8 * len(ip) - self.bits
        return int.from_bytes(ip, "big") >> shift == int.from_bytes(self.ip, "big") >> shift


_PRIVATE = tuple(
    Network.parse(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


@dataclass(frozen=True, slots=True)
class AddressFilter:
    """Deny and allow lists over the built-in rules; an allowed network overrides both."""

    deny: tuple[Network, ...] = ()
    allow: tuple[Network, ...] = ()

    def permits(self, address: Address, *, allow_loopback: bool = False) -> bool:
        """Whether packets may be sent to ``address`` because a peer named it."""
        ip = address.ip
        if len(ip) not in (4, 16) or not 0 < address.port < 65536:
            return False
        if self.allow and any(network.contains(ip) for network in self.allow):
            return True
        if self.deny and any(network.contains(ip) for network in self.deny):
            return False
        if is_loopback(ip):
            return allow_loopback
        return not _is_nowhere(ip)


NO_LISTS = AddressFilter()


def is_loopback(ip: bytes) -> bool:
    """127.0.0.0/8 (also as mapped IPv6) and ::1."""
    if len(ip) == 4:
        return ip[0] == 127
    return ip == b"\0" * 15 + b"\1" or (ip[:12] == _MAPPED and ip[12] == 127)


def is_link_local(ip: bytes) -> bool:
    """fe80::/10; IPv4 link-local addresses have no pairing rule of their own."""
    return len(ip) == 16 and ip[0] == 0xFE and ip[1] & 0xC0 == 0x80


def is_private(ip: bytes) -> bool:
    """An IPv4 address that many sites use at once (RFC 1918, RFC 6598)."""
    return any(network.contains(ip) for network in _PRIVATE)


def is_candidate_address(ip: bytes, *, allow_loopback: bool = False) -> bool:
    """Whether a host candidate may have this address (RFC 8445 §5.1.1.1)."""
    if is_loopback(ip):
        return allow_loopback
    if len(ip) == 4:
        return not _is_nowhere(ip)
    if ip[:12] == _MAPPED or ip[:12] == b"\0" * 12:
        return False  # IPv4-mapped, IPv4-compatible, unspecified
    if ip[0] == 0xFE and ip[1] & 0xC0 == 0xC0:
        return False  # site-local
    return not _is_nowhere(ip)


def _is_nowhere(ip: bytes) -> bool:
    if len(ip) == 4:
        return ip[0] == 0 or ip[0] >= 224  # this network, multicast, reserved and broadcast
    if ip[:12] == _MAPPED:
        return _is_nowhere(ip[12:])
    return ip[0] == 0xFF or ip == b"\0" * 16
