import asyncio

from sipice.aio.udp import DEFAULT_OPTIONS
from sipice.cli.demo.behind import SERVER, Behind
from sipice.cli.demo.network import NatKind
from sipice.net import Address
from sipice.stun import Class, Message, Method, decode, encode
from sipice.stun import attributes as a


def test_a_socket_behind_a_nat_sends_hears_and_routes() -> None:
    async def main() -> None:
        behind = Behind(NatKind.FULL_CONE)
        behind.network.delay = 0.0
        host, bind = behind.side()
        socket = bind(Address.parse(host, 0), DEFAULT_OPTIONS, 0)
        assert socket.address.host == "10.0.1.2"
        got: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        socket.attach(lambda data, source: got.put_nowait((data, source)), lambda to, data: None)
        request = encode(Message(Method.BINDING, Class.REQUEST, bytes(12)))
        assert socket.send(request, SERVER)
        answer, source = await got.get()
        mapped = decode(answer).get(a.XOR_MAPPED_ADDRESS)
        assert source == SERVER
        assert mapped is not None
        assert mapped.host == "198.51.100.1"
        media: asyncio.Queue[bytes] = asyncio.Queue()
        stranger = Address.parse("192.0.2.1", 9)
        socket.route(stranger, media.put_nowait)
        behind.network.send(b"\x80media", stranger, mapped)
        assert await media.get() == b"\x80media"
        socket.unroute(stranger)
        behind.network.send(b"\x80again", stranger, mapped)
        assert await got.get() == (b"\x80again", stranger)
        assert socket.sender(SERVER)(request)
        await got.get()
        socket.release()
        behind.network.send(b"\x80gone", stranger, mapped)
        await asyncio.sleep(0.01)
        assert got.empty()

    asyncio.run(main())


def test_each_side_has_a_network_of_its_own() -> None:
    async def main() -> None:
        behind = Behind(NatKind.SYMMETRIC)
        assert [behind.side()[0] for _ in range(2)] == ["10.0.1.2", "10.0.2.2"]
        assert {server.address for server in behind.servers} == {SERVER}

    asyncio.run(main())
