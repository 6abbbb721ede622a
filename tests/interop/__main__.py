"""Meets every peer in both roles behind NATs: prints the matrix, and writes docs/interop.md.

    python -m tests.interop [--peers NAME,...] [--record] [--no-page]

``--record`` keeps the descriptions and captures of each session among the recorded traces. Needs
root, or a shell that ``unshare -Urnm`` has started; peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import NamedTuple

from tests.capabilities import missing
from tests.interop import page
from tests.interop.pair import Outcome
from tests.interop.peers import peer_of
from tests.interop.recording import recorded
from tests.interop.scenes import OURS, SCENES, STRANGERS, Scene, laboratory, meet, why_not
from tests.lab import spaces


class Meeting(NamedTuple):
    """One row and column of the matrix."""

    stranger: str
    we_offer: bool
    scene: Scene
    outcome: Outcome | None
    """None where it could not take place."""

    def __str__(self) -> str:
        if self.outcome is None:
            return "–"
        if not self.outcome.is_good:
            return f"**no**: {self.outcome.error}"
        mine, other = self.outcome.paths[0 if self.we_offer else 1]
        return f"{mine} – {other}, {self.outcome.nominated:.0f} ms"


async def meetings(strangers: list[str], *, record: bool) -> list[Meeting]:
    """One after the other: some peers have fixed ports."""
    found = []
    with laboratory() as lab:
        for stranger in strangers:
            for we_offer in (True, False):
                for scene in SCENES:
                    outcome = None
                    if not why_not(scene, stranger):
                        with recorded(
                            lab, scene, stranger, we_offer=we_offer, wanted=record
                        ) as keep:
                            outcome = await meet(lab, scene, stranger, we_offer=we_offer)
                            keep(outcome)
                    found.append(Meeting(stranger, we_offer, scene, outcome))
                    row = f"{stranger}, {'we' if we_offer else 'they'} offer, {scene.name}"
                    sys.stderr.write(f"{row}: {found[-1]}\n")
    return found


def lines(found: list[Meeting]) -> list[str]:
    """The section of the page."""
    strangers = list(dict.fromkeys(one.stranger for one in found))
    rows = [
        [stranger, "offerer" if we_offer else "answerer", *map(str, mine)]
        for stranger in strangers
        for we_offer in (True, False)
        if (mine := [one for one in found if (one.stranger, one.we_offer) == (stranger, we_offer)])
    ]
    return [
        page.provenance([OURS, *strangers]),
        "",
        "Candidate types of our side and theirs, and the time until both have nominated. Data went",
        "both ways each time: an echo, or RTP; where a bare agent meets DTLS, the first packets.",
        "*nice:lite* and *rtpengine* stand on a public address, and only we are behind the NAT.",
        "",
        *page.table(["peer", "we are", *(scene.name for scene in SCENES)], rows),
    ]


def present(names: list[str]) -> list[str]:
    """Those whose programs are here; the others are named."""
    here = []
    for name in names:
        if why := missing(peer_of(name)[0].needs):
            sys.stderr.write(f"{name} is left out: {why}\n")
        else:
            here.append(name)
    return here


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", default=",".join(STRANGERS))
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--no-page", action="store_true", help="leave docs/interop.md alone")
    asked = parser.parse_args()
    if why := missing(("lab", "coturn")):
        sys.exit(f"interop: {why}")
    spaces.own_run()
    strangers = present(asked.peers.split(","))
    text = lines(asyncio.run(meetings(strangers, record=asked.record)))
    sys.stdout.writelines(f"{line}\n" for line in text)
    if not asked.no_page:
        page.write("peers", text)


if __name__ == "__main__":
    main()
