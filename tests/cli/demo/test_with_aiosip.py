"""The demonstration's agent on aiosip, step by step."""

import pytest

from tests.capabilities import require

require("aiosip", "cli")

from sipice.cli.demo.with_aiosip import AiosipAgent
from tests.plugins.ends import connected, pair, run, talking, until


def test_call_hold_resume_and_end() -> None:
    async def main() -> None:
        async with pair(AiosipAgent) as (alice, bob):
            with pytest.raises(RuntimeError):
                await alice.reoffer()
            await alice.call(bob.address)
            await connected(alice, bob)
            for agent in (alice, bob):
                agent.phone.connected()
            assert talking(alice, bob) == [True, True]
            alice.phone.is_holding = True
            await alice.reoffer()
            assert talking(alice, bob) == [False, False]
            alice.phone.is_holding = False
            await alice.reoffer()
            assert talking(alice, bob) == [True, True]
            await alice.hang_up()
            await until(lambda: talking(alice, bob) == [False, False])

    run(main)
