"""The race: how long engines need from both descriptions known to media both ways.

    python -m tests.lab.race [--rounds 7] [--engines NAME,...] [--scenarios NAME,...] [--page]

Rounds are interleaved: in each round every engine runs every scenario once, against itself. Times
are read from captures at both hosts, so they mean the same for each. ``--page`` writes the section
of docs/interop.md. Needs root, or a shell that ``unshare -Urnm`` has started.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.interop import page
from tests.interop.pair import Outcome, Side, run
from tests.lab import coturn, spaces
from tests.lab.capture import Capture
from tests.lab.lab import Lab
from tests.lab.stopwatch import Seen, look
from tests.lab.topology import SERVER

ENGINES = ("sipice", "sipice:pace20", "aioice", "nice", "nice:aggr", "chromium")
PATIENCE = 15.0
SETTLE = 0.3
"""Seconds between gathering and checking."""
TA = {"sipice": 50.0, "sipice:pace20": 20.0}
SLACK = 15.0
"""Milliseconds that a busy machine may add to a bound."""

_STUN = ("--stun", f"{SERVER}:{coturn.PORT}")
_TURN = ("--turn", f"udp:{SERVER}:{coturn.PORT}")


class Scenario(NamedTuple):
    """Where the two hosts are and which servers they have."""

    name: str
    rtt_ms: float
    hosts: tuple[str, str]
    options: tuple[str, ...] = ()


SITES = {
    "none": "none",
    "open": "none",
    "port": "port",
    "home": "port",
    "sym": "sym",
    "rand": "sym",
}
"""Two sites of each of three flavours."""

SCENARIOS = (
    Scenario("same LAN", 0, ("port", "port3")),
    Scenario("direct", 0, ("none", "open")),
    Scenario("direct, 50 ms", 50, ("none", "open")),
    Scenario("port NATs, STUN", 0, ("port", "home"), _STUN),
    Scenario("port NATs, STUN, 50 ms", 50, ("port", "home"), _STUN),
    Scenario("port NATs, STUN and TURN", 0, ("port", "home"), (*_STUN, *_TURN)),
    Scenario("port NATs, STUN and TURN, 50 ms", 50, ("port", "home"), (*_STUN, *_TURN)),
    Scenario("symmetric NATs, TURN", 0, ("sym", "rand"), (*_STUN, *_TURN)),
    Scenario("symmetric NATs, TURN, 50 ms", 50, ("sym", "rand"), (*_STUN, *_TURN)),
)


class Lap(NamedTuple):
    """One session; milliseconds after both descriptions were known."""

    scenario: str
    engine: str
    error: str
    media: float = 0.0
    """A packet that is no STUN has come through to both sides."""
    valid: float = 0.0
    """Both sides have a valid pair."""
    nominated: float = 0.0
    bound: float | None = None
    """What may not be exceeded by it; ours only."""
    checks: tuple[int, int] = (0, 0)
    """Sent by offerer and answerer until then, repeated ones too."""


async def lap(lab: Lab, scenario: Scenario, engine: str, folder: Path) -> Lap:
    """One engine against itself in one scenario."""
    trace = folder / "trace.jsonl"
    is_ours = engine.startswith("sipice")
    with ExitStack() as stack:
        captures = [folder / f"{host}.pcap" for host in scenario.hosts]
        for host, target in zip(scenario.hosts, captures, strict=True):
            stack.enter_context(Capture(lab.enter(host, "tcpdump"), target))
        traced = (*scenario.options, *(("--trace", str(trace)) if is_ours else ()))
        one, two = (
            Side(peer=engine, enter=partial(lab.enter, host), options=options)
            for host, options in zip(scenario.hosts, (traced, scenario.options), strict=True)
        )
        outcome = await run(one, two, seconds=PATIENCE, settle=SETTLE)
    if not outcome.is_good:
        return Lap(scenario.name, engine, outcome.error)
    addresses = [socket.inet_aton(address_of(lab, host)) for host in scenario.hosts]
    seen = [look(file, own) for file, own in zip(captures, addresses, strict=True)]
    waited = waits(trace) if is_ours else 0.0
    return _lap(scenario, engine, outcome, seen, waited)


def _lap(scenario: Scenario, engine: str, outcome: Outcome, seen: list[Seen], waited: float) -> Lap:
    valid = [one.valid for one in seen if one.valid is not None]
    nominated = outcome.nominated or 0.0
    if len(valid) < 2:
        return Lap(scenario.name, engine, "no valid pair in the capture")
    end = outcome.known + nominated / 1000
    bound = None
    if ta := TA.get(engine):
        last = seen[0].last_new_check(end) or 0.0
        latest = max(valid[0], last + ta / 1000, waited) - outcome.known
        bound = latest * 1000 + scenario.rtt_ms
    checks = (seen[0].sent_until(end), seen[1].sent_until(end))
    both = (max(valid) - outcome.known) * 1000
    media = (arrived(outcome, seen) - outcome.known) * 1000
    return Lap(scenario.name, engine, "", media, both, nominated, bound, checks)


def arrived(outcome: Outcome, seen: list[Seen]) -> float:
    """When the second side got its first packet.

    The programs tell: what comes before an engine is ready for it is lost. A browser does not tell
    when the first packet of DTLS came, so the capture has to.
    """
    told = [
        next((event["t"] for event in events if event["ev"] == "media"), None)
        for events in outcome.events
    ]
    captured = [one.media for one in seen]
    return max(one or other or 0.0 for one, other in zip(told, captured, strict=True))


def waits(trace: Path) -> float:
    """Until when the stopping rule let a better pair have its time; 0 when it did not."""
    records = map(json.loads, trace.read_text().splitlines())
    decided = (record for record in records if record["is"] == "nomination-decided")
    return max((record["at"] for record in decided if record["better"]), default=0.0)


def address_of(lab: Lab, host: str) -> str:
    """The address of a host by its name."""
    site = lab.sites[host.removesuffix("3")]
    return site.lan(2 if host.endswith("3") else 1).partition("/")[0]


def race(
    scenarios: list[Scenario], engines: list[str], rounds: int, folder: Path
) -> Iterator[list[Lap]]:
    """Round by round, all laps so far; every distance has a laboratory of its own."""
    laps: list[Lap] = []
    with ExitStack() as stack:
        labs = {
            rtt: stack.enter_context(Lab(SITES, rtt_ms=rtt, ipv6="off", neighbours=True))
            for rtt in dict.fromkeys(scenario.rtt_ms for scenario in scenarios)
        }
        for _ in range(rounds):
            for scenario in scenarios:
                for engine in engines:
                    lab = labs[scenario.rtt_ms]
                    laps.append(asyncio.run(lap(lab, scenario, engine, folder)))
                    sys.stderr.write(f"{laps[-1]}\n")
            yield laps


def lines(laps: list[Lap], engines: list[str], rounds: int) -> list[str]:
    """The section of the page."""
    names = list(dict.fromkeys(one.scenario for one in laps))
    mine = {
        (name, engine): [one for one in laps if (one.scenario, one.engine) == (name, engine)]
        for name in names
        for engine in engines
    }

    def rows(text: _Text) -> list[list[str]]:
        return [[name, *(text(mine[name, engine]) for engine in engines)] for name in names]

    head = ["ms, median [from – to]", *engines]
    return [
        f"{page.provenance(engines)} {rounds} rounds, interleaved.",
        "",
        "Until media has come through both ways:",
        "",
        *page.table(head, rows(lambda laps: _spread(laps, "media"))),
        "",
        "Until both sides have a valid pair, whether their engine lets them use it or not:",
        "",
        *page.table(head, rows(lambda laps: _spread(laps, "valid"))),
        "",
        "Until both sides have nominated; for sipice with the bound, the later of its first valid",
        "pair, Ta after its last new check and the end of its wait for better pairs, plus RTT:",
        "",
        *page.table(head, rows(_nominated)),
        "",
        "Checks sent until then by offerer and answerer, repeated ones too, median:",
        "",
        *page.table(["checks", *engines], rows(_checks)),
    ]


class _Text(Protocol):
    """What is written into one cell of a table."""

    def __call__(self, laps: list[Lap]) -> str: ...


def _good(laps: list[Lap]) -> list[Lap]:
    return [one for one in laps if not one.error]


def _spread(laps: list[Lap], name: str) -> str:
    values = [getattr(one, name) for one in _good(laps)]
    if not values:
        return "failed"
    text = f"{statistics.median(values):.0f} [{min(values):.0f} – {max(values):.0f}]"
    failed = len(laps) - len(values)
    return text + (f", {failed} failed" if failed else "")


def _nominated(laps: list[Lap]) -> str:
    text = _spread(laps, "nominated")
    bounds = [one.bound for one in _good(laps) if one.bound is not None]
    if not bounds:
        return text
    exceeded = sum(
        one.bound is not None and one.nominated > one.bound + SLACK for one in _good(laps)
    )
    text += f"; bound {statistics.median(bounds):.0f}"
    return text + (f", exceeded {exceeded} times" if exceeded else "")


def _checks(laps: list[Lap]) -> str:
    good = _good(laps)
    if not good:
        return "–"
    return " / ".join(
        f"{statistics.median(one.checks[side] for one in good):.0f}" for side in (0, 1)
    )


def _chosen(names: str, scenarios: Iterable[Scenario]) -> list[Scenario]:
    return [one for one in scenarios if not names or one.name in names.split(";")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--scenarios", default="", help="names with ; between, all by default")
    parser.add_argument("--page", action="store_true", help="write docs/interop.md")
    asked = parser.parse_args()
    engines = asked.engines.split(",")
    spaces.own_run()
    with tempfile.TemporaryDirectory(prefix="sipice-race-") as folder:
        scenarios = _chosen(asked.scenarios, SCENARIOS)
        text: list[str] = []
        for rounds, laps in enumerate(race(scenarios, engines, asked.rounds, Path(folder)), 1):
            text = lines(laps, engines, rounds)
            if asked.page:
                page.write("race", text)
    sys.stdout.writelines(f"{line}\n" for line in text)


if __name__ == "__main__":
    main()
