"""The plugin between a stack and the wire, with real sockets on the loopback interface."""

from __future__ import annotations

import asyncio
import logging

import pytest

from sipice.net import Address
from sipice.plugins.plugin import Plugin, way_to
from sipice.sip.outputs import DialogId, Way
from tests.capabilities import require

require("aiosipua", "cli")

from sipice.cli.demo.with_aiosipua import AiosipuaAgent
from tests.plugins.ends import config, connected, pair, run, until
from tests.plugins.rivals import SDP
from tests.sip.story import request

WAY = way_to("UDP", ("192.0.2.1", 5060), "peer")


class Silent:
    """A stack that remembers what it gets; it may fail on it."""

    def __init__(self, *, acknowledges_failures: bool = True) -> None:
        self.acknowledges_failures = acknowledges_failures
        self.answers_challenges = True
        self.sent: list[bytes] = []
        self.got: list[bytes] = []
        self.fails = False

    def transmit(self, data: bytes, way: Way) -> None:
        self.sent.append(data)
        if self.fails:
            raise RuntimeError("the connection is gone")

    def deliver(self, data: bytes, way: Way) -> None:
        self.got.append(data)
        if self.fails:
            raise ValueError("odd")

    def send_info(self, dialog: DialogId, headers: object, body: bytes) -> bool:
        raise AssertionError

    def reoffer(self, dialog: DialogId, method: str) -> bool:
        raise AssertionError


def test_a_call_gets_a_path_and_leaves_nothing() -> None:
    async def main() -> None:
        async with pair(AiosipuaAgent) as (alice, bob):
            await alice.call(bob.address)
            await connected(alice, bob)
            [call] = alice.plugin.calls
            assert alice.plugin.call(call.key.call_id) is call
            assert alice.plugin.call("another") is None
            await alice.hang_up()
            await until(lambda: not alice.plugin.calls and not bob.plugin.calls)
        assert len(asyncio.all_tasks()) == 1

    run(main)


def test_a_new_call_is_told_before_its_offer_leaves() -> None:
    async def main() -> None:
        async with pair(AiosipuaAgent) as (alice, bob):
            told: list[str] = []
            alice.plugin.on_call = lambda call: told.append(call.key.call_id)
            bob.plugin.on_call = lambda call: told.append("bob's")
            await alice.call(bob.address)
            assert len(told) == 2
            assert told[1] == "bob's"

    run(main)


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", b"\x00" * 400, b"INVITE", b"SIP/2.0 200", b"SIP/2.0 4\xff", b"INVITE ",
     request("SUBSCRIBE", cseq=1)],
)  # fmt: skip
@pytest.mark.parametrize("acknowledges", [True, False])
def test_what_is_none_of_our_business_passes_as_it_is(data: bytes, acknowledges: bool) -> None:
    async def main() -> None:
        stack = Silent(acknowledges_failures=acknowledges)
        plugin = Plugin(stack, config())
        plugin.incoming(data, WAY)
        plugin.outgoing(data, WAY)
        assert stack.got == [data]
        assert stack.sent == [data]
        await plugin.close()

    run(main)


def test_a_stack_that_fails_on_a_message_is_logged_and_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        stack = Silent()
        stack.fails = True
        plugin = Plugin(stack, config())
        plugin.incoming(b"first", WAY)
        plugin.outgoing(b"second", WAY)
        assert stack.got == [b"first"]
        assert stack.sent == [b"second"]
        await plugin.close()

    with caplog.at_level(logging.ERROR, "sipice"):
        run(main)
    assert len(caplog.records) == 2


def test_an_answer_of_our_own_that_cannot_leave_stops_nothing() -> None:
    """The peer has closed its connection; what else is due is still done in time."""

    async def main() -> None:
        stack = Silent()
        stack.fails = True
        plugin = Plugin(stack, config())
        for call_id in ("one", "two"):
            plugin.incoming(request("INVITE", 1, call_id=call_id), WAY)
        await until(lambda: len(stack.sent) == 2)
        assert all(data.startswith(b"SIP/2.0 100 ") for data in stack.sent)
        await plugin.close()

    run(main)


def test_work_of_an_adapter_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        plugin = Plugin(Silent(), config())

        async def fail() -> None:
            raise ValueError("odd")

        plugin.spawn(fail())
        await until(lambda: bool(caplog.records))
        await plugin.close()

    with caplog.at_level(logging.ERROR, "sipice"):
        run(main)


def test_a_way_to_a_name_leaves_the_name_to_the_stack() -> None:
    assert way_to("UDP", ("example.org", 5060), "key") == Way("UDP", None, "key")
    assert way_to("TCP", ("::1", 5061)) == Way("TCP", Address.parse("::1", 5061), None)


def test_what_comes_while_it_ends_passes_as_it_is() -> None:
    async def main() -> None:
        stack = Silent()
        plugin = Plugin(stack, config())
        invite = request("INVITE", 1, body=SDP.encode())
        plugin.incoming(invite, WAY)
        ending = asyncio.ensure_future(plugin.close())
        await asyncio.sleep(0)
        plugin.incoming(invite, WAY)
        plugin.outgoing(invite, WAY)
        await ending
        assert not plugin.calls
        assert (stack.got[-1], stack.sent) == (invite, [invite])
        await asyncio.sleep(0.3)
        assert len(stack.sent) == 1

    run(main)
