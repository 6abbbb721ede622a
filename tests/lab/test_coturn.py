"""The server is told what the laboratory promises, and has a certificate that can be verified."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.capabilities import needs
from tests.lab import coturn
from tests.lab.topology import SERVER, SERVER6


@pytest.mark.parametrize("ipv6", [False, True])
def test_the_server_listens_on_two_addresses_of_each_family(tmp_path: Path, ipv6: bool) -> None:
    lines = coturn.configuration(tmp_path, ipv6=ipv6).splitlines()
    assert sum(line.startswith("listening-ip=") for line in lines) == (4 if ipv6 else 2)
    assert f"relay-ip={SERVER}" in lines
    assert (f"relay-ip={SERVER6}" in lines) is ipv6
    assert "user=lab:labpass" in lines


@needs("openssl")
def test_the_certificate_names_the_server_and_is_made_once(tmp_path: Path) -> None:
    made = coturn.certificate(tmp_path)
    first = made.read_bytes()
    context = ssl.create_default_context(cafile=str(made))
    [certificate] = context.get_ca_certs()
    names = dict(certificate["subjectAltName"])  # type: ignore[arg-type]
    assert names["DNS"] == coturn.NAME
    assert coturn.certificate(tmp_path).read_bytes() == first
