"""From records to the story of a session: checks, nomination, media."""

from __future__ import annotations

from copy import deepcopy

from sipice.cli.printable import counted
from sipice.cli.records import Record
from sipice.cli.steps import ms
from sipice.cli.story import Check, Memory, Run, Selection, Story, Tell, Wait
from sipice.ice.tracing import BEST


def _formed(memory: Memory, story: Story, at: float, record: Record) -> None:
    pair = story.pair_of(record)
    pair.local, pair.remote = record["local"], record["remote"]
    pair.priority = record["priority"]


def _sent(memory: Memory, story: Story, at: float, record: Record) -> None:
    pair = story.pair_of(record)
    pair.failed = ""
    pair.checks.append(Check(record["id"], at, record["kind"], record["why"]))
    kind = record["kind"]
    if kind == "nominating":
        story.note(at, "{pair} is nominated: its check again, with USE-CANDIDATE", 1, pair)
    elif kind == "triggered":
        story.note(at, f"check {{pair}} > {pair.to}, triggered: {record['why']}", 1, pair)
    else:
        first = "" if record["why"] in ("", BEST) else f", first: {record['why']}"
        story.note(at, f"check {{pair}} > {pair.to}{first}", 1, pair)


def _repeated(memory: Memory, story: Story, at: float, record: Record) -> None:
    check = _check(story, record)
    if check is not None:
        check.copies = record["copy"]
        copy = f"check {{pair}} repeated, copy {record['copy']}"
        story.note(at, copy, 0, story.pair_of(record))


def _check(story: Story, record: Record) -> Check | None:
    for check in reversed(story.pair_of(record).checks):
        if check.id == record["id"]:
            return check
    return None


def _succeeded(memory: Memory, story: Story, at: float, record: Record) -> None:
    run, pair, check = story.run_of(record), story.pair_of(record), _check(story, record)
    if check is not None:
        check.result, check.ended_at = "succeeded", at
    pair.rtt, pair.mapped = record["rtt"], record["mapped"]
    story.path(run.stream, pair.component).last_answer = at
    part = run.part(pair.component)
    if record["news"]:
        pair.succeeded_at = at
        story.note(at, f"{{pair}} works, RTT {ms(pair.rtt)}", 2, pair)
    if part.valid_at is None:
        part.valid_at, part.valid_pair = at, pair.text


def _failed(memory: Memory, story: Story, at: float, record: Record) -> None:
    pair, check = story.pair_of(record), _check(story, record)
    pair.failed = record["why"]
    if check is not None:
        check.result, check.ended_at, check.reason = "failed", at, record["why"]
    story.note(at, f"{{pair}} failed: {record['why']}", 1, pair)


def _cancelled(memory: Memory, story: Story, at: float, record: Record) -> None:
    check = _check(story, record)
    if check is not None and check.result == "unanswered":
        check.result, check.ended_at = "replaced", at


def _refused_by_peer(memory: Memory, story: Story, at: float, record: Record) -> None:
    pair, code = story.pair_of(record), record["code"] or 0
    story.refused_by_peer[code] += 1
    for check in pair.checks[-1:]:
        check.result, check.ended_at, check.reason = "refused", at, f"error {code}"
    story.note(at, f"the peer answered {code} to {{pair}}", 2, pair)


def _heard(memory: Memory, story: Story, at: float, record: Record) -> None:
    run = story.run_of(record)
    nominates = record["use_candidate"]
    run.heard.append((at, record["pair"], nominates))
    run.repeats += record["id"] in memory.heard
    memory.heard.add(record["id"])
    what = "nomination" if nominates else "check"
    sender = record["pair"].partition(" > ")[2]
    if run.completed_at is None:  # later ones ask for consent
        story.note(at, f"the peer's {what} came from {sender}", 1 if nominates else 0)


def _early(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.run_of(record).early += 1


def _refused(memory: Memory, story: Story, at: float, record: Record) -> None:
    code = record["code"]
    if code == 487:
        return
    why = f"error {code}"
    if code == 401:
        user = next((v for n, v in memory.packet.get("attributes", ()) if n == "USERNAME"), "")
        known = memory.packet.get("integrity") == "wrong"
        why = "wrong password" if known else f"ufrag {str(user).partition(':')[0]} is not ours"
    story.wrong_requests[why] += 1
    story.note(at, f"a check from {record['remote']} was refused with {code}: {why}", 0)


def _dropped(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.dropped[record["why"]] += 1
    attributes = dict(memory.packet.get("attributes", ()))
    if "ERROR-CODE" in attributes and record["why"] == "an error response without integrity":
        code = attributes["ERROR-CODE"][0]
        story.unsealed[code] += 1
        story.note(at, f"an unsealed {code} came from {record['remote']}; it does not count", 1)


def _forbidden(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.forbidden.add(record["remote"])


def _conflict(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.conflicts.append((at, record["who"]))
    story.wanted = record["role"]
    who = "we give way" if record["who"] == "us" else "the peer must give way (487)"
    story.note(at, f"role conflict: both sides want to be {record['role']}; {who}", 2)


def _switched(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.role, story.switched = record["role"], story.switched + 1
    lite = [run.peer_lite for run in story.runs if run.known_at is not None]
    why = ": the full side controls a lite one" if lite and lite[0] != story.is_lite else ""
    story.note(at, f"we are {record['role']} from now on{why}", 2)


def _waits(memory: Memory, story: Story, at: float, record: Record) -> None:
    part = story.run_of(record).part(record["component"])
    part.waits.append(Wait(at, record["until"], list(record["better"])))
    count = counted(len(record["better"]), "better pair")
    what = f"{{pair}} could be nominated; we wait for {count}"
    story.note(at, what, 0, story.pair_of(record))


def _decided(memory: Memory, story: Story, at: float, record: Record) -> None:
    part = story.run_of(record).part(record["component"])
    part.decided_at = at


def _selected(memory: Memory, story: Story, at: float, record: Record) -> None:
    names = ("pair", "local", "remote", "local_type", "remote_type", "by")
    selection = Selection(at, *(str(record[name]) for name in names))
    story.run_of(record).part(record["component"]).selections.append(selection)
    story.note(at, f"{_place(record)}: {{pair}} is selected", 3, story.pair_of(record))


def _completed(memory: Memory, story: Story, at: float, record: Record) -> None:
    run = story.run_of(record)
    run.completed_at, run.failed_at = at, None
    story.note(at, f"stream {run.stream}: completed", 3)


def _stream_failed(memory: Memory, story: Story, at: float, record: Record) -> None:
    run = story.run_of(record)
    run.failed_at, run.failed_why = at, record["why"]
    story.note(at, f"stream {run.stream}: failed, {record['why']}", 3)


def _resumed(memory: Memory, story: Story, at: float, record: Record) -> None:
    run = story.run_of(record)
    run.failed_at, run.resumed = None, run.resumed + 1
    story.note(at, f"stream {run.stream}: {counted(record['pairs'], 'pair')} tried again", 2)


def _prepared(memory: Memory, story: Story, at: float, record: Record) -> None:
    stream, generation = record["stream"], record["generation"]
    run = Run(stream, generation, at, story.components.get(stream, 1))
    if generation <= len(memory.ufrags):
        run.ufrag = memory.ufrags[generation - 1]
    before = story.run(stream)
    if before is not None:
        run.local = deepcopy(before.local)
    story.runs.append(run)
    story.note(at, f"stream {stream}: ICE restart, new credentials", 3)


def _took_over(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.run_of(record).took_over_at = at
    story.note(at, f"stream {record['stream']}: media moves to the new run", 2)


def _media(memory: Memory, story: Story, at: float, record: Record) -> None:
    path = story.path(record["stream"], record["component"])
    path.sends.append((at, record["send"]))
    if path.first_at is None and record["send"] is not None:
        path.first_at = at
        story.note(at, f"{_place(record)}: media may flow", 2)


def _consent_asked(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.path(record["stream"], record["component"]).asked += 1


def _consent_answered(memory: Memory, story: Story, at: float, record: Record) -> None:
    path = story.path(record["stream"], record["component"])
    path.answered, path.last_answer = path.answered + 1, at


def _quiet(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.path(record["stream"], record["component"]).quiet.append(at)
    story.note(at, f"{_place(record)}: the peer has stopped answering", 2)


def _back(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.path(record["stream"], record["component"]).back.append(at)
    story.note(at, f"{_place(record)}: the peer answers again", 2)


def _lost(memory: Memory, story: Story, at: float, record: Record) -> None:
    story.path(record["stream"], record["component"]).lost = (at, record["why"])
    story.note(at, f"{_place(record)}: path lost, {record['why']}", 3)


def _place(record: Record) -> str:
    return f"stream {record['stream']}, component {record['component']}"


TOLD: dict[str, Tell] = {
    "pair-formed": _formed,
    "check-sent": _sent,
    "check-repeated": _repeated,
    "check-succeeded": _succeeded,
    "check-failed": _failed,
    "check-cancelled": _cancelled,
    "check-refused": _refused_by_peer,
    "check-received": _heard,
    "early-check": _early,
    "request-refused": _refused,
    "dropped": _dropped,
    "destination-refused": _forbidden,
    "role-conflict": _conflict,
    "role-switched": _switched,
    "nomination-waits": _waits,
    "nomination-decided": _decided,
    "pair-selected": _selected,
    "stream-completed": _completed,
    "stream-failed": _stream_failed,
    "stream-resumed": _resumed,
    "restart-prepared": _prepared,
    "generation-took-over": _took_over,
    "media": _media,
    "consent-asked": _consent_asked,
    "consent-answered": _consent_answered,
    "path-quiet": _quiet,
    "path-back": _back,
    "path-lost": _lost,
}
