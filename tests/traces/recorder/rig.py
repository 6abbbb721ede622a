"""Two network namespaces joined by a wire, and the processes and captures inside them.

No namespace reaches the machine's own network; addresses are those of documentation, the host
name and home folder are invented, so nothing of the machine gets into a recording.
"""

import os
import re
import selectors
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

ADDRESS = {"a": "192.0.2.10", "b": "192.0.2.20"}
ADDRESS6 = {"a": "2001:db8::10", "b": "2001:db8::20"}


def address_of(side: str, options: tuple[str, ...]) -> str:
    """The address of one side as it stands in a URI."""
    return f"[{ADDRESS6[side]}]" if "v6" in options else ADDRESS[side]


# A host name that resolves, and name servers that refuse at once.
_ENTER = """
hostname "$0"
mount --bind hosts /etc/hosts
mount --bind resolv.conf /etc/resolv.conf
exec "$@"
"""


class Program:
    """A process in one namespace whose output can be waited for."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._seen = b""

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def wait_for(self, pattern: str, seconds: float = 20) -> bool:
        """Reads until the pattern was seen; false when time is up or the program ended."""
        output: IO[bytes] | None = self._process.stdout
        assert output is not None
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while not re.search(pattern.encode(), self._seen):
                if not selector.select(deadline - time.monotonic()):
                    return False
                chunk = os.read(output.fileno(), 65536)
                if not chunk:
                    return False
                self._seen += chunk
        return True

    def run_for(self, seconds: float) -> None:
        """Lets the program go on for a while."""
        self.wait_for(r"(?!)", seconds)

    def read_to_end(self, seconds: float = 60) -> bytes:
        self.wait_for(r"(?!)", seconds)
        return self._seen

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Rig:
    """The two namespaces; leaving the context ends what runs in them and removes them."""

    def __init__(self) -> None:
        self._names = {side: f"sdptrace-{os.getpid()}-{side}" for side in "ab"}
        self._programs: list[Program] = []
        self._folder = tempfile.TemporaryDirectory(prefix="sdptrace-")
        self.home = Path(self._folder.name)

    def __enter__(self) -> Self:
        (self.home / "hosts").write_text(
            f"127.0.0.1 localhost\n{ADDRESS['a']} peer-a\n{ADDRESS['b']} peer-b\n"
        )
        (self.home / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        for name in self._names.values():
            _ip("netns", "add", name)
        _ip("link", "add", "eth0", "netns", self._names["a"], "type", "veth",
            "peer", "name", "eth0", "netns", self._names["b"])  # fmt: skip
        for side, name in self._names.items():
            other = ADDRESS["b" if side == "a" else "a"]
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "link", "set", "eth0", "addrgenmode", "none")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "address", "add", f"{ADDRESS[side]}/24", "dev", "eth0")
            _ip("-n", name, "address", "add", f"{ADDRESS6[side]}/64", "dev", "eth0", "nodad")
            _ip("-n", name, "route", "add", "default", "via", other)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end_all()
        for name in self._names.values():
            _ip("netns", "delete", name)
        self._folder.cleanup()

    def start(self, side: str, *command: str) -> Program:
        program = Program(
            subprocess.Popen(
                ["ip", "netns", "exec", self._names[side], "unshare", "--uts", "--mount",
                 "sh", "-c", _ENTER, f"peer-{side}", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.home)},
            )
        )  # fmt: skip
        self._programs.append(program)
        return program

    def capture(self, side: str, target: Path, *, interface: str = "eth0") -> Program:
        """Records SIP and STUN, nothing of the media."""
        later_fragment = "(ip[6:2] & 0x1fff != 0)"
        wanted = f"port 5060 or (udp[12:4] = 0x2112a442) or {later_fragment}"
        program = self.start(
            side, "tcpdump", "--immediate-mode", "-U", "-n", "-i", interface,
            "-Z", "root", "-w", str(target), wanted,
        )  # fmt: skip
        if not program.wait_for("listening on"):
            raise RuntimeError("tcpdump did not start")
        return program

    def end_all(self) -> None:
        """Ends every program, the one started last first."""
        for program in reversed(self._programs):
            program.end()
        self._programs.clear()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
