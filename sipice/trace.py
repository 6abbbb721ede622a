"""What happened in an agent and why, as records: for people, for explanations, for replay."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias

Field: TypeAlias = "str | int | float | bool | Sequence[Field] | Mapping[str, Field] | None"
"""What a record may hold. Never a password, a key or a MAC."""


class Tracer(Protocol):
    """Takes records; the core makes one only where a tracer was given."""

    def record(self, now: float, name: str, /, **fields: Field) -> None:
        """One thing that happened at ``now``: ``name`` says what, the fields to whom and why."""


class JsonLines:
    """Writes each record as one line of JSON, ``{"at": seconds, "is": name, ...}``.

    ``session`` tells apart the agents that write into one file. ``epoch`` is the Unix time at which
    ``now`` was 0; with it people see the time of day. Times are not rounded: a replay needs them to
    the last bit.
    """

    __slots__ = ("_epoch", "_session", "_write")

    def __init__(
        self,
        write: Callable[[str], object],
        session: str | None = None,
        epoch: float | None = None,
    ) -> None:
        self._write = write
        self._session: dict[str, Field] = {} if session is None else {"session": session}
        self._epoch: dict[str, Field] = {} if epoch is None else {"epoch": epoch}

    def record(self, now: float, name: str, /, **fields: Field) -> None:
        """Write one line."""
        line = {"at": now, "is": name, **self._session, **fields}
        if name == "agent":
            line |= self._epoch
        self._write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")


class Kind(StrEnum):
    """What a record is to a replay."""

    INPUT = "input"
    """To be repeated."""
    DRAW = "draw"
    """To be given to the agent when it asks for it."""
    FACT = "fact"
    """To come out the same."""


class Row(NamedTuple):
    """One name of the table."""

    name: str
    kind: Kind
    fields: str
    """Besides ``at``, ``is``, ``session`` and ``sibling``; those with a ``?`` may be missing."""
    says: str


RECORDS = (
    Row(
        "agent",
        Kind.INPUT,
        "role, config",
        "The agent is made; config holds what differs from the defaults, passwords as labels.",
    ),
    Row(
        "restored",
        Kind.INPUT,
        "document",
        "The agent goes on from an export, shown with labels for passwords.",
    ),
    Row("add-stream", Kind.INPUT, "components", "A stream is added; streams count from 0."),
    Row("remove-stream", Kind.INPUT, "stream", "A stream is removed."),
    Row(
        "add-local-address",
        Kind.INPUT,
        "stream, component, address, tier, use?",
        "A socket was bound; bases count from 1. use: what it is for alone, on a shared port.",
    ),
    Row(
        "add-local-tcp",
        Kind.INPUT,
        "stream, component, address, tcptype",
        "A TCP candidate is wanted.",
    ),
    Row("remove-local-address", Kind.INPUT, "base", "A socket was lost."),
    Row("gather", Kind.INPUT, "stream?", "Servers are to be asked, for one stream or all."),
    Row("name-resolved", Kind.INPUT, "query, addresses", "The name of a server was found."),
    Row("name-failed", Kind.INPUT, "query, why", "It was not."),
    Row(
        "local-description",
        Kind.INPUT,
        "stream, generation?",
        "Our description is asked for; from now on its candidates may be paired.",
    ),
    Row(
        "set-remote-description",
        Kind.INPUT,
        "stream, description, generation?",
        "The peer's description.",
    ),
    Row(
        "add-remote-candidate",
        Kind.INPUT,
        "stream, candidate, ufrag?",
        "A trickled candidate of the peer.",
    ),
    Row("end-of-candidates", Kind.INPUT, "stream, ufrag?", "The peer has no more candidates."),
    Row("set-role", Kind.INPUT, "role", "Signalling decided about the role."),
    Row("prepare-restart", Kind.INPUT, "streams?", "An ICE restart begins."),
    Row("commit-restart", Kind.INPUT, "restart", "The exchange of the restart stands."),
    Row("rollback-restart", Kind.INPUT, "restart", "The restart was refused."),
    Row("resume", Kind.INPUT, "stream", "Failed pairs are to be checked again."),
    Row(
        "keep-components",
        Kind.INPUT,
        "stream, count",
        "Both sides do with so many components from now on.",
    ),
    Row(
        "use-plain",
        Kind.INPUT,
        "stream, ways, latch",
        "The peer does no ICE: by component the base and where media goes.",
    ),
    Row("use-ice", Kind.INPUT, "stream", "ICE begins after all; a valid pair ends the plain path."),
    Row(
        "fork",
        Kind.INPUT,
        "",
        "A sibling is made for another answer; its records have the field sibling.",
    ),
    Row("close", Kind.INPUT, "", "The session is over."),
    Row(
        "receive-datagram",
        Kind.INPUT,
        "base, local, remote, packet",
        "A datagram came; packet holds its attributes and the verdict of integrity.",
    ),
    Row(
        "receive-stream",
        Kind.INPUT,
        "flow, packets",
        "Frames came over a connection; null when no frame can be found any more.",
    ),
    Row("connection-opened", Kind.INPUT, "flow", "A connection stands."),
    Row("connection-accepted", Kind.INPUT, "base, remote", "A peer connected."),
    Row("connection-closed", Kind.INPUT, "flow, why?", "A connection failed or ended."),
    Row("writable", Kind.INPUT, "flow, ready", "Whether a connection takes bytes."),
    Row("send-failed", Kind.INPUT, "base, remote, hard", "The system refused to send."),
    Row("send", Kind.INPUT, "stream, component, size", "Media for the agent to send."),
    Row("media-sent", Kind.INPUT, "stream, component", "Media went out past the agent."),
    Row(
        "take-events",
        Kind.INPUT,
        "candidates",
        "Events were taken, so many local candidates among them: these may be paired now.",
    ),
    Row("timer", Kind.INPUT, "due, pair?", "A deadline came, and with it handle_timeout."),
    Row(
        "draw",
        Kind.DRAW,
        "of, value?, ufrag?, pwd?",
        "Something from the random generator, or a slot from the pacer, by name.",
    ),
    Row("described", Kind.FACT, "stream, description", "What local-description gave."),
    Row("candidate", Kind.FACT, "stream, generation, candidate", "A local candidate was found."),
    Row(
        "remote-candidate",
        Kind.FACT,
        "stream, generation, candidate, verdict",
        "A candidate of the peer, and whether it is used.",
    ),
    Row("server-asked", Kind.FACT, "server, base, kind, uri?", "A STUN or TURN server was asked."),
    Row("server-asked-again", Kind.FACT, "server, base, copy, uri?", "The same once more."),
    Row(
        "server-answered",
        Kind.FACT,
        "server, base, kind, mapped, rtt?, relayed?, uri?",
        "It told our mapped address, a TURN server also a relayed one.",
    ),
    Row(
        "server-failed",
        Kind.FACT,
        "server, base, kind, why, code?, uri?",
        "It did not, or the allocation ended.",
    ),
    Row(
        "permission-failed",
        Kind.FACT,
        "server, base, peer, code, uri?",
        "The TURN server lets nothing through to or from a peer.",
    ),
    Row(
        "gathering-finished",
        Kind.FACT,
        "stream, generation, unanswered",
        "Gathering is over; unanswered counts questions without answer.",
    ),
    Row(
        "pair-formed",
        Kind.FACT,
        "stream, generation, component, pair, local, remote, priority, foundation, state",
        "A pair is on the checklist; pair is called by where its checks leave and where they go.",
    ),
    Row(
        "pair-state",
        Kind.FACT,
        "stream, generation, component, pair, state, why, rule",
        "It is in another state, and no check says so.",
    ),
    Row(
        "pair-removed",
        Kind.FACT,
        "stream, generation, component, pair, why, rule",
        "It left the checklist.",
    ),
    Row(
        "check-triggered",
        Kind.FACT,
        "stream, generation, component, pair, why, rule",
        "It went into the triggered-check queue.",
    ),
    Row(
        "check-sent",
        Kind.FACT,
        "stream, generation, component, pair, id, kind, why, rto, rule",
        "A check left: ordinary, triggered or nominating. The pair is In-Progress.",
    ),
    Row(
        "check-repeated",
        Kind.FACT,
        "stream, generation, component, pair, id, copy",
        "The same bytes again.",
    ),
    Row(
        "check-cancelled",
        Kind.FACT,
        "stream, generation, component, pair, id",
        "It is not repeated any more; a late answer still counts.",
    ),
    Row(
        "check-succeeded",
        Kind.FACT,
        "stream, generation, component, pair, id, rtt, copies, mapped, local, remote, news, rule",
        "An answer made the pair valid (news), or kept it so; the peer saw us at mapped.",
    ),
    Row(
        "check-failed",
        Kind.FACT,
        "stream, generation, component, pair, id, copies, why, rule",
        "No check of the pair may succeed any more: it is Failed.",
    ),
    Row(
        "check-refused",
        Kind.FACT,
        "stream, generation, component, pair, code",
        "The peer answered with an error.",
    ),
    Row(
        "check-received",
        Kind.FACT,
        "stream, generation, pair, use_candidate, id, rule",
        "A check of the peer came, and it is authentic.",
    ),
    Row(
        "early-check",
        Kind.FACT,
        "stream, generation, remote, ufrag",
        "It came before the peer's description and is kept for it.",
    ),
    Row(
        "request-refused", Kind.FACT, "base, remote, code", "A request was answered with an error."
    ),
    Row(
        "role-conflict",
        Kind.FACT,
        "remote, role, ours, theirs, who, rule",
        "A check claimed our role; the larger tie-breaker decides who has to change.",
    ),
    Row("role-switched", Kind.FACT, "role", "We have the other role."),
    Row(
        "nomination-waits",
        Kind.FACT,
        "stream, generation, component, pair, until, better",
        "The stopping rule: better pairs may still succeed; until null: not all are sent.",
    ),
    Row(
        "nomination-decided",
        Kind.FACT,
        "stream, generation, component, pair, why, better, unanswered, rule",
        "The pair is going to be nominated.",
    ),
    Row(
        "nomination-failed",
        Kind.FACT,
        "stream, generation, component, pair, rule",
        "Its nomination came to nothing.",
    ),
    Row(
        "pair-selected",
        Kind.FACT,
        "stream, generation, component, pair, local, remote, local_type, remote_type, by, rule",
        "Media of the component uses this pair.",
    ),
    Row(
        "stream-completed",
        Kind.FACT,
        "stream, generation, rule",
        "Every component has its selected pair.",
    ),
    Row("stream-failed", Kind.FACT, "stream, generation, why, rule", "The checklist failed."),
    Row("stream-resumed", Kind.FACT, "stream, generation, pairs", "It runs again."),
    Row(
        "restart-prepared",
        Kind.FACT,
        "stream, generation",
        "The next generation stands beside the current one.",
    ),
    Row(
        "generation-took-over",
        Kind.FACT,
        "stream, generation",
        "Media has moved to the new generation.",
    ),
    Row(
        "media",
        Kind.FACT,
        "stream, component, send, relay?, channel?",
        "Where media goes now; null: nowhere.",
    ),
    Row("consent-asked", Kind.FACT, "stream, component", "A consent check left."),
    Row("consent-answered", Kind.FACT, "stream, component, rtt", "It was answered."),
    Row("path-quiet", Kind.FACT, "stream, component", "The peer has not answered for a while."),
    Row("path-back", Kind.FACT, "stream, component", "It answers again."),
    Row("path-lost", Kind.FACT, "stream, component, why", "Media had to stop."),
    Row("destination-refused", Kind.FACT, "remote", "The address filter forbids sending there."),
    Row("dropped", Kind.FACT, "base, remote, why", "Something that came was not used."),
)
"""All records; docs/trace.md is made from it."""
