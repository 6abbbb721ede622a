"""The protocol between driver and sockets."""

from __future__ import annotations

import asyncio

from sipice.aio.endpoint import Endpoint
from sipice.aio.udp import UdpEndpoint
from tests.aio.harness import LOCAL


def test_an_own_socket_is_an_endpoint() -> None:
    async def scenario() -> None:
        endpoint: Endpoint = UdpEndpoint.bind(LOCAL)
        assert endpoint.address.port
        endpoint.release()
        endpoint.release()

    asyncio.run(scenario())
