"""A name server on the loopback interface, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from sipice.net import Address


class _Server(asyncio.DatagramProtocol):
    def __init__(self, records: list[str], silent: set[str], failing: set[str]) -> None:
        self.records = [dns.rrset.from_text(*_split(one)) for one in records]
        self.silent, self.failing = silent, failing
        self.asked: list[str] = []
        self.transport: asyncio.DatagramTransport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind, name = dns.rdatatype.to_text(question.rdtype), str(question.name).rstrip(".")
        self.asked.append(f"{kind} {name}")
        if {name, f"{kind} {name}"} & self.silent:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        known = [one for one in self.records if one.name == question.name]
        answer.answer += [one for one in known if one.rdtype == question.rdtype]
        if name in self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif not known:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


def _split(record: str) -> tuple[str, int, str, str, *tuple[str, ...]]:
    name, kind, values = record.split(" ", 2)
    return f"{name}.", 60, "IN", kind, *values.split("|")


@asynccontextmanager
async def watched_name_server(*records: str) -> AsyncIterator[tuple[Address, list[str]]]:
    """A name server, and what it has been asked so far."""
    transport, server = await _serve(_Server(list(records), set(), set()))
    try:
        yield Address.parse("127.0.0.1", transport.get_extra_info("sockname")[1]), server.asked
    finally:
        transport.close()


async def _serve(server: _Server) -> tuple[asyncio.DatagramTransport, _Server]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: server, local_addr=("127.0.0.1", 0)
    )
    server.transport = transport
    return transport, server


@asynccontextmanager
async def name_server(*records: str, silent: str = "", failing: str = "") -> AsyncIterator[Address]:
    """Serves ``name TYPE value|value``; ``silent`` and ``failing``: names between commas."""
    names = set(silent.split(",")), set(failing.split(","))
    transport, _ = await _serve(_Server(list(records), *names))
    try:
        yield Address.parse("127.0.0.1", transport.get_extra_info("sockname")[1])
    finally:
        transport.close()
