from __future__ import annotations

import os

import pytest

from sipice.aio.entropy import BLOCK, Entropy


def test_nothing_is_handed_out_twice() -> None:
    rng = Entropy()
    drawn = [rng.randbytes(24) for _ in range(2000)]
    assert len(set(drawn)) == 2000
    assert {len(one) for one in drawn} == {24}


@pytest.mark.parametrize("size", [0, 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_any_number_of_bytes_may_be_drawn(size: int) -> None:
    rng = Entropy()
    rng.randbytes(100)
    assert len(rng.randbytes(size)) == size


def test_numbers_have_the_bits_that_were_asked_for() -> None:
    rng = Entropy()
    for bits in (1, 7, 8, 53, 64, 96):
        drawn = [rng.getrandbits(bits) for _ in range(200)]
        assert max(drawn) < 1 << bits
        assert max(one.bit_length() for one in drawn) > bits - 7
    assert all(0.0 <= rng.random() < 1.0 for _ in range(1000))
    assert 400 < sum(rng.random() < 0.5 for _ in range(1000)) < 600


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # other tests' threads
def test_a_fork_draws_something_else() -> None:
    rng = Entropy()
    rng.randbytes(8)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, rng.randbytes(32))
        os._exit(0)
    ours = rng.randbytes(32)
    os.waitpid(child, 0)
    assert os.read(reader, 32) != ours
    os.close(reader)
    os.close(writer)
