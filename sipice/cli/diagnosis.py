"""Why a session went as it did, and what would help, in sentences."""

from __future__ import annotations

from collections import Counter

from sipice.cli.printable import counted
from sipice.cli.steps import ms
from sipice.cli.story import Pair, Part, PathStory, Run, Selection, Story

WORDS = {
    "host": "host",
    "srflx": "server-reflexive",
    "prflx": "peer-reflexive",
    "relay": "relayed",
}


def headline(story: Story, run: Run) -> str:
    """How the run ended, in one line."""
    start = run.known_at
    if run.completed_at is not None:
        after = "" if start is None else f" after {ms(run.completed_at - start)}"
        return f"connected{after}{_end(story, run)}"
    if run.failed_at is not None:
        after = "" if start is None else f" after {ms(run.failed_at - start)}"
        return f"FAILED{after}: {run.failed_why}"
    if start is None:
        return "never began: the peer's description did not come"
    if is_superseded(story, run):
        return "given up for a restart before it was decided"
    if story.closed_at is not None:
        return f"undecided when the session was closed, {ms(story.closed_at - start)} later"
    return f"undecided at the end of the record, {ms(story.ended_at - start)} later"


def losses(story: Story, run: Run) -> list[PathStory]:
    """The paths that were lost while this was the newest run of its stream."""
    if run is not story.run(run.stream):
        return []
    return [
        path
        for (stream, _), path in story.paths.items()
        if stream == run.stream and path.lost is not None
    ]


def _end(story: Story, run: Run) -> str:
    for path in losses(story, run):
        if path.lost is not None and run.known_at is not None:
            return f", path LOST after {ms(path.lost[0] - run.known_at)}"
    return ""


def is_superseded(story: Story, run: Run) -> bool:
    """Whether a restart took the place of this run."""
    newest = story.run(run.stream)
    return newest is not None and newest is not run and newest.took_over_at is not None


def reasons(story: Story, run: Run) -> list[str]:
    """What led to that."""
    found: list[str] = []
    for part in sorted(run.parts.values(), key=lambda part: part.number):
        if part.selections:
            found += _selection(story, run, part, part.selections[-1])
    if run.state in ("failed", "running", "waiting") and not is_superseded(story, run):
        found += _silence(story, run)
    elif story.wrong_requests or story.unsealed:
        found += _credentials(story, run)
    found += _paths(story, run)
    if run.peer_lite and not story.is_lite:
        found.append("The peer is lite: it answers checks and sends none, so none was heard.")
    if story.conflicts or story.refused_by_peer[487]:
        found.append(_conflict(story))
    return found


# Success


def _selection(story: Story, run: Run, part: Part, chosen: Selection) -> list[str]:
    way = "through a TURN relay" if chosen.is_relayed else "directly"
    kinds = f"{WORDS[chosen.local_type]} to {WORDS[chosen.remote_type]}"
    found = [f"Component {part.number} goes {way}: {chosen.local} > {chosen.remote} ({kinds})."]
    found.append(_why_selected(story, run, chosen))
    if len(part.selections) > 1:
        found.append(
            f"The peer nominated {len(part.selections)} pairs (an RFC 5245 peer may): "
            "the one of highest priority counts (RFC 8445 8.1.1)."
        )
    return found


def _why_selected(story: Story, run: Run, chosen: Selection) -> str:
    own = run.pairs.get(chosen.pair)
    who = "We (controlling) nominated it" if chosen.by == "us" else "The peer nominated it"
    if story.is_lite and run.peer_lite:
        return "Both sides are lite: no checks were made, the best pair was taken (8.2)."
    if own is None:
        return f"{who}."
    better = [
        pair
        for pair in run.pairs.values()
        if pair.component == own.component and pair.priority > own.priority
    ]
    total = sum(pair.component == own.component for pair in run.pairs.values())
    if not better:
        return f"{who}: it has the highest priority of {counted(total, 'pair')}."
    late = [pair for pair in better if pair.succeeded_at is not None]
    text = f"{who}: of {counted(total, 'pair')} it is the best that worked. "
    text += f"Better ones: {_fates(better)}."
    if late and chosen.by == "us":
        text += " An answer that comes after the nomination changes nothing (8.1.1)."
    return text


def _fates(pairs: list[Pair]) -> str:
    shown = [f"#{pair.number} ({pair.local}-{pair.remote}) {fate(pair)}" for pair in pairs[:3]]
    if len(pairs) > 3:
        rest = Counter(fate(pair) for pair in pairs[3:])
        shown.append(", ".join(f"{number} more: {what}" for what, number in rest.items()))
    return "; ".join(shown)


def fate(pair: Pair) -> str:
    """What became of a pair, in a few words."""
    if pair.succeeded_at is not None:
        return "worked"
    if pair.failed and pair.failed != "no response":
        return pair.failed
    copies = sum(check.copies for check in pair.checks)
    if not pair.checks:
        return "was not tried"
    return f"no answer to {counted(copies, 'packet')}"


def _conflict(story: Story) -> str:
    is_ours = story.conflicts[-1][1] == "us" if story.conflicts else story.switched
    who = "we gave way" if is_ours else "the peer gave way"
    return (
        f"Both sides wanted to be {story.wanted or story.first_role}; the role conflict was "
        f"settled by the tie-breakers, {who} (RFC 8445 7.3.1.1). Usual causes: a B2BUA that makes "
        "both legs offerers, a late offer, or a restart that the peer answers in another role."
    )


def _paths(story: Story, run: Run) -> list[str]:
    found: list[str] = []
    for (stream, component), path in story.paths.items():
        if stream != run.stream or run is not story.run(stream):
            continue
        if path.lost is not None:
            at, why = path.lost
            start, last = run.known_at or 0.0, path.last_answer
            silent = "" if last is None else f" (the last one came after {ms(last - start)})"
            found.append(
                f"Component {component} lost its path after {ms(at - start)}: {why}{silent}. Media "
                "had to stop (RFC 7675 5.1). The peer is gone without BYE, or the network is cut."
            )
        elif path.quiet:
            outcome = "it came back" if len(path.back) == len(path.quiet) else "no answer since"
            found.append(
                f"Component {component}: the peer stopped answering "
                f"{counted(len(path.quiet), 'time')}, {outcome}."
            )
    return found


# Failure


def _silence(story: Story, run: Run) -> list[str]:
    if run.known_at is None:
        return [_no_description(run)]
    if not any(verdict == "taken" for _, verdict in run.remote) and not run.pairs:
        return [_no_candidates(run)]
    if not run.pairs and not story.is_lite:
        return [_no_pairs(run)]
    found = _credentials(story, run)
    if story.is_lite:
        return found or [_lite(run)]
    shared = _shared(run)
    dead = [number for number in shared if not _is_valid(run, number)]
    if not dead:
        return [*found, _not_nominated(story, run)]
    if len(dead) < len(shared):
        found.append(
            f"Component {dead[0]} has no valid pair while others have: the peer may use rtcp-mux "
            "although the descriptions say two components, or one port is blocked."
        )
    found.append(_unanswered(story, run))
    return found


def _not_nominated(story: Story, run: Run) -> str:
    text = "Every component has a valid pair, but no nomination was completed."
    if story.role == "controlled" and not run.heard:
        text += (
            " The peer has to nominate and has not sent a single check: "
            "our description has not reached it yet, or was lost."
        )
    return text


def _shared(run: Run) -> list[int]:
    """The components that both sides have; ours where nothing is known of the peer's."""
    ours = range(1, run.components + 1)
    theirs = {one["component"] for one, _ in run.remote}
    return [number for number in ours if number in theirs] or list(ours)


def _is_valid(run: Run, number: int) -> bool:
    part = run.parts.get(number)
    return part is not None and part.valid_at is not None


def _no_description(run: Run) -> str:
    text = "No description of the peer was handed to this agent, so it sent no check."
    if run.heard or run.early:
        count = counted(len(run.heard), "check")
        text += (
            f" But {count} of the peer came and passed: it has our description, "
            "and its answer was lost, or never passed on."
        )
    return text


def _no_candidates(run: Run) -> str:
    refused = Counter(verdict for _, verdict in run.remote)
    if not refused:
        return "The peer named no candidate: its description has none, and none was trickled."
    why = "; ".join(f"{number} {verdict}" for verdict, number in refused.items())
    return f"None of the peer's {counted(len(run.remote), 'candidate')} could be used: {why}."


def _no_pairs(run: Run) -> str:
    ours = sorted({_family(one["address"]) for one in run.local})
    theirs = sorted({_family(one["address"]) for one, _ in run.remote})
    if not ours:
        return "We have no local candidate: no socket was bound before the checks."
    if not set(ours) & set(theirs):
        return f"No pair can be formed: we have only {_and(ours)}, the peer only {_and(theirs)}."
    return "No pair can be formed: components or transports of the two sides do not match."


def _family(address: str) -> str:
    return "IPv6" if address.startswith("[") else "IPv4"


def _and(words: list[str]) -> str:
    return " and ".join(words) if words else "nothing"


def _credentials(story: Story, run: Run) -> list[str]:
    found: list[str] = []
    if story.refused_by_peer[401]:
        found.append(
            f"The peer refused our checks with 401 ({story.refused_by_peer[401]} times): it does "
            f"not know ufrag {run.peer_ufrag}, or has another password for it. The answer we hold "
            "is not of the device that we reach: a fork, a stale answer, or a proxy that changed "
            "ice-ufrag or ice-pwd."
        )
    for code, number in story.unsealed.items():
        found.append(
            f"The peer answered {code} to {counted(number, 'check')}, without a seal, as who does "
            f"not know our credentials: {run.peer_ufrag} is not its ufrag, or we hold another "
            "password for it than it has. Something on the way changed a=ice-pwd or a=ice-ufrag, "
            "or the description is not of the device that we reach (a fork, a stale answer)."
        )
    for why, number in story.wrong_requests.items():
        if why == "wrong password":
            found.append(
                f"{counted(number, 'check')} of the peer had our ufrag and a wrong password (401): "
                "something on the way changed a=ice-pwd, or the peer mixes two offers."
            )
        elif why.startswith("ufrag"):
            found.append(
                f"{counted(number, 'check')} came for another session (401): {why} "
                f"(ours: {run.ufrag}). The peer uses an older or another offer."
            )
    if story.dropped["wrong integrity in a response"]:
        found.append(
            f"{counted(story.dropped['wrong integrity in a response'], 'answer')} to our checks "
            "had a wrong MESSAGE-INTEGRITY: the peer's a=ice-pwd did not reach us as it was sent."
        )
    return found


def _lite(run: Run) -> str:
    if run.heard:
        return "The peer checks us, but has not nominated a pair for every component."
    return "We are lite and only answer, and no check of the peer came."


def _direction(run: Run) -> str:
    """Which way is closed: a peer that gets our answers does not repeat its checks."""
    if run.repeats:
        return (
            f"The peer repeated its checks ({run.repeats} copies), so our answers do not reach it "
            "either: the way from us to the peer is closed."
        )
    return (
        "The peer did not repeat its checks, so it may have got our answers: our checks are "
        "dropped on the way, or what it answers to them."
    )


def _unanswered(story: Story, run: Run) -> str:
    checks = [check for check in run.checks if check.kind != "nominating"]
    copies = sum(check.copies for check in checks)
    pairs = sum(bool(pair.checks) for pair in run.pairs.values())
    if not checks:
        return "No check was sent before the record ended."
    sent = f"{counted(pairs, 'pair')} tried with {counted(copies, 'packet')}"
    if any(pair.succeeded_at is not None for pair in run.pairs.values()):
        return f"{sent}: some worked, but not for every component."
    if run.heard and not story.unsealed:
        source = run.heard[0][1].partition(" > ")[2]
        return (
            f"One-way: {counted(len(run.heard), 'check')} of the peer arrived (first from "
            f"{source}), but {sent} brought no answer. {_direction(run)}"
        )
    if story.unsealed or story.refused_by_peer or story.wrong_requests:
        return f"{sent}, none with success."
    return (
        f"{sent}: no answer, and no check of the peer came either. Either every direct way is "
        "closed (NAT, firewall), or the peer never began: it does not do ICE, or did not get our "
        "description."
    )
