"""A laboratory that stands while its context is open: built, entered, removed without a trace."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab import coturn, spaces
from tests.lab.topology import Site, internet, sites

ROOT = Path(__file__).resolve().parents[2]
RTT_PARTS = 4
"""A packet and its answer cross two uplinks each."""


@dataclass(slots=True)
class Lab:
    """Sites by name and flavour, and how far they are from each other.

    ``rtt_ms`` is from host to host; to the server it is half of that.
    """

    flavours: Mapping[str, str]
    rtt_ms: float = 0.0
    jitter_ms: float = 0.0
    loss_percent: float = 0.0
    ipv6: str = "stateful"
    neighbours: bool = False
    server: bool = True
    prefix: str = ""
    """Of all names; by default made from the process's number, and swept when that is gone."""
    folder: Path = field(init=False)
    sites: dict[str, Site] = field(init=False)
    _programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.prefix = self.prefix or f"sl{os.getpid()}{_letter()}-"
        self.folder = folder_of(self.prefix)
        self.sites = {site.name: site for site in sites(self.flavours)}

    def __enter__(self) -> Self:
        for prefix in spaces.sweep():
            remove_folder(prefix)
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.down()

    def up(self) -> None:
        """Builds it; what stood under the same prefix is removed first."""
        spaces.remove(self.prefix)
        self.folder.mkdir(parents=True, exist_ok=True)
        wired = bool(self.rtt_ms or self.jitter_ms or self.loss_percent)
        plan = internet(
            list(self.sites.values()), ipv6=self.ipv6, neighbours=self.neighbours, wired=wired
        )
        spaces.build(plan, self.prefix)
        if wired:
            self._join()
        if self.server:
            ipv6 = self.ipv6 != "off"
            self._programs.append(coturn.start(self.enter("turn"), self.folder, ipv6=ipv6))

    def down(self) -> None:
        """Removes everything, also what runs in it."""
        spaces.remove(self.prefix)
        for program in self._programs:
            program.wait()
            for pipe in (program.stdin, program.stdout):
                if pipe:
                    pipe.close()
        self._programs.clear()
        remove_folder(self.prefix)

    def enter(self, host: str, *command: str) -> list[str]:
        """The command line that runs a command at a host."""
        return spaces.enter(self.prefix, host, *command)

    def run(self, host: str, *command: str, seconds: float = 30) -> str:
        """What a command prints at a host; raises CalledProcessError if it does not end well."""
        done = subprocess.run(
            self.enter(host, *command),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
        )
        return done.stdout

    def module(self, host: str, name: str, *arguments: str) -> list[str]:
        """The command line that runs a Python module of the checkout at a host."""
        return self.enter(host, sys.executable, "-m", name, *arguments)

    @property
    def certificate(self) -> Path:
        """What a client has to trust for TLS."""
        return self.folder / "cert.pem"

    def _join(self) -> None:
        """Puts the program that delays into every uplink."""
        pairs = [f"x-{name}:y-{name}" for name in self.sites]
        options = {
            "--delay": self.rtt_ms / RTT_PARTS,
            "--jitter": self.jitter_ms,
            "--loss": self.loss_percent,
        }
        words = [word for name, value in options.items() for word in (name, str(value))]
        wire = subprocess.Popen(
            self.module("inet", "tests.lab.wire", *words, *pairs),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._programs.append(wire)
        assert wire.stdout is not None
        if wire.stdout.readline() != b"READY\n":
            raise spaces.LabError("the delaying cables did not come up")


def folder_of(prefix: str) -> Path:
    """Where a laboratory keeps the files of its server."""
    return Path(tempfile.gettempdir()) / f"sipice-lab-{prefix.rstrip('-')}"


def remove_folder(prefix: str) -> None:
    folder = folder_of(prefix)
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


_made = 0


def _letter() -> str:
    """Tells the laboratories of one process apart."""
    global _made
    _made += 1
    word, rest = "", _made
    while rest:
        rest, place = divmod(rest - 1, 26)
        word = chr(ord("a") + place) + word
    return word
