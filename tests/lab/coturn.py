"""coturn as STUN and TURN server: UDP and TCP at 3478, TLS at 443, and all of RFC 5780."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from tests.lab.spaces import LabError
from tests.lab.topology import SERVER, SERVER6, SERVER6_TOO, SERVER_TOO

USER, PASSWORD, REALM = "lab", "labpass", "lab"
PORT, TLS_PORT = 3478, 443
NAME = "turn.lab"
"""Stands in the certificate, beside the server's addresses."""
RELAY_PORTS = range(40000, 50000)


def certificate(folder: Path) -> Path:
    """A self-made certificate, with its key beside it; made once per folder."""
    made = folder / "cert.pem"
    if not made.exists():
        names = f"subjectAltName=DNS:{NAME},IP:{SERVER},IP:{SERVER6}"
        command = [
            *("openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "3650"),
            *("-subj", f"/CN={NAME}", "-addext", names),
            *("-keyout", str(folder / "key.pem"), "-out", str(made)),
        ]
        subprocess.run(command, check=True, capture_output=True)
    return made


def configuration(folder: Path, *, ipv6: bool) -> str:
    """The text of turnserver.conf."""
    return "\n".join(
        [
            *(f"listening-ip={ip}" for ip in (SERVER, SERVER_TOO)),
            f"relay-ip={SERVER}",
            *([f"listening-ip={ip}" for ip in (SERVER6, SERVER6_TOO)] if ipv6 else []),
            *([f"relay-ip={SERVER6}"] if ipv6 else []),
            f"listening-port={PORT}",
            f"alt-listening-port={PORT + 1}",
            f"tls-listening-port={TLS_PORT}",
            f"alt-tls-listening-port={TLS_PORT + 1}",
            f"min-port={RELAY_PORTS.start}",
            f"max-port={RELAY_PORTS.stop - 1}",
            "lt-cred-mech",
            "fingerprint",
            f"user={USER}:{PASSWORD}",
            f"realm={REALM}",
            f"cert={folder / 'cert.pem'}",
            f"pkey={folder / 'key.pem'}",
            f"log-file={folder / 'turn.log'}",
            f"pidfile={folder / 'turn.pid'}",
            f"userdb={folder / 'turndb'}",
            "simple-log",
            "verbose",
            "no-cli",
            "",
        ]
    )


def start(enter: Iterable[str], folder: Path, *, ipv6: bool) -> subprocess.Popen[bytes]:
    """Runs it behind the command line ``enter``; returns when it listens, or raises LabError."""
    certificate(folder)
    log = folder / "turn.log"
    log.unlink(missing_ok=True)
    settings = folder / "turnserver.conf"
    settings.write_text(configuration(folder, ipv6=ipv6))
    server = subprocess.Popen(
        [*enter, "turnserver", "-c", str(settings)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wanted = dict.fromkeys(("udp", "tcp"), 4 if ipv6 else 2)
    deadline = time.monotonic() + 20
    while any(_sockets(server.pid, kind) < count for kind, count in wanted.items()):
        if server.poll() is not None or time.monotonic() > deadline:
            said = log.read_text()[-500:] if log.exists() else "nothing"
            raise LabError(f"coturn does not listen; its log says: {said}")
        time.sleep(0.01)
    return server


def _sockets(process: int, kind: str) -> int:
    """How many sockets are bound to the port in the network namespace of a process."""
    wanted = f":{PORT:04X}"
    count = 0
    for family in (kind, f"{kind}6"):
        table = Path(f"/proc/{process}/net/{family}")
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        count += sum(line.split()[1].endswith(wanted) for line in lines)
    return count
