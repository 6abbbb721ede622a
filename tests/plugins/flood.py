"""A flood of calls in a process that may open few files; run as a program of its own."""

from __future__ import annotations

import logging
import os
import resource

from sipice.plugins.descriptors import count, limit
from sipice.plugins.plugin import Plugin
from sipice.sip.message import parse_message
from tests.plugins.ends import config, run, until
from tests.plugins.rivals import SDP, reply
from tests.plugins.test_plugin import WAY, Silent
from tests.sip.story import request

MOST = 100
BODY = SDP.encode()


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def statuses(stack: Silent) -> list[int | None]:
    return [parse_message(data).status for data in stack.sent]


async def main() -> None:
    log = Lines()
    logging.getLogger("sipice").addHandler(log)
    stack = Silent()
    plugin = Plugin(stack, config())
    for number in range(200):
        plugin.incoming(request("INVITE", 1, body=BODY, call_id=f"{number}"), WAY)
    calls = len(plugin.calls)
    await until(lambda: len(stack.got) == calls)
    refused = [data for data in stack.sent if data.startswith(b"SIP/2.0 503 ")]
    assert len(refused) == 200 - calls
    assert 5 < calls < MOST / 4
    assert all(parse_message(data).header("retry-after") for data in refused)
    more = [os.open(os.devnull, os.O_RDONLY) for _ in range(MOST // 4)]
    for one in more:
        os.close(one)
    invite = parse_message(stack.got[0])
    plugin.outgoing(reply(invite, 200, body=SDP).encode(), WAY)
    path = await plugin.calls[0].path()
    assert path.to.port == 40_000
    assert len(log.lines) == 1, log.lines
    await plugin.calls[-1].close()
    before = len(plugin.calls)
    later = 0

    def again() -> bool:
        nonlocal later
        later += 1
        plugin.incoming(request("INVITE", 1, body=BODY, call_id=f"later{later}"), WAY)
        return len(plugin.calls) > before

    await until(again)
    await plugin.close()


async def many_streams() -> None:
    """Room for two calls of one stream; a call of many is refused, the one before is not."""
    most, have = limit(), count()
    assert most is not None
    assert have is not None
    stack = Silent()
    plugin = Plugin(stack, config(spare_descriptors=most - have - 12))
    plugin.incoming(request("INVITE", 1, body=BODY), WAY)
    await until(lambda: len(stack.got) == 1)
    video = b"m=video 40002 RTP/AVP 96\r\n"
    plugin.incoming(request("INVITE", 1, body=BODY + 9 * video, call_id="many"), WAY)
    await until(lambda: 503 in statuses(stack))
    assert len(stack.got) == 1
    plugin.outgoing(reply(parse_message(stack.got[0]), 200, body=SDP).encode(), WAY)
    await plugin.calls[0].path()
    await until(lambda: 200 in statuses(stack))
    again = request("INVITE", 2, to="rival", body=BODY + 9 * video)
    plugin.incoming(again, WAY)
    await until(lambda: 500 in statuses(stack))
    assert len(plugin.calls) == 1
    await plugin.close()


if __name__ == "__main__":
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    )
    run(main)
