"""Mutants of good inputs: what a fuzz target sees in an ordinary test run."""

from __future__ import annotations

import random
from collections.abc import Iterator


def mutants(seeds: list[bytes], rng: random.Random, count: int) -> Iterator[bytes]:
    """First the seeds, then changed ones: cut, doubled, spliced, with flipped and random bytes."""
    yield from seeds
    for _ in range(count):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 6)):
            _mutate(data, seeds, rng)
        yield bytes(data)


def _mutate(data: bytearray, seeds: list[bytes], rng: random.Random) -> None:
    start, end = sorted(rng.randint(0, len(data)) for _ in range(2))
    end = min(end, start + rng.choice((1, 2, 8, 64, 4096)))
    match rng.randint(0, 4):
        case 0:
            del data[start:end]
        case 1:
            data[start:start] = data[start:end]
        case 2:
            data[start:end] = rng.randbytes(end - start)
        case 3:
            other = rng.choice(seeds)
            cut = rng.randint(0, len(other))
            data[start:end] = other[cut : cut + 64]
        case _:
            if start < len(data):
                data[start] ^= 1 << rng.randint(0, 7)
