"""ITU-T G.711: μ-law and A-law, by table; samples are signed 16-bit integers at 8 kHz."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from enum import Enum

_BIAS = 132
_CLIP = 32_635


class Law(Enum):
    """A companding law, by its RTP payload type (RFC 3551 §6)."""

    MU = 0
    A = 8


def _expand_mu(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << ((code & 0x70) >> 4)) - _BIAS
    return -magnitude if code & 0x80 else magnitude


def _expand_a(code: int) -> int:
    code ^= 0x55
    segment = (code & 0x70) >> 4
    magnitude = (code & 0x0F) << 4
    magnitude = magnitude + 8 if segment == 0 else magnitude + 0x108 << segment - 1
    return magnitude if code & 0x80 else -magnitude


def _compress_mu(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    segment = magnitude.bit_length() - 8
    return ~(sign | segment << 4 | magnitude >> segment + 3 & 0x0F) & 0xFF


def _compress_a(sample: int) -> int:
    sign = 0x80 if sample >= 0 else 0
    magnitude = min(abs(sample), 32_767)
    segment = max(magnitude.bit_length() - 8, 0)
    step = magnitude >> (segment + 3 if segment else 4) & 0x0F
    return (sign | segment << 4 | step) ^ 0x55


_EXPAND = {
    Law.MU: [_expand_mu(code) for code in range(256)],
    Law.A: [_expand_a(code) for code in range(256)],
}
_COMPRESS = {Law.MU: _compress_mu, Law.A: _compress_a}


def encode(samples: Sequence[int], law: Law) -> bytes:
    """One byte per sample."""
    return bytes(map(_COMPRESS[law], samples))


def decode(data: bytes, law: Law) -> array[int]:
    """One sample per byte."""
    expand = _EXPAND[law]
    return array("h", [expand[code] for code in data])
