"""The laboratory by hand.

python -m tests.lab up [--nat-a FLAVOUR] [--nat-b FLAVOUR] [--rtt MS] [--loss PERCENT] ...
python -m tests.lab exec a|b|a2|a3|p|turn|ra|rb|inet COMMAND ...
python -m tests.lab down
python -m tests.lab flavours          what there is
python -m tests.lab verify [NAME ...] every flavour, as RFC 5780 sees it

Needs root, or a shell that ``unshare -Urnm`` has started.
"""

from __future__ import annotations

import argparse
import os
import sys

from tests.lab import spaces
from tests.lab.flavours import FLAVOURS
from tests.lab.lab import Lab, remove_folder
from tests.lab.verify import line, verify

PREFIX = "lab-"
"""Of laboratories made by hand: these stay until they are taken down."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prefix", default=PREFIX, help="of all namespaces of this laboratory")
    commands = parser.add_subparsers(dest="command", required=True)
    _up_options(commands.add_parser("up"))
    commands.add_parser("down")
    commands.add_parser("flavours")
    commands.add_parser("verify").add_argument("names", nargs="*", default=list(FLAVOURS))
    run = commands.add_parser("exec")
    run.add_argument("host")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    _run(parser.parse_args())


def _up_options(parser: argparse.ArgumentParser) -> None:
    for side in "ab":
        parser.add_argument(f"--nat-{side}", default="port", choices=FLAVOURS)
    parser.add_argument("--rtt", type=float, default=0, help="ms between a and b")
    parser.add_argument("--jitter", type=float, default=0, help="ms per uplink, at most")
    parser.add_argument("--loss", type=float, default=0, help="percent per uplink")
    parser.add_argument("--ipv6", default="stateful", choices=("open", "stateful", "off"))
    parser.add_argument("--neighbours", action="store_true", help="with the hosts a2, a3, b2, b3")


def _run(asked: argparse.Namespace) -> None:
    spaces.own_run()
    match asked.command:
        case "up":
            _up(asked)
        case "down":
            spaces.remove(asked.prefix)
            remove_folder(asked.prefix)
        case "flavours":
            for flavour in FLAVOURS.values():
                sys.stdout.write(f"{flavour.name:9} {flavour.text}\n")
        case "verify":
            verdicts = list(verify(asked.names))
            sys.stdout.writelines(f"{line(verdict)}\n" for verdict in verdicts)
            sys.exit(not all(verdict.is_right for verdict in verdicts))
        case "exec":
            words = asked.words[1:] if asked.words[:1] == ["--"] else asked.words
            command = spaces.enter(asked.prefix, asked.host, *words)
            os.execvp(command[0], command)


def _up(asked: argparse.Namespace) -> None:
    lab = Lab(
        {"a": asked.nat_a, "b": asked.nat_b},
        rtt_ms=asked.rtt,
        jitter_ms=asked.jitter,
        loss_percent=asked.loss,
        ipv6=asked.ipv6,
        neighbours=asked.neighbours,
        prefix=asked.prefix,
    )
    lab.up()
    sys.stdout.write(f"up: a behind {asked.nat_a}, b behind {asked.nat_b}\n")


if __name__ == "__main__":
    main()
