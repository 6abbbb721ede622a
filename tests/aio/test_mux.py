"""Whose a datagram on a shared UDP port is."""

from __future__ import annotations

import asyncio
from random import Random

from sipice.aio import mux
from sipice.aio.mux import Share, SharedSocket, local_ufrag
from sipice.aio.udp import UdpEndpoint
from sipice.net import Address
from sipice.stun import Class, Message, Method, encode
from sipice.stun import attributes as a
from tests.aio.harness import LOCAL, PATIENCE

RNG = Random(1)


def request(username: str | None = None, *more: tuple[int, object]) -> bytes:
    named = () if username is None else (a.USERNAME(username),)
    return encode(Message(Method.BINDING, Class.REQUEST, RNG.randbytes(12), (*named, *more)))


def answer_to(data: bytes, kind: Class = Class.SUCCESS) -> bytes:
    return encode(Message(Method.BINDING, kind, data[8:20]))


def indication() -> bytes:
    return encode(Message(Method.BINDING, Class.INDICATION, RNG.randbytes(12)))


class Rig:
    """A shared socket with sessions that note what reaches them, and somebody outside."""

    def __init__(self, *names: str) -> None:
        self.shared = SharedSocket(UdpEndpoint.bind(LOCAL))
        self.outside = UdpEndpoint.bind(LOCAL)
        self.outside.attach(lambda *_: None, lambda *_: None)
        self.got: list[tuple[str, bytes]] = []
        self.refused: list[tuple[str, bytes]] = []
        self.shares = {name: self._share(name) for name in names}

    def _share(self, name: str) -> Share:
        share = self.shared.share()
        share.attach(
            lambda data, source: self.got.append((name, data)),
            lambda to, sent: self.refused.append((name, sent)),
        )
        share.serve(name)
        return share

    async def arrive(self, *packets: bytes) -> None:
        """Sent from outside, and arrived."""
        marker = request("marker:x")
        done = asyncio.get_running_loop().create_future()
        last = self.shared.share()
        last.attach(lambda *_: done.set_result(None), lambda *_: None)
        last.serve("marker")
        for data in (*packets, marker):
            self.outside.send(data, self.shared.endpoint.address)
        async with asyncio.timeout(PATIENCE):
            await done
        last.release()

    def close(self) -> None:
        for share in self.shares.values():
            share.release()
        self.shared.endpoint.release()
        self.outside.release()


def test_a_check_goes_to_the_session_that_it_names() -> None:
    async def scenario() -> None:
        rig = Rig("one", "two")
        to_one, to_two, odd = request("one:x"), request("two:x"), request("two", (0x7F00, b""))
        strangers = [request("three:x"), request("one2:x"), request(), b"\x00\x01garbage", b""]
        await rig.arrive(to_one, *strangers, to_two, odd)
        assert rig.got == [("one", to_one), ("two", to_two), ("two", odd)]
        assert rig.shared.unknown == len(strangers)
        rig.close()

    asyncio.run(scenario())


def test_an_answer_goes_to_the_session_that_asked() -> None:
    async def scenario() -> None:
        rig = Rig("one", "two")
        asked = {name: request("peer:" + name) for name in rig.shares}
        for name, share in rig.shares.items():
            assert share.send(asked[name], rig.outside.address)
        answers = [answer_to(asked["two"]), answer_to(asked["one"], Class.ERROR)]
        await rig.arrive(*answers, answer_to(request()))
        assert rig.got == [("two", answers[0]), ("one", answers[1])]
        assert rig.shared.unknown == 1
        rig.close()

    asyncio.run(scenario())


def test_all_else_goes_by_a_source_that_an_agent_has_validated() -> None:
    async def scenario() -> None:
        rig = Rig("one", "two")
        media: list[bytes] = []
        await rig.arrive(b"\x80 before", indication())
        assert (rig.got, rig.shared.unknown) == ([], 2)
        rig.shares["one"].route(rig.outside.address, media.append)
        hello = indication()
        await rig.arrive(b"\x80 media", hello)
        assert (rig.got, media) == ([("one", hello)], [b"\x80 media"])
        rig.shares["two"].route(rig.outside.address, lambda data: media.append(b"two" + data))
        rig.shares["one"].unroute(rig.outside.address)
        await rig.arrive(b"\x80 later")
        assert media[1:] == [b"two\x80 later"], "the later session keeps its route"
        rig.shares["two"].unroute(rig.outside.address)
        await rig.arrive(b"\x80 at last")
        assert len(media) == 2
        rig.close()

    asyncio.run(scenario())


def test_a_released_share_gets_nothing_and_leaves_nothing() -> None:
    async def scenario() -> None:
        rig = Rig("one")
        share = rig.shares["one"]
        asked = request("peer:one")
        share.send(asked, rig.outside.address)
        share.route(rig.outside.address, lambda _: None)
        share.release()
        await rig.arrive(request("one:x"), answer_to(asked), b"\x80 media", indication())
        assert rig.got == []
        shared = rig.shared
        left = [shared.by_ufrag, shared.by_transaction, shared.by_source]
        assert not any(left)
        rig.close()

    asyncio.run(scenario())


def test_what_is_remembered_of_one_session_is_bounded() -> None:
    async def scenario() -> None:
        rig = Rig("one")
        share = rig.shares["one"]
        asked = [request("peer:one") for _ in range(mux.MAX_EXPECTED + 3)]
        for data in asked:
            share.send(data, rig.outside.address)
            share.send(data, rig.outside.address)
        assert len(rig.shared.by_transaction) == mux.MAX_EXPECTED
        assert asked[2][8:20] not in rig.shared.by_transaction
        assert asked[3][8:20] in rig.shared.by_transaction
        for number in range(mux.MAX_UFRAGS):
            share.serve(f"one{number}")
            share.serve(f"one{number}")
        assert list(rig.shared.by_ufrag) == [f"one{number}" for number in range(mux.MAX_UFRAGS)]
        rig.close()

    asyncio.run(scenario())


def test_answers_and_indications_of_ours_are_not_waited_for() -> None:
    async def scenario() -> None:
        rig = Rig("one")
        for data in (answer_to(request()), indication()):
            rig.shares["one"].send(data, rig.outside.address)
        assert rig.shared.by_transaction == {}
        rig.close()

    asyncio.run(scenario())


def test_an_icmp_error_reaches_the_session_whose_message_it_quotes() -> None:
    async def scenario() -> None:
        rig = Rig("one", "two")
        gone = rig.outside.address
        rig.outside.release()
        asked = request("peer:two")
        rig.shares["two"].send(asked, gone)
        rig.outside = UdpEndpoint.bind(LOCAL)
        await rig.arrive()
        assert rig.refused == [("two", asked)]
        rig.close()

    asyncio.run(scenario())


def test_our_ufrag_is_what_stands_before_the_colon() -> None:
    assert local_ufrag(request("ours:theirs")) == "ours"
    assert local_ufrag(answer_to(request())) is None
    assert local_ufrag(b"\x80 media") is None
    assert Address.parse("127.0.0.1", 0) == LOCAL
