"""A connectivity check in four steps, ours against aioice's: CPU time, paired in one run.

    python benchmarks/bench_stun.py [--rounds N]

Each round runs every operation of both sides in turn, so that a busy machine slows both; the table
shows the median of the rounds and the median of the ratios of each round. CPU time is user and
system time of this process.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median

import aioice
from aioice import stun as theirs

from sipice.net import Address
from sipice.stun import Class, Key, Message, Method, decode, encode, verify_integrity
from sipice.stun import attributes as a
from sipice.stun.check import (
    CheckRequest,
    CheckResponse,
    CheckTemplate,
    parse_check,
    success_response,
)

USERNAME, PASSWORD = "evtj:h6vY", "VOkJxbRl1RmTxUk/WvJxBt"
PRIORITY, TIE_BREAKER = 0x6E0001FF, 0x932FF9B151263B36
TRANSACTION = b"0123456789ab"
MAPPED = Address.parse("192.0.2.45", 32853)

KEY = Key.short_term(PASSWORD)
TEMPLATE = CheckTemplate(USERNAME, KEY)
THEIR_KEY = PASSWORD.encode()


def their_request() -> bytes:
    message = theirs.Message(
        theirs.Method.BINDING, theirs.Class.REQUEST, transaction_id=TRANSACTION
    )
    message.attributes["USERNAME"] = USERNAME
    message.attributes["PRIORITY"] = PRIORITY
    message.attributes["ICE-CONTROLLING"] = TIE_BREAKER
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(THEIR_KEY)
    return bytes(message)


def their_response() -> bytes:
    message = theirs.Message(
        theirs.Method.BINDING, theirs.Class.RESPONSE, transaction_id=TRANSACTION
    )
    message.attributes["XOR-MAPPED-ADDRESS"] = (MAPPED.host, MAPPED.port)
    message.add_message_integrity(THEIR_KEY)
    return bytes(message)


REQUEST, RESPONSE = their_request(), their_response()


def their_request_read() -> None:
    message = theirs.parse_message(REQUEST)
    assert message.check_message_integrity(THEIR_KEY)


def their_response_read() -> None:
    message = theirs.parse_message(RESPONSE)
    assert message.check_message_integrity(THEIR_KEY)


def our_request() -> bytes:
    return TEMPLATE.build(TRANSACTION, PRIORITY, TIE_BREAKER, True, True)


def our_response() -> bytes:
    return success_response(TRANSACTION, MAPPED, KEY)


def our_request_read() -> None:
    check = parse_check(REQUEST)
    assert check.__class__ is CheckRequest
    assert KEY.verifies(check.signed, check.mac)


def our_response_read() -> None:
    check = parse_check(RESPONSE)
    assert check.__class__ is CheckResponse
    assert KEY.verifies(check.signed, check.mac)


def generic_request() -> bytes:
    attributes = (
        a.USERNAME(USERNAME),
        a.PRIORITY(PRIORITY),
        a.ICE_CONTROLLING(TIE_BREAKER),
        a.USE_CANDIDATE(True),
    )
    return encode(Message(Method.BINDING, Class.REQUEST, TRANSACTION, attributes), KEY)


def generic_response() -> bytes:
    attributes = (a.XOR_MAPPED_ADDRESS(MAPPED),)
    return encode(Message(Method.BINDING, Class.SUCCESS, TRANSACTION, attributes), KEY)


def generic_request_read() -> None:
    assert verify_integrity(decode(REQUEST), KEY)


def generic_response_read() -> None:
    assert verify_integrity(decode(RESPONSE), KEY)


OPERATIONS: dict[str, tuple[Callable[[], object], Callable[[], object], Callable[[], object]]] = {
    "build request": (their_request, generic_request, our_request),
    "read and verify request": (their_request_read, generic_request_read, our_request_read),
    "build response": (their_response, generic_response, our_response),
    "read and verify response": (their_response_read, generic_response_read, our_response_read),
}


def microseconds(operation: Callable[[], object], times: int) -> float:
    repeat = range(times)
    started = time.process_time()
    for _ in repeat:
        operation()
    return (time.process_time() - started) / times * 1e6


def run(rounds: int, times: int) -> dict[str, list[tuple[float, ...]]]:
    """For each operation, the CPU time of theirs, our generic and our fast one in each round."""
    results: dict[str, list[tuple[float, ...]]] = {name: [] for name in OPERATIONS}
    for _ in range(rounds):
        for name, variants in OPERATIONS.items():
            results[name].append(tuple(microseconds(variant, times) for variant in variants))
    results["whole check"] = [
        tuple(sum(column) for column in zip(*parts, strict=True))
        for parts in zip(*results.values(), strict=True)
    ]
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--times", type=int, default=5000)
    options = parser.parse_args()
    assert our_request() == generic_request() == REQUEST
    assert our_response() == generic_response() == RESPONSE
    run(1, options.times)
    results = run(options.rounds, options.times)
    python = ".".join(map(str, sys.version_info[:3]))
    print(f"aioice {aioice.__version__}, Python {python}, {options.rounds} rounds, CPU µs")
    print(f"{'':26}{'aioice':>8}{'generic':>9}{'fast':>7}{'generic':>10}{'fast':>8}")
    for name, rows in results.items():
        theirs_us, generic_us, fast_us = (median(column) for column in zip(*rows, strict=True))
        generic_ratio = median(row[0] / row[1] for row in rows)
        fast_ratio = median(row[0] / row[2] for row in rows)
        print(
            f"{name:26}{theirs_us:8.2f}{generic_us:9.2f}{fast_us:7.2f}"
            f"{generic_ratio:9.1f}x{fast_ratio:7.1f}x"
        )


if __name__ == "__main__":
    main()
