"""From records to the story of a session: what the owner did, candidates, servers."""

from __future__ import annotations

from typing import Any

from sipice.cli.printable import counted
from sipice.cli.records import Record
from sipice.cli.story import Memory, Run, Server, Story, Tell


def _agent(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.role = story.first_role = record["role"]
    story.config = record["config"]
    story.epoch = record.get("epoch")


def _draw(memory: Memory, story: Story, at: float, record: Record) -> None:
    if record["of"] == "credentials":
        memory.ufrags.append(record["ufrag"])
        for run in story.runs:
            if run.generation == len(memory.ufrags):
                run.ufrag = record["ufrag"]


def _add_stream(memory: Memory, story: Story, at: float, record: Record) -> None:
    stream = len(story.components)
    story.components[stream] = record["components"]
    story.runs.append(Run(stream, len(memory.ufrags) + 1, at, record["components"]))


def _restored(memory: Memory, story: Story, at: float, record: Record) -> None:
    document: Any = record["document"]
    story.role = document["role"]
    for stream in document["streams"]:
        current = stream["current"]
        story.components[stream["id"]] = stream["components"]
        run = Run(stream["id"], current["number"], at, stream["components"])
        run.ufrag = current["credentials"][0]
        if current["remote"] is not None:
            run.known_at, run.peer_ufrag = at, current["remote"]["credentials"][0]
        if current["state"] == "COMPLETED":
            run.completed_at = at
        story.runs.append(run)
    story.note(at, "the session goes on from an export of another process")


def _gather(memory: Memory, story: Story, at: float, record: Record) -> None:
    streams = [record["stream"]] if "stream" in record else list(story.components)
    for stream in streams:
        story.gather_at[stream] = at


def _described(memory: Memory, story: Story, at: float, record: Record) -> None:
    run = story.run(record["stream"])
    if run is not None and not run.ufrag:
        run.ufrag = record["description"]["ufrag"]


def _set_remote(memory: Memory, story: Story, at: float, record: Record) -> None:
    run, description = story.run_of(record), record["description"]
    run.peer_complete = run.peer_complete or description["complete"]
    if run.known_at is not None:
        return
    run.known_at, run.peer_ufrag = at, description["ufrag"]
    run.peer_lite, run.pacing_ms = description["lite"], description.get("pacing_ms")
    count = len(description["candidates"])
    more = "" if description["complete"] else "; more will trickle"
    what = f"stream {run.stream}: the peer's description came, {counted(count, 'candidate')}{more}"
    story.note(at, what, 3)


def _end_of_candidates(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.run_of(record).peer_complete = True


def _commit(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.note(at, "the new credentials were agreed on (ICE restart)")


def _roll_back(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.note(at, "the ICE restart was refused and undone", 2)
    story.runs = [run for run in story.runs if run.known_at is not None or run.generation == 1]


def _close(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.closed_at = at
    story.note(at, "the session was closed", 2)


def _lost_address(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.note(at, "a local address went away", 2)


def _datagram(memory: Memory, story: Story, at: float, record: Record) -> None:
    memory.packet = _innermost(record["packet"])


def _innermost(packet: Record) -> Record:
    """The message of the peer inside one of a TURN server."""
    if "load" in packet:
        return _innermost(packet["load"])
    for name, value in packet.get("attributes", ()):
        if name == "DATA":
            return _innermost(value)
    return packet


def _candidate(memory: Memory, story: Story, at: float, record: Record) -> None:
    run, candidate = story.run_of(record), record["candidate"]
    run.local.append({**candidate, "at": at})
    if candidate["type"] in ("srflx", "relay"):
        story.note(at, f"we have a {candidate['type']} candidate, {candidate['address']}")


def _remote_candidate(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.run_of(record).remote.append((record["candidate"], record["verdict"]))


def _server(story: Story, record: Record) -> Server | None:
    for server in reversed(story.servers):
        if (server.kind, server.address, server.base) == (
            record["kind"],
            record["server"],
            record["base"],
        ):
            return server
    return None


def _name_resolved(memory: Memory, story: Story, at: float, record: Record) -> None:
    found = ", ".join(record["addresses"])
    story.note(at, f"{record['query'][1]} was found: {found}", 2)


def _name_failed(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.note(at, f"a server's name was not found: {record['why']}", 1)


def _server_asked(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.servers.append(Server(record["kind"], record["server"], record["base"], at))


def _server_answered(memory: Memory, story: Story, at: float, record: Record) -> None:
    server = _server(story, record)
    if server is not None:
        server.answered_at, server.mapped = at, record["mapped"]
        server.relayed = list(record.get("relayed", ()))


def _server_failed(memory: Memory, story: Story, at: float, record: Record) -> None:
    server = _server(story, record)
    if server is not None and record["why"] != "deleted as asked":
        server.failed, server.code, server.failed_at = record["why"], record.get("code"), at
        what = f"{record['kind']} server {record['server']} failed: {record['why']}"
        story.note(at, what, 2)


def _permission(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.not_permitted.add(record["peer"])


def _gathered(memory: Memory, story: Story, at: float, record: Record) -> None:
    stream = record["stream"]
    run = story.run_of(record)
    if run.gathering is None and stream in story.gather_at:
        run.gathering = at - story.gather_at[stream]
    story.unanswered += record["unanswered"]
    if record["unanswered"]:
        count = counted(record["unanswered"], "question")
        story.note(at, f"stream {stream}: gathering ended with {count} unanswered", 2)


TOLD: dict[str, Tell] = {
    "agent": _agent,
    "draw": _draw,
    "add-stream": _add_stream,
    "restored": _restored,
    "gather": _gather,
    "described": _described,
    "set-remote-description": _set_remote,
    "end-of-candidates": _end_of_candidates,
    "commit-restart": _commit,
    "rollback-restart": _roll_back,
    "close": _close,
    "remove-local-address": _lost_address,
    "receive-datagram": _datagram,
    "candidate": _candidate,
    "remote-candidate": _remote_candidate,
    "name-resolved": _name_resolved,
    "name-failed": _name_failed,
    "server-asked": _server_asked,
    "server-answered": _server_answered,
    "server-failed": _server_failed,
    "permission-failed": _permission,
    "gathering-finished": _gathered,
}
