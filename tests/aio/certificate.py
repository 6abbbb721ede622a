"""A certificate for turn.example.org that its own client trusts and nobody else."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

NAME = "turn.example.org"


def make(folder: Path) -> Path:
    """Key and certificate in one file, made once."""
    made = folder / "server.pem"
    if not made.exists():
        command = (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
            f"-subj /CN={NAME} -addext subjectAltName=DNS:{NAME} -keyout key.pem -out cert.pem"
        )
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True, timeout=30)
        made.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return made


def server_context(folder: Path, on_name: Callable[[str | None], object]) -> ssl.SSLContext:
    """For the server; ``on_name`` gets the name that each client asks for (SNI)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make(folder))

    def note(_: ssl.SSLObject | ssl.SSLSocket, name: str | None, __: ssl.SSLContext) -> None:
        on_name(name)

    context.sni_callback = note
    return context


def client_context(folder: Path) -> ssl.SSLContext:
    """For a client that trusts this certificate alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(make(folder))
    return context
