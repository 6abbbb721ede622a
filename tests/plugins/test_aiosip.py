"""aiosip 0.2.0 with ICE, unpatched."""

from __future__ import annotations

from tests.capabilities import require

require("aiosip", "cli")

from sipice.cli.demo.with_aiosip import AiosipAgent
from tests.plugins import stacks
from tests.plugins.ends import connected, pair, run, until


def test_a_call_of_two_with_a_restart_by_the_callee() -> None:
    async def main() -> None:
        async with pair(AiosipAgent) as (alice, bob):
            await alice.call(bob.address)
            await connected(alice, bob)
            bob.plugin.calls[0].restart()
            await until(lambda: bob.plugin.calls[0].selections > 1)
            await alice.hang_up()
            await until(lambda: not alice.plugin.calls and not bob.plugin.calls)

    run(main)


def test_a_refused_call_is_acknowledged() -> None:
    stacks.refused_call_is_acknowledged(AiosipAgent)


def test_the_answer_of_another_fork_counts() -> None:
    stacks.answer_of_another_fork_counts(AiosipAgent)


def test_a_refused_reinvite_leaves_the_call() -> None:
    stacks.refused_reinvite_leaves_the_call(AiosipAgent)
