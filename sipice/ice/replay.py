"""A recorded session once more: the same inputs and draws must make the same decisions.

Passwords are not in a record. Each label gets one of our making, and messages are sealed with it
where the recorded ones had been sealed right; so the bytes differ, and nothing else.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple, TypeAlias

from sipice.errors import UsageError
from sipice.ice import inputs, link, storage
from sipice.ice.agent import Agent
from sipice.ice.candidate import BaseUse, TcpType
from sipice.ice.config import Advertised, AgentConfig, IceServer, NamedServer
from sipice.ice.credentials import ICE_CHARS, PWD_CHARS, Credentials
from sipice.ice.description import Description
from sipice.ice.destination import AddressFilter, Network
from sipice.ice.pacer import Pacer
from sipice.ice.pair import Role
from sipice.ice.recorded import to_address, to_candidate, to_packet, to_type
from sipice.ice.state import AgentState
from sipice.ice.uri import ServerKind, ServerUri
from sipice.net import Address, Base, Flow, QueryKind, Resolve, Transport
from sipice.stun import Key, Message, frame_rfc4571
from sipice.trace import Field

Record: TypeAlias = dict[str, Any]
"""One line of a record as json reads it."""


class Difference(NamedTuple):
    """Where a replay leaves the record."""

    number: int
    """The position of the record, counted from 0."""
    recorded: Record
    replayed: Record | None
    why: str


class UnplayableError(Exception):
    """A record that no input or draw can be made of."""


def replay(records: Sequence[Record]) -> Difference | None:
    """Play the records of one session; None when the same happens all over."""
    player = _Player(records)
    position = 0
    while position < len(records):
        why = player.play(records[position])
        for ours, theirs in zip(player.played, records[position:], strict=False):
            if ours != theirs:
                return Difference(position, theirs, ours, "something else happened")
            position += 1
        if position == len(records):
            return None  # a record may end in the middle of what an input led to
        if why or not player.played:
            why = why or "nothing in the record before it leads to this"
            return Difference(position, records[position], None, why)
    return None


class _Player:
    """An agent (and the siblings forked from it) under replay, and what it recorded."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._draws = deque(one for one in records if one.get("is") == "draw")
        self._agents: dict[int, Agent] = {}
        self._secrets: dict[str, str] = {}
        self.played: list[Record] = []
        head = records[0] if records else {}
        self._session = {name: head[name] for name in ("session",) if name in head}
        self._epoch = {name: head[name] for name in ("epoch",) if name in head}

    def record(self, now: float, name: str, /, **fields: Field) -> None:
        """Take what the replayed agent records, in the shape that json gives the first one."""
        line = {"at": now, "is": name, **self._session, **fields}
        if name == "agent":
            line |= self._epoch
        self.played.append(json.loads(json.dumps(line)))

    def play(self, record: Record) -> str:
        """Repeat one input; ``played`` is what was recorded on the way, the result why it ended."""
        self.played = []
        try:
            self._perform(record)
        except UnplayableError as problem:
            return str(problem)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as odd:
            return f"the record cannot be read ({type(odd).__name__}: {odd})"
        return ""

    def _perform(self, record: Record) -> None:
        name, now = record["is"], record["at"]
        if name == "agent":
            self._agents[1] = self._start(record)
            return
        agent = self._agents.get(record.get("sibling", 1))
        if agent is None:
            raise UnplayableError("the record does not begin with an agent")
        perform = _INPUTS.get(name)
        if perform is None:
            raise UnplayableError("nothing in the record before it leads to this")
        with suppress(UsageError):  # the caller was told so in the first run as well
            perform(self, agent, now, record)
        for one in self._agents.values():
            one.take_commands()

    # What replaces the world

    def draw(self, *names: str) -> Record:
        """The next draw of the record, which must be one of these."""
        if not self._draws:
            raise UnplayableError("the record has no further draws")
        found = self._draws.popleft()
        if found["of"] not in names:
            raise UnplayableError(f"{names[0]} is drawn, the record has {found['of']} next")
        return found

    def secret(self, label: str) -> str:
        """The password that stands for a label."""
        number = len(self._secrets)
        return self._secrets.setdefault(label, f"{number:0{PWD_CHARS}d}")

    def key_of(self, agent: Agent, base: Base, remote: Address) -> Callable[[Message], Key | None]:
        """How the messages of a datagram are sealed."""
        return lambda message: inputs.key_of(agent._state, message, base, remote)

    # Inputs

    def _start(self, record: Record) -> Agent:
        role = Role(record["role"])
        config = _config(record["config"], self.secret)
        return Agent(config, role=role, rng=_Draws(self), pacer=_Slots(self), tracer=self)

    def fork(self, agent: Agent, now: float, _: Record) -> None:
        sibling = agent.fork(now)
        self._agents[sibling._state.member] = sibling

    def restored(self, agent: Agent, now: float, record: Record) -> None:
        document = inputs.exchange_secrets(record["document"], lambda pwd, _: self.secret(pwd))
        inputs.restored(agent._state, now, json.dumps(document).encode())
        storage.restore(agent._state, json.dumps(document).encode(), now)
        agent._settle()

    def datagram(self, agent: Agent, now: float, record: Record) -> None:
        base = _base(agent._state, record["base"], record["local"])
        remote = to_address(record["remote"])
        data = to_packet(record["packet"], self.key_of(agent, base, remote))
        agent.receive_datagram(now, data, base, remote)

    def stream(self, agent: Agent, now: float, record: Record) -> None:
        flow = Flow(record["flow"])
        connection = link.find(agent._state, flow)
        if connection is None:
            raise UnplayableError(f"there is no flow {flow.number}")
        packets = [
            to_packet(one, lambda message: inputs.key_on(agent._state, connection, message))
            for one in record["packets"] or ()
        ]
        if record["packets"] is None:
            data = b"\xff\xff\0\0"
        elif connection.relay is None:
            data = b"".join(map(frame_rfc4571, packets))
        else:
            data = b"".join(one + bytes(-len(one) % 4) for one in packets)
        agent.receive_stream(now, flow, data)

    def set_remote(self, agent: Agent, now: float, record: Record) -> None:
        description = _description(record["description"], self.secret)
        generation = record.get("generation")
        agent.set_remote_description(now, record["stream"], description, generation)


class _Draws(Random):
    """Gives the recorded draws."""

    def __init__(self, player: _Player) -> None:
        super().__init__(0)
        self._player = player

    def random(self) -> float:
        value: float = self._player.draw("consent-interval")["value"]
        return value

    def getrandbits(self, k: int, /) -> int:
        return int(self._player.draw("tie-breaker" if k == 64 else "transaction-id")["value"], 16)

    def randbytes(self, n: int) -> bytes:
        found = self._player.draw("credentials" if n < 96 else "transaction-ids")
        if found["of"] == "transaction-ids":
            return bytes.fromhex(found["value"])
        text = found["ufrag"] + self._player.secret(found["pwd"])
        return bytes(ICE_CHARS.index(char) for char in text)


class _Slots(Pacer):
    """Gives the recorded slots: they depended on agents that are not here."""

    __slots__ = ("_player",)

    def __init__(self, player: _Player) -> None:
        super().__init__()
        self._player = player

    def reserve(self, now: float) -> float:
        value: float = self._player.draw("slot")["value"]
        return value

    def give_back(self, slot: float) -> None:
        pass


def _config(fields: Record, secret: Callable[[str], str]) -> AgentConfig:
    changed = dict(fields)
    if "servers" in changed:
        changed["servers"] = tuple(_server(one, secret) for one in changed["servers"])
    if "candidate_types" in changed:
        changed["candidate_types"] = frozenset(to_type(one) for one in changed["candidate_types"])
    if "advertised" in changed:
        changed["advertised"] = tuple(map(_advertised, changed["advertised"]))
    if "destinations" in changed:
        lists = changed["destinations"]
        deny, allow = (tuple(map(Network.parse, lists[name])) for name in ("deny", "allow"))
        changed["destinations"] = AddressFilter(deny, allow)
    return AgentConfig(**changed)


def _advertised(fields: Record) -> Advertised:
    network = fields["network"]
    ip = Address.parse(fields["ip"], 0).ip
    return Advertised(ip, None if network is None else Network.parse(network), fields["keep"])


def _server(fields: Record, secret: Callable[[str], str]) -> IceServer | NamedServer:
    tls = fields["transport"] == "TLS"
    if "uri" in fields:
        return NamedServer(
            ServerUri.parse(fields["uri"]),
            fields.get("username", ""),
            secret(fields["password"]) if "password" in fields else "",
            tuple(fields.get("families", (4,))),
            "tls" if tls else None,
        )
    return IceServer(
        ServerKind(fields["kind"]),
        to_address(fields["address"]),
        Transport.TCP if tls else Transport(fields["transport"]),
        fields.get("username", ""),
        secret(fields["password"]) if "password" in fields else "",
        tuple(fields.get("families", (4,))),
        "tls" if tls else None,
    )


def _description(fields: Record, secret: Callable[[str], str]) -> Description:
    return Description(
        Credentials(fields["ufrag"], secret(fields["pwd"])),
        tuple(to_candidate(one, {}) for one in fields["candidates"]),
        lite=fields["lite"],
        pacing_ms=fields.get("pacing_ms"),
        ice2=fields["ice2"],
        trickle=fields["trickle"],
        complete=fields["complete"],
        uses=tuple((to_address(a), to_address(b)) for a, b in fields.get("uses", ())),
    )


def _base(state: AgentState, number: int, local: str) -> Base:
    known = state.local.bases.get(number)
    return Base(number, Transport.UDP, to_address(local)) if known is None else known.base


def _known_base(agent: Agent, record: Record) -> Base:
    return _base(agent._state, record["base"], record.get("local", "0.0.0.0:0"))


def _way(agent: Agent, fields: Sequence[Any]) -> tuple[Base, Address | None]:
    base, peer = fields
    known = _base(agent._state, base, "0.0.0.0:0")
    return known, None if peer is None else to_address(peer)


def _query(record: Record) -> Resolve:
    kind, name, port = record["query"]
    return Resolve(QueryKind(kind), name, port)


def _use(record: Record) -> BaseUse | None:
    return BaseUse(record["use"]) if "use" in record else None


_Perform: TypeAlias = Callable[[_Player, Agent, float, Record], object]

_INPUTS: dict[str, _Perform] = {
    "add-stream": lambda _, agent, now, r: agent.add_stream(r["components"]),
    "remove-stream": lambda _, agent, now, r: agent.remove_stream(now, r["stream"]),
    "add-local-address": lambda _, agent, now, r: agent.add_local_address(
        now, r["stream"], r["component"], to_address(r["address"]), r["tier"], _use(r)
    ),
    "add-local-tcp": lambda _, agent, now, r: agent.add_local_tcp(
        now, r["stream"], r["component"], to_address(r["address"]), TcpType(r["tcptype"])
    ),
    "remove-local-address": lambda _, agent, now, r: agent.remove_local_address(
        now, _known_base(agent, r)
    ),
    "gather": lambda _, agent, now, r: agent.gather(now, r.get("stream")),
    "name-resolved": lambda _, agent, now, r: agent.name_resolved(
        now, _query(r), [to_address(one) for one in r["addresses"]]
    ),
    "name-failed": lambda _, agent, now, r: agent.name_failed(now, _query(r), r["why"]),
    "local-description": lambda _, agent, now, r: agent.local_description(
        r["stream"], r.get("generation")
    ),
    "set-remote-description": _Player.set_remote,
    "add-remote-candidate": lambda _, agent, now, r: agent.add_remote_candidate(
        now, r["stream"], to_candidate(r["candidate"], {}), r.get("ufrag")
    ),
    "end-of-candidates": lambda _, agent, now, r: agent.end_of_candidates(
        now, r["stream"], r.get("ufrag")
    ),
    "set-role": lambda _, agent, now, r: agent.set_role(now, Role(r["role"])),
    "prepare-restart": lambda _, agent, now, r: agent.prepare_restart(now, r.get("streams")),
    "commit-restart": lambda _, agent, now, r: agent.commit_restart(now, r["restart"]),
    "rollback-restart": lambda _, agent, now, r: agent.rollback_restart(now, r["restart"]),
    "resume": lambda _, agent, now, r: agent.resume(now, r["stream"]),
    "keep-components": lambda _, agent, now, r: agent.keep_components(now, r["stream"], r["count"]),
    "use-plain": lambda _, agent, now, r: agent.use_plain(
        now, r["stream"], [_way(agent, way) for way in r["ways"]], r["latch"]
    ),
    "use-ice": lambda _, agent, now, r: agent.use_ice(now, r["stream"]),
    "fork": _Player.fork,
    "close": lambda _, agent, now, r: agent.close(now),
    "restored": _Player.restored,
    "receive-datagram": _Player.datagram,
    "receive-stream": _Player.stream,
    "connection-opened": lambda _, agent, now, r: agent.connection_opened(now, Flow(r["flow"])),
    "connection-accepted": lambda _, agent, now, r: agent.connection_accepted(
        now, _known_base(agent, r), to_address(r["remote"])
    ),
    "connection-closed": lambda _, agent, now, r: agent.connection_closed(
        now, Flow(r["flow"]), r.get("why")
    ),
    "writable": lambda _, agent, now, r: agent.writable(now, Flow(r["flow"]), r["ready"]),
    "send-failed": lambda _, agent, now, r: agent.send_failed(
        now, _known_base(agent, r), to_address(r["remote"]), hard=r["hard"]
    ),
    "send": lambda _, agent, now, r: agent.send(
        now, r["stream"], r["component"], b"\x80" * r["size"]
    ),
    "media-sent": lambda _, agent, now, r: agent.media_sent(now, r["stream"], r["component"]),
    "timer": lambda _, agent, now, r: agent.handle_timeout(now),
    "take-events": lambda _, agent, now, r: agent.take_events(),
}
"""How each input is repeated."""
