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
    """Seeds with up to eight changes: bytes, words, lines moved, parts of other seeds."""
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
    kind = rng.randrange(7)
    lines = data.splitlines(keepends=True)
    if kind == 0 and data:
        at = rng.randrange(len(data))
        return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
    if kind == 1:
        at = rng.randint(0, len(data))
        return data[:at] + rng.choice(words) + data[at:]
    if kind == 2 and lines:
        del lines[rng.randrange(len(lines))]
    elif kind == 3 and lines:
        lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    elif kind == 4:
        rng.shuffle(lines) if len(lines) < 20 else lines.reverse()
    elif kind == 5:
        start, end = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
        return data[:start] + data[end:]
    else:
        other = rng.choice(seeds)
        return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]
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
