"""A record of a call, made by hand."""

from sipice.cli.demo.record import CallRecord, Described, Heard, Moment, Side
from sipice.cli.story import Check, Part, Run, Selection, Story

SECRET = b"x" * 22


def record() -> CallRecord:
    run = Run(stream=0, generation=1, began_at=10.0, known_at=10.1)
    for number, text in enumerate(("10.0.0.1:1 > 10.0.0.2:2", "10.0.0.1:1 > 192.0.2.2:2"), 1):
        pair = run.pairs[text] = _pair(text, number)
        pair.checks.append(Check("id", 10.2, "ordinary", ""))
    first = next(iter(run.pairs.values()))
    first.checks[0].result, first.checks[0].ended_at = "succeeded", 10.3
    first.succeeded_at, first.rtt = 10.3, 0.1
    run.parts[1] = Part(1, selections=[
        Selection(10.4, first.text, "a", "b", "host", "host", "us")
    ])  # fmt: skip
    heard = Heard(5, 5, 0, 0.0012, 660.0, 660.0, [10.5 + n / 50 for n in range(5)])
    sides = Side("<alice>", [Story("", runs=[run])], heard), Side("bob", [], Heard(1, 0, 1))
    return CallRecord(
        "aiosipua",
        "on the loopback",
        sides,
        began_at=10.0,
        ended_at=12.0,
        moments=[Moment(10.0, "alice calls"), Moment(11.9, "alice hangs up")],
        described=[
            Described(10.0, "alice", "offer", b"v=0\r\n", b"v=0\r\na=ice-pwd:" + SECRET + b"\r\n")
        ],
    )


def _pair(text: str, number: int):  # type: ignore[no-untyped-def]
    from sipice.cli.story import Pair

    return Pair(text, 1, 10.1, number=number, local="host", remote="host")
