import asyncio
from collections.abc import Callable

import pytest

from sipice.cli.demo.agent import Phone, free_port
from sipice.cli.demo.voice import Voice


def phone(check: Callable[[Phone], None]) -> None:
    async def main() -> None:
        one = Phone("alice", Voice(440.0))
        await one.open()
        check(one)
        one.voice.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("sendrecv", "sendrecv"), ("sendonly", "recvonly"), ("inactive", "inactive")],
)
def test_the_answer_to_each_direction(asked: str, answered: str) -> None:
    def check(one: Phone) -> None:
        offer = one.offer().replace("a=sendrecv", f"a={asked}")
        assert f"a={answered}\r\n" in one.answer(offer)

    phone(check)


def test_it_talks_when_both_want_it_and_there_is_a_path() -> None:
    def check(one: Phone) -> None:
        theirs = one.offer().replace(f"audio {one.port}", "audio 40000")
        seen = []
        one.agreed(theirs)
        seen.append(one.voice.to)
        one.connected()
        seen.append(one.voice.to)
        one.agreed(theirs.replace("sendrecv", "sendonly"))
        seen.append(one.voice.to)
        one.is_holding = True
        assert "a=sendonly" in one.offer()
        one.agreed(theirs)
        seen.append(one.voice.to)
        assert seen == [None, ("127.0.0.1", 40_000), None, None]

    phone(check)


def test_each_description_has_a_version_of_its_own() -> None:
    def check(one: Phone) -> None:
        assert one.offer() != one.offer()
        assert one.described == one.described

    phone(check)


def test_free_ports_can_be_had() -> None:
    assert 1024 <= free_port() < 65536
