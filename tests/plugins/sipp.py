"""Runs sipp: a foreign user agent that plays one of the scenarios in tests/plugins/sipp."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

from tests.ports import is_free, spare

SCENARIOS = Path(__file__).parent / "sipp"

UFRAG, PASSWORD = "sipp", "sippsippsippsippsippsi"


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended."""

    code: int
    """0: every call went as the scenario has it."""
    log: str
    """What sipp complained about, then all messages."""

    @property
    def is_good(self) -> bool:
        return self.code == 0


class Sipp:
    """One sipp on the loopback; ``async with`` starts it and sees to its end."""

    def __init__(
        self,
        scenario: str | Path,
        folder: Path,
        *,
        remote: tuple[str, int] | None = None,
        ice: bool = False,
        transport: str = "udp",
        user: str = "bob",
        timeout: float = 30.0,
        echo: bool = False,
    ) -> None:
        """``remote`` is whom a caller calls; ``folder`` is where sipp may write.

        A scenario is a name, or a file of its own. ``echo`` sends media back as it came.
        """
        named = isinstance(scenario, str)
        self._scenario = SCENARIOS / f"{scenario}.xml" if named else scenario
        self._echo = echo
        self.port = spare()
        self.media_port = spare(4)
        """sipp binds this one for audio and the next even one for video."""
        self._folder = folder
        self._remote = remote
        self._ice = ice
        self._transport = transport
        self._user = user
        self._timeout = timeout
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", self.port

    async def __aenter__(self) -> Sipp:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            "sipp",
            *self._arguments(),
            cwd=self._folder,
            env={"TERM": "vt100", "PATH": "/usr/bin:/bin:/usr/local/bin"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        for _ in range(500):
            if self._process.returncode is not None or not is_free(self.port, self._transport):
                break
            await asyncio.sleep(0.02)
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def result(self) -> Result:
        """Wait until the scenario has been played, or has failed."""
        process = self._process
        assert process is not None
        code = await asyncio.wait_for(process.wait(), self._timeout + 10)
        return Result(code, self._read("errors.log") + self._read("messages.log"))

    def _arguments(self) -> list[str]:
        host = self.address[0]
        remote = [] if self._remote is None else ["{}:{}".format(*self._remote)]
        return [
            *remote,
            *("-sf", str(self._scenario)),
            *(["-rtp_echo"] if self._echo else []),
            *("-s", self._user),
            *("-i", host, "-p", str(self.port)),
            *("-mi", host, "-mp", str(self.media_port)),
            *("-t", "t1" if self._transport == "tcp" else "u1"),
            *("-m", "1", "-l", "1", "-nostdin"),
            *("-timeout", f"{int(self._timeout)}s", "-timeout_error"),
            *("-key", "ice", self._ice_lines(self.media_port)),
            *("-key", "ice_t38", self._ice_lines(self.media_port + 2, components=1)),
            *("-key", "t38_port", str(self.media_port + 2)),
            *("-trace_msg", "-message_file", "messages.log"),
            *("-trace_err", "-error_file", "errors.log"),
        ]

    def _ice_lines(self, port: int, components: int = 2) -> str:
        """What a peer with ICE adds to an m= section; nobody answers its checks."""
        if not self._ice:
            return ""
        lines = [f"a=ice-ufrag:{UFRAG}", f"a=ice-pwd:{PASSWORD}", "a=ice-options:ice2"]
        for component in range(1, components + 1):
            priority = 2_130_706_432 - component
            where = f"{self.address[0]} {port + component - 1}"
            lines.append(f"a=candidate:1 {component} UDP {priority} {where} typ host")
        return "".join(f"\r\n{line}" for line in lines)

    def _read(self, name: str) -> str:
        path = self._folder / name
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
