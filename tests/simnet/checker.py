"""The foreign eye: reads every message of an agent on the virtual wires and knows only the RFCs.

It keeps what it needs to judge a message against the messages before it: credentials that were
announced, requests that reached a host, transactions, tie-breakers, relayed addresses. It imports
nothing of sipice, so that a mistake made on both sides of a simulation is still seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from tests.simnet import rules, wire
from tests.simnet.wire import Attr, Class, Message, Method, Place


class ConformanceError(AssertionError):
    """An agent sent what an RFC forbids."""


@dataclass(slots=True)
class Seen:
    """What the wire has shown of one host."""

    ufrags: set[str] = field(default_factory=set)
    requests: dict[tuple[Place, Place, bytes], Message] = field(default_factory=dict)
    """Binding requests that reached it: (its address, the source, transaction)."""
    unanswered: Counter[tuple[Place, Place, bytes]] = field(default_factory=Counter)
    transactions: dict[bytes, tuple[Place, Place, bytes]] = field(default_factory=dict)
    """Requests that left it: transaction to (source, destination, bytes)."""
    refused: set[bytes] = field(default_factory=set)
    """Tie-breakers of its requests that were answered with 487."""
    renewable: set[str] = field(default_factory=set)
    """Sessions that had a 487 since their tie-breaker last changed."""
    controlling: dict[str, bool] = field(default_factory=dict)
    """The role shown last, by session."""
    ties: dict[str, bytes] = field(default_factory=dict)
    """The tie-breaker in use, by session."""
    relayed: dict[tuple[Place, Place], Place] = field(default_factory=dict)
    """Relayed addresses by (its address, the server)."""
    channels: dict[tuple[Place, Place, int], Place] = field(default_factory=dict)


class Checker:
    """Judges what the hosts it was told about send; a violation raises at once."""

    def __init__(self) -> None:
        self.servers: set[Place] = set()
        self.lite: set[str] = set()
        """Hosts with a lite agent: they never send a request (RFC 8445 §7)."""
        self.passwords: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        """The session of a remote ufrag where one host has several sessions (forks)."""
        self.judged: Counter[str] = Counter()
        """How many messages of each kind were judged."""
        self._hosts: dict[str, Seen] = {}
        self._now = 0.0
        self._waited = False

    def follow(self, host: str) -> None:
        """Judge this host from now on; it has announced nothing yet."""
        self._hosts.setdefault(host, Seen())

    def watch(self, host: str, ufrag: str, password: str) -> None:
        """``host`` announced these credentials."""
        seen = self._hosts.setdefault(host, Seen())
        seen.ufrags.add(ufrag)
        self.passwords[ufrag] = password

    def retire(self, host: str, ufrag: str) -> None:
        """``host`` took these credentials back: what it accepts with them is an error."""
        self._hosts[host].ufrags.discard(ufrag)

    def sent(self, now: float, host: str, packet: tuple[Place, Place, bytes]) -> None:
        """A datagram left a socket."""
        seen = self._hosts.get(host)
        if seen is None:
            return
        self._now = now
        src, dst, data = packet
        if wire.is_channel_data(data) and dst in self.servers:
            self._channel_sent(seen, host, packet)
        elif data and data[0] < 4:
            self._judge(seen, host, src, dst, data)

    def frame_sent(self, now: float, host: str, packet: tuple[Place, Place, bytes]) -> None:
        """A frame was written to a connection, for which it may have waited."""
        self._waited = True
        self.sent(now, host, packet)
        self._waited = False

    def received(self, now: float, host: str, packet: tuple[Place, Place, bytes]) -> None:
        """A datagram reached a socket; remembered for what it allows the host to say."""
        seen = self._hosts.get(host)
        if seen is None:
            return
        remote, local, data = packet
        if remote in self.servers and wire.is_channel_data(data):
            number, inner = wire.parse_channel_data(data)
            peer = seen.channels.get((local, remote, number))
            relay = seen.relayed.get((local, remote))
            if peer is not None and relay is not None:
                self._note(seen, peer, relay, inner)
            return
        self._note(seen, remote, local, data)

    def _note(self, seen: Seen, remote: Place, local: Place, data: bytes) -> None:
        if not wire.looks_like_stun(data):
            return
        try:
            message = wire.parse(data)
        except wire.WireError:
            return
        match message.method, message.cls:
            case Method.BINDING, Class.REQUEST:
                key = local, remote, message.transaction
                seen.requests[key] = message
                seen.unanswered[key] += 1
            case Method.BINDING, Class.ERROR if message.error() == 487:
                self._note_conflict(seen, remote, local, message)
            case Method.ALLOCATE, Class.SUCCESS:
                relay = message.address(Attr.XOR_RELAYED_ADDRESS)
                if relay is not None:
                    seen.relayed[local, remote] = relay
            case Method.DATA, Class.INDICATION:
                peer, inner = message.address(Attr.XOR_PEER_ADDRESS), message.get(Attr.DATA)
                relay = seen.relayed.get((local, remote))
                if peer is not None and inner is not None and relay is not None:
                    self._note(seen, peer, relay, inner)
            case _:
                pass

    def _note_conflict(self, seen: Seen, remote: Place, local: Place, message: Message) -> None:
        sent = seen.transactions.get(message.transaction)
        if sent is None:
            return
        request = wire.parse(sent[2])
        user = (request.get(Attr.USERNAME) or b"").decode()
        theirs = user.partition(":")[0]
        if wire.integrity_valid(message, self.passwords.get(theirs, "").encode()):
            seen.renewable.add(self.sessions.get(theirs, ""))
            # From elsewhere, or about a role that was given up meanwhile, it may be followed and
            # need not be.
            session, controlling = self.sessions.get(theirs, ""), request.has(Attr.ICE_CONTROLLING)
            if sent[:2] == (local, remote) and seen.controlling.get(session) == controlling:
                seen.refused.add(_tie(request))

    def _channel_sent(self, seen: Seen, host: str, packet: tuple[Place, Place, bytes]) -> None:
        src, server, data = packet
        number, inner = wire.parse_channel_data(data)
        peer, relay = seen.channels.get((src, server, number)), seen.relayed.get((src, server))
        if peer is None or relay is None:
            self._fail(host, data, "ChannelData on a channel that was never bound")
        if inner and inner[0] < 4:
            self._judge(seen, host, relay, peer, inner)

    def _judge(self, seen: Seen, host: str, src: Place, dst: Place, data: bytes) -> None:
        try:
            message = wire.parse(data)
        except wire.WireError as error:
            self._fail(host, data, str(error))
        self.judged[f"{message.method} {message.cls.name}"] += 1
        if message.cls is Class.REQUEST and host in self.lite:
            self._fail(host, data, "a request from a lite agent")
        for wrong in (*rules.of_class(message), *self._in_context(seen, src, dst, message)):
            self._fail(host, data, wrong)
        if message.method == Method.SEND:
            relay = seen.relayed.get((src, dst))
            peer, inner = message.address(Attr.XOR_PEER_ADDRESS), message.get(Attr.DATA)
            if relay is None or peer is None:
                self._fail(host, data, "a Send indication without an allocation")
            if inner and inner[0] < 4:
                self._judge(seen, host, relay, peer, inner)

    def _in_context(self, seen: Seen, src: Place, dst: Place, message: Message) -> Iterator[str]:
        if message.cls is Class.REQUEST:
            fresh = message.transaction not in seen.transactions
            yield from self._transaction(seen, src, dst, message)
            if message.method != Method.BINDING:
                yield from rules.turn_request(message)
                yield from self._to_server(seen, src, dst, message)
            elif dst in self.servers:
                yield from rules.gathering_request(message)
            else:
                yield from rules.check_request(message)
                yield from self._check(seen, src, dst, message, fresh)
        elif message.method == Method.BINDING and message.cls is not Class.INDICATION:
            yield from self._response(seen, src, dst, message)
        elif message.method == Method.SEND and dst not in self.servers:
            yield "a Send indication to somebody who is no server"

    def _to_server(self, seen: Seen, src: Place, dst: Place, message: Message) -> Iterator[str]:
        if dst not in self.servers:
            yield "a TURN request to somebody who is no server"
        peer = message.address(Attr.XOR_PEER_ADDRESS)
        number = message.get(Attr.CHANNEL_NUMBER)
        if message.method == Method.CHANNEL_BIND and peer is not None and number is not None:
            seen.channels[src, dst, int.from_bytes(number[:2])] = peer

    def _transaction(self, seen: Seen, src: Place, dst: Place, message: Message) -> Iterator[str]:
        known = seen.transactions.setdefault(message.transaction, (src, dst, message.raw))
        if known != (src, dst, message.raw):
            yield "a transaction id was used for two different requests (RFC 8489 §5)"

    def _check(
        self, seen: Seen, src: Place, dst: Place, message: Message, fresh: bool
    ) -> Iterator[str]:
        size = len(message.raw)
        if size > rules.CHECK_LIMIT[len(dst[0])]:
            yield f"a check of {size} bytes"
        user = (message.get(Attr.USERNAME) or b":").decode(errors="replace")
        theirs, _, ours = user.partition(":")
        if ours not in seen.ufrags or theirs not in self.passwords or theirs in seen.ufrags:
            yield f"USERNAME {user} is not the peer's ufrag, a colon and the own one"
            return
        if not wire.integrity_valid(message, self.passwords[theirs].encode()):
            yield "MESSAGE-INTEGRITY of a check is not keyed with the peer's password"
        if fresh and not self._waited and not self._relayed(seen, src):
            yield from self._tie_breaker(seen, theirs, ours, _tie(message))
            session = self.sessions.get(theirs, "")
            seen.controlling[session] = message.has(Attr.ICE_CONTROLLING)

    def _relayed(self, seen: Seen, src: Place) -> bool:
        """A check through a relay may have waited for its permission, and be out of date."""
        return src in seen.relayed.values()

    def _tie_breaker(self, seen: Seen, theirs: str, ours: str, tie: bytes) -> Iterator[str]:
        """§16.1: one for the session; a new one after a 487, or with new credentials of ours."""
        session = self.sessions.get(theirs, "")
        generation = f"{session}/{ours}"
        known, before = seen.ties.get(session), seen.ties.get(generation)
        if tie not in {known, before} and before is not None:
            if session not in seen.renewable:
                yield "the tie-breaker changed without a 487 or a restart (§16.1)"
            seen.renewable.discard(session)
        if tie in seen.refused:
            yield "a tie-breaker that was answered with 487 is used again (§7.2.5.1)"
        seen.ties[session] = seen.ties[generation] = tie

    def _response(self, seen: Seen, src: Place, dst: Place, message: Message) -> Iterator[str]:
        key = src, dst, message.transaction
        request = seen.requests.get(key)
        if request is None:
            yield "a response to a request that never came from there to here"
            return
        seen.unanswered[key] -= 1
        if seen.unanswered[key] < 0:
            yield "more responses than requests"
        password = self._authenticated_by(seen, request)
        if message.cls is Class.SUCCESS or message.error() == 487:
            if password is None:
                yield "an unauthenticated request was accepted"
            elif not wire.integrity_valid(message, password):
                yield "MESSAGE-INTEGRITY of a response is not keyed with the own password"
        if message.cls is Class.SUCCESS and message.address(Attr.XOR_MAPPED_ADDRESS) != dst:
            yield "XOR-MAPPED-ADDRESS is not the source of the request"
        if message.cls is Class.ERROR and password is not None and message.error() == 401:
            yield "401 for a request with right credentials"

    def _authenticated_by(self, seen: Seen, request: Message) -> bytes | None:
        """The password that made a request acceptable; None where nothing did."""
        user = (request.get(Attr.USERNAME) or b"").decode(errors="replace")
        ours, colon, _ = user.partition(":")
        if not colon or ours not in seen.ufrags or not wire.fingerprint_valid(request):
            return None
        password = self.passwords[ours].encode()
        return password if wire.integrity_valid(request, password) else None

    def _fail(self, host: str, data: bytes, wrong: str) -> NoReturn:
        raise ConformanceError(f"{self._now:.4f} {host}: {wrong}: {data.hex()}")


def _tie(message: Message) -> bytes:
    return message.get(Attr.ICE_CONTROLLING) or message.get(Attr.ICE_CONTROLLED) or b""
