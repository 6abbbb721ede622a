"""docs/trace.md, made from the table of records: ``python -m tests.recorddoc``, or ``--check`` it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from sipice.trace import RECORDS, Kind
from tests.capabilities import ROOT

PAGE = Path("docs") / "trace.md"
_INTRODUCTION = """\
# The record of an agent

This page is made from the table in `sipice/trace.py` (`python -m tests.recorddoc`); do not edit it.

An agent that gets a `tracer` records what came in, what it drew, what it did and why:

    file = open("call.jsonl", "w")
    agent = Agent(role=Role.CONTROLLING, rng=SystemRandom(), tracer=JsonLines(file.write))

`sipice explain call.jsonl` tells from it how the session went; `sipice explain --replay call.jsonl` plays
it again and says where the same inputs and draws no longer lead to the same decisions. Without a tracer
nothing is recorded, and it costs nothing.

Each line is one JSON object. `at` is the time that the agent was told (monotonic seconds, not rounded),
`is` the name of the record. `session` tells apart agents that write into one file, `sibling` the agents
forked for further answers; `epoch` in the first record is the Unix time at which `at` was 0. A reader
must not mind names and fields that it does not know.

No record holds a password, a key or a MAC. A password appears as a label, `<pwd of ufrag>`, the same for
the same password. Media is never recorded, only its size.

Pairs are called by the address their checks leave from and the one they go to, `10.0.0.1:5000 >
192.0.2.7:6000`. `rule` names the sentence that led to what happened.

A `packet` is one of

| fields | what |
|---|---|
| message, id, attributes, integrity, seal?, fingerprint? | a STUN message; integrity is `ok`, `wrong`, \
`unknown` (nobody knows the key) or `none`; seal says which kind, fingerprint is false where it is missing |
| malformed | STUN that cannot be decoded, and why |
| channel, load | ChannelData, and the packet in it |
| media, first | anything else: its size and first byte |

"""
_TITLES = {
    Kind.INPUT: ("Inputs", "What the owner of the agent told it; a replay repeats these."),
    Kind.DRAW: ("Draws", "What came from elsewhere; a replay gives these to the agent."),
    Kind.FACT: ("Facts", "What the agent did; a replay compares these."),
}
_DRAWS = """\
| of | value |
|---|---|
| `tie-breaker` | 64 bits, hexadecimal (RFC 8445 §16.1) |
| `transaction-ids` | eight transaction ids of checks, used one after the other |
| `transaction-id` | one of a TURN request |
| `credentials` | no value: `ufrag` as it is, `pwd` as a label |
| `consent-interval` | 0 to 1, where between 0.8 and 1.2 of the interval (RFC 7675 §5.1) |
| `slot` | the instant the pacer granted; it depends on all agents of the process |
| `unnamed` | no value: it may be a secret |
"""


def page() -> str:
    """The whole page."""
    return _INTRODUCTION + "\n".join(_chapters()) + "\n"


def _chapters() -> Iterator[str]:
    for kind, (title, says) in _TITLES.items():
        yield f"## {title}\n\n{says}\n"
        yield "| is | fields | what |\n|---|---|---|"
        for row in RECORDS:
            if row.kind is kind:
                yield f"| `{row.name}` | {row.fields or '-'} | {row.says} |"
        yield ""
        if kind is Kind.DRAW:
            yield _DRAWS


def main() -> int:
    """Write the page, or with --check tell whether it is current."""
    path, text = ROOT / PAGE, page()
    if "--check" not in sys.argv[1:]:
        path.write_text(text, encoding="utf-8")
        return 0
    current = path.is_file() and path.read_text(encoding="utf-8") == text
    if not current:
        sys.stderr.write(f"{PAGE} is not current; run python -m tests.recorddoc\n")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
