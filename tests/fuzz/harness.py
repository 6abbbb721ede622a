"""Runs the body of a fuzz target: on seeds, on mutants of them, or under atheris.

A body takes bytes and raises when an invariant of the decoder is broken. ``python -m
tests.fuzz.fuzz_sdp_parse`` lets atheris guide it by coverage where that is installed (arguments
go to libFuzzer), and else tries mutants until it is stopped.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random

from tests.budget import examples

Body = Callable[[bytes], None]

_MAX_SIZE = 1 << 16


def mutants(
    seeds: Sequence[bytes], words: Sequence[bytes], rng: Random, number: int
) -> Iterator[bytes]:
    """Seeds with up to eight changes each: of bits, bytes, pieces and lines; words, other seeds."""
    for _ in range(number):
        data = rng.choice(seeds)
        for _ in range(rng.randint(1, 8)):
            data = _mutated(data, seeds, words, rng)[:_MAX_SIZE]
        yield data


def noise(rng: Random, number: int) -> Iterator[bytes]:
    """Bytes without any sense, of mixed lengths."""
    for _ in range(number):
        yield rng.randbytes(rng.choice((0, 1, 2, 7, 40, 300)))


def _mutated(data: bytes, seeds: Sequence[bytes], words: Sequence[bytes], rng: Random) -> bytes:
    start, end = sorted(rng.randint(0, len(data)) for _ in range(2))
    if rng.randrange(4):
        end = min(end, start + rng.choice((1, 2, 8, 64)))
    before, piece, after = data[:start], data[start:end], data[end:]
    match rng.randrange(8):
        case 0:
            return before + after
        case 1:
            return before + piece + piece + after
        case 2:
            return before + rng.randbytes(len(piece)) + after
        case 3 if piece:
            return before + bytes([piece[0] ^ 1 << rng.randrange(8)]) + piece[1:] + after
        case 4 if words:
            return before + rng.choice(words) + data[start:]
        case 5:
            other = rng.choice(seeds)
            cut = rng.randint(0, len(other))
            return before + other[cut : cut + rng.choice((64, _MAX_SIZE))] + after
        case 6:
            return _with_other_lines(data, rng)
        case _:
            return before + rng.randbytes(1) + data[start + 1 :]


def _with_other_lines(data: bytes, rng: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    match rng.randrange(3):
        case 0:
            del lines[rng.randrange(len(lines))]
        case 1:
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
        case _:
            rng.shuffle(lines) if len(lines) < 20 else lines.reverse()
    return b"".join(lines)


def check(body: Body, seeds: Sequence[bytes], words: Sequence[bytes], few: int) -> None:
    """The body as an ordinary test: every seed, mutants and noise, the same in every run."""
    rng, number = Random(8839), examples(few)
    for source in (seeds, mutants(seeds, words, rng, number), noise(rng, number // 4)):
        for data in source:
            try:
                body(data)
            except BaseException as error:
                error.add_note(f"with {data!r}")
                raise


def main(body: Body, seeds: Sequence[bytes], words: Sequence[bytes]) -> None:
    """Fuzzes until stopped or an invariant breaks; a folder among the arguments is the corpus."""
    try:
        import atheris
    except ImportError:
        sys.stdout.write("atheris is not installed; trying mutants until stopped\n")
        for start in count():
            for data in mutants(seeds, words, Random(start), 1000):
                body(data)
    named = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    corpus = Path(named[0] if named else tempfile.mkdtemp(prefix="fuzz-"))
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number:04}").write_bytes(seed)
    dictionary = corpus.with_suffix(".dict")
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in words if len(word) < 100)
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))
    atheris.instrument_all()
    options = [argument for argument in sys.argv if argument not in named]
    atheris.Setup([*options, f"-dict={dictionary}", str(corpus)], body)
    atheris.Fuzz()
