"""RFC 8656: allocations that go on in another process; their passwords are in its configuration."""

from __future__ import annotations

from sipice.ice import relay
from sipice.ice.relay import RelayPort
from sipice.ice.state import AgentState, LocalBase
from sipice.ice.stored import Json, from_address, from_base, to_address, to_base
from sipice.ice.uri import ServerKind
from sipice.stun.attributes import PasswordAlgorithm
from sipice.turn import (
    AllocationSnapshot,
    ChannelSnapshot,
    PermissionSnapshot,
    TurnClient,
)


def allocations(state: AgentState) -> list[Json]:
    """Those that have come and are not being given back; with a connection, one ends."""
    found: list[Json] = []
    for one in state.local.relays.values():
        port = one if isinstance(one, RelayPort) else None
        if port is not None and not port.answered:
            port = port.replaces  # what was asked for anew has to be asked for again
        if port is None or port.connection is not None:
            continue
        snapshot = port.client.export(state.now)
        if snapshot is not None:
            found.append(
                {
                    "socket": from_base(port.socket),
                    "place": [port.stream, port.component, port.rank, port.number],
                    "relayed": [from_base(local.base) for local in port.relayed],
                    "allocation": _from_snapshot(snapshot),
                }
            )
    return found


def take_up(state: AgentState, entry: Json) -> None:
    """Go on with an allocation, unless its server is not configured any more."""
    stream, component, rank, number = entry["place"]
    servers = state.config.servers
    server = servers[rank] if rank < len(servers) else None
    if server is None or server.kind is not ServerKind.TURN:
        return
    config, credentials = relay.turn_config(server), relay.credentials(server)
    snapshot = _to_snapshot(entry["allocation"])
    client = TurnClient.restore(config, snapshot, credentials, state.rng, state.now)
    port = RelayPort(
        client, to_base(entry["socket"]), stream, component, rank, number, answered=True
    )
    for base in map(to_base, entry["relayed"]):
        local = LocalBase(base, stream, component, state.member, listed=True, relay=port)
        state.local.bases[base.number] = local
        port.relayed.append(local)
    state.local.relays[port.socket.number, client.server] = port
    relay.flush(state, port)


def _from_snapshot(snapshot: AllocationSnapshot) -> Json:
    return {
        "server": from_address(snapshot.server),
        "realm": snapshot.realm,
        "nonce": snapshot.nonce.hex(),
        "algorithms": [[one.number, one.parameters.hex()] for one in snapshot.algorithms],
        "families": list(snapshot.families),
        "expires": round(snapshot.expires_in, 9),
        "refresh": round(snapshot.refresh_in, 9),
        "permissions": [
            [[from_address(peer) for peer in one.peers], one.is_active, round(one.ask_in, 9)]
            for one in snapshot.permissions
        ],
        "channels": [
            [
                one.number,
                from_address(one.peer),
                one.is_bound,
                None if one.bind_in is None else round(one.bind_in, 9),
            ]
            for one in snapshot.channels
        ],
    }


def _to_snapshot(entry: Json) -> AllocationSnapshot:
    return AllocationSnapshot(
        server=to_address(entry["server"]),
        realm=entry["realm"],
        nonce=bytes.fromhex(entry["nonce"]),
        algorithms=tuple(
            PasswordAlgorithm(number, bytes.fromhex(more)) for number, more in entry["algorithms"]
        ),
        families=tuple(entry["families"]),
        expires_in=entry["expires"],
        refresh_in=entry["refresh"],
        permissions=tuple(
            PermissionSnapshot(tuple(map(to_address, peers)), is_active, ask_in)
            for peers, is_active, ask_in in entry["permissions"]
        ),
        channels=tuple(
            ChannelSnapshot(number, to_address(peer), is_bound, bind_in)
            for number, peer, is_bound, bind_in in entry["channels"]
        ),
    )
