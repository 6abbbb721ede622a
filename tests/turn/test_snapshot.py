"""An allocation goes on in another process."""

from __future__ import annotations

from random import Random

from sipice.stun import LongTermCredentials
from sipice.turn import AllocationSnapshot, DataReceived, TurnClient, TurnConfig
from tests.simnet.turn_auth import SHA256, Realm
from tests.simnet.wire import Attr, Method
from tests.turn.script import NONCE, OTHER, PEER, Script
from tests.turn.test_session import Bench


def moved(client: TurnClient, now: float, *, to: float | None = None) -> TurnClient:
    """A new client made from what the old one exported, whose clock says ``to``."""
    snapshot = client.export(now)
    assert snapshot is not None
    assert "secret" not in repr(snapshot)
    credentials = LongTermCredentials("user", "secret")
    config = TurnConfig(keepalive=None)
    return TurnClient.restore(config, snapshot, credentials, Random(9), now if to is None else to)


def test_without_an_allocation_there_is_nothing_to_export() -> None:
    script = Script()
    assert script.client.export(script.now) is None
    script.challenged()
    assert script.client.export(script.now) is None


def test_what_is_exported_is_exported_again() -> None:
    script = Script()
    script.allocated()
    script.bound(PEER)
    script.permitted(OTHER)
    script.client.forget(OTHER)
    script.wait(100)
    snapshot = script.client.export(script.now)
    assert isinstance(snapshot, AllocationSnapshot)
    again = moved(script.client, script.now, to=5.0)
    assert again.export(5.0) == snapshot
    assert again.next_timeout() == 5.0 + 140  # the permission, 240 s after it was granted


def test_what_was_under_way_is_asked_for_again() -> None:
    script = Script()
    script.allocated()
    script.permitted(PEER)
    script.wait(540)
    script.client.bind_channel(script.now, PEER)
    script.packets()
    script.client = moved(script.client, script.now)
    script.client.handle_timeout(script.now)
    asked = {packet.method for packet in script.packets()}
    assert asked == {Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND}


def test_the_nonce_is_used_on() -> None:
    script = Script()
    script.allocated()
    script.client = moved(script.client, script.now)
    script.client.permit(script.now, PEER)
    assert script.signed(Method.CREATE_PERMISSION).get(Attr.NONCE) == NONCE


def test_a_number_that_was_forgotten_stays_with_its_peer() -> None:
    script = Script()
    script.allocated()
    script.bound(PEER)
    script.client.forget(PEER)
    script.client = moved(script.client, script.now)
    assert script.client.channel_number(PEER) is None
    script.client.bind_channel(script.now, OTHER)
    numbers = [packet.get(Attr.CHANNEL_NUMBER) for packet in script.packets()]
    assert b"\x40\x01\0\0" in numbers


def test_data_passes_while_the_client_moves_from_process_to_process() -> None:
    bench = Bench(Realm(algorithms=(SHA256,), anonymity=True, nonce_lifetime=900.0))
    relayed = bench.allocate()
    bench.client.bind_channel(bench.world.now, bench.peer.address)
    bench.run(1.0)
    for number in range(300):
        data = number.to_bytes(2)
        bench.send(data)
        bench.peer.send(relayed, data)
        assert bench.run(9.87) == [DataReceived(bench.peer.address, data)]
        assert bench.peer_heard.pop().data == data
        bench.client = moved(bench.client, bench.world.now)
    assert {code for _, code in bench.refused()} == {401, 438}


def test_an_allocation_without_credentials_goes_on_without() -> None:
    script = Script()
    script.client.allocate(script.now)
    script.grant(script.packet())
    script.client = moved(script.client, script.now)
    script.client.permit(script.now, PEER)
    assert not script.packet().has(Attr.MESSAGE_INTEGRITY)
