"""What would help: what to look at or change after a session went as it did."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from sipice.cli.diagnosis import is_superseded, losses
from sipice.cli.printable import counted
from sipice.cli.story import Run, Story


def advice(story: Story, run: Run) -> list[str]:
    """What to look at or change."""
    found = _servers(story)
    if run.state in ("failed", "running") and not is_superseded(story, run):
        found += _reach(story, run)
        if not run.peer_complete and run.state == "running":
            found.append(
                "The peer never said that its candidates are complete (end-of-candidates), so "
                "this run cannot fail by itself; set a limit of your own."
            )
    elif run.state == "connected":
        found += _relayed(story, run)
    if losses(story, run):
        found.append("An ICE restart (a re-INVITE with new ufrag and pwd) is the way on.")
    return found


def _servers(story: Story) -> list[str]:
    found: list[str] = []
    failed: dict[tuple[str, str], str] = {}
    for server in story.servers:
        if server.failed and not (server.kind == "TURN" and server.relayed):
            failed[server.kind, server.address] = server.failed
        elif server.answered_at is None:
            failed[server.kind, server.address] = "no answer"
    for (kind, address), why in failed.items():
        hint = {
            "no answer": f"is UDP to {address} open, and is this the right port?",
            "the server does not answer": f"is UDP to {address} open, is this the right port?",
            "the server does not accept user name and password": "compare them with the server's.",
            "quota or capacity is used up": "raise its quota, or end old allocations.",
        }.get(why, "see its log.")
        found.append(f"{kind} server {address}: {why}; {hint}")
    if story.not_permitted:
        peers = ", ".join(sorted(story.not_permitted))
        found.append(f"The TURN server lets nothing through to {peers}: see its peer rules.")
    if story.forbidden:
        found.append(f"Our address filter forbids sending to {', '.join(sorted(story.forbidden))}.")
    return found


def _reach(story: Story, run: Run) -> list[str]:
    if story.refused_by_peer[401] or story.wrong_requests or story.unsealed:
        return ["Compare a=ice-ufrag and a=ice-pwd of both descriptions as sent and as received."]
    parts = run.parts.values()
    if run.known_at is None or (parts and all(part.valid_at is not None for part in parts)):
        return []
    if not run.pairs and run.local and run.remote:
        return ["A second address family on one side, or a TURN server that relays into it, helps."]
    found = _symmetric(story, run)
    kinds = {one["type"] for one in run.local}
    theirs = {one["type"] for one, _ in run.remote}
    if not any(one in kinds for one in ("srflx", "relay")) and _all_private(
        one["address"] for one in run.local
    ):
        what = "no STUN server is configured" if not story.server_kinds else "no server answered"
        found.append(f"We offered private addresses only: {what}.")
    hosts = [one["address"] for one, _ in run.remote if one["type"] != "prflx"]
    if hosts and theirs <= {"host", "prflx"} and _all_private(hosts):
        found.append(
            f"The peer offered private addresses only ({', '.join(hosts[:3])}): it has no STUN "
            "server, or something took its other candidates out of the SDP."
        )
    if "relay" not in kinds | theirs:
        what = "No TURN server is configured"
        if "turn" in story.server_kinds:
            what = "TURN is configured, but gave no relay"
        found.append(
            f"{what}, and the peer offered no relayed candidate either. A relay on one side is "
            "enough to connect any two that can send UDP."
        )
    return found


def _all_private(addresses: Iterable[str]) -> bool:
    found = [_host(one) for one in addresses]
    return bool(found) and all(ip_address(one).is_private and not _is_shown(one) for one in found)


def _is_shown(host: str) -> bool:
    """Documentation networks stand for public ones."""
    return host.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"))


def _host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


def _symmetric(story: Story, run: Run) -> list[str]:
    found: list[str] = []
    mapped: dict[str, set[str]] = {}
    for server in story.servers:
        if server.mapped:
            mapped.setdefault(server.base, set()).add(server.mapped)
    for base, addresses in mapped.items():
        if len(addresses) > 1:
            found.append(
                f"Our NAT changes ports for each destination: {base} is seen as "
                f"{' and as '.join(sorted(addresses))} (symmetric NAT)."
            )
            break
    known = {one["address"] for one, _ in run.remote if one["type"] != "prflx"}
    hosts = {_host(one) for one in known}
    moved = [text.partition(" > ")[2] for _, text, _ in run.heard]
    for source in moved:
        if source not in known and _host(source) in hosts:
            found.append(
                f"The peer's NAT changes ports for each destination: its check came from {source}, "
                "which is none of its candidates (symmetric NAT)."
            )
            break
    return found


def _relayed(story: Story, run: Run) -> list[str]:
    relayed = [
        part.number
        for part in run.parts.values()
        if part.selections and part.selections[-1].is_relayed
    ]
    if not relayed:
        return []
    direct = [pair for pair in run.pairs.values() if "relay" not in (pair.local, pair.remote)]
    tried = sum(bool(pair.checks) for pair in direct)
    found = [
        f"Media takes the detour over a relay: {counted(tried, 'direct pair')} tried, "
        "none worked in time."
    ]
    seen = _symmetric(story, run)
    if len(seen) == 2:
        seen.append(
            "Between two such NATs there is no direct way: IPv6, or a NAT that keeps its ports "
            "(endpoint-independent mapping), would save the relay."
        )
    return found + seen
