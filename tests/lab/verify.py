"""Every flavour as the probe of RFC 5780 sees it from inside, beside what it should be."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.lab.flavours import FLAVOURS, Flavour
from tests.lab.lab import ROOT, Lab
from tests.lab.probe import PORT, Behaviour
from tests.lab.topology import SERVER, SERVER6


class Verdict(NamedTuple):
    """One flavour: what was found over IPv4, and whether that is what it promises."""

    flavour: Flavour
    found: Behaviour
    ipv6: Behaviour | None
    """None where the site has no IPv6."""

    @property
    def is_right(self) -> bool:
        return self.found == promised(self.flavour) and (
            self.ipv6 is None or self.ipv6 == promised_ipv6(self.flavour)
        )


def promised(flavour: Flavour) -> Behaviour:
    """What the probe must find over IPv4."""
    ports = flavour.tcp_ports or (443, PORT)
    if not flavour.lets_udp_out:
        return Behaviour(tcp_ports=ports)
    return Behaviour(
        mapping=flavour.mapping,
        filtering=flavour.filtering,
        keeps_port=not flavour.is_random,
        hairpin=None if flavour.is_public else flavour.has_hairpin,
        tcp_ports=ports,
    )


def promised_ipv6(flavour: Flavour) -> Behaviour:
    """Over IPv6 nothing is translated, and the routers let in what was asked for."""
    ports = flavour.tcp_ports or (443, PORT)
    if not flavour.lets_udp_out:
        return Behaviour(tcp_ports=ports)
    return Behaviour(mapping="none", filtering="APDF", keeps_port=True, tcp_ports=ports)


def verify(names: Iterable[str] = FLAVOURS) -> Iterator[Verdict]:
    """Builds one site per flavour and probes all of them at the same time."""
    chosen = [FLAVOURS[name] for name in names]
    with Lab({flavour.name: flavour.name for flavour in chosen}) as lab:
        probes = [
            (flavour, _probe(lab, flavour.name, SERVER), _probe(lab, flavour.name, SERVER6))
            for flavour in chosen
        ]
        for flavour, four, six in probes:
            found, ipv6 = _found(four), _found(six)
            yield Verdict(flavour, found, ipv6 if lab.sites[flavour.name].has_ipv6 else None)


def line(verdict: Verdict) -> str:
    """One row of the table that ``python -m tests.lab verify`` prints."""
    found = verdict.found
    words = (
        verdict.flavour.name,
        found.mapping or "-",
        found.filtering or "-",
        _word(found.keeps_port, "kept", "changed"),
        _word(found.hairpin, "hairpin", "no"),
        "tcp " + ",".join(map(str, found.tcp_ports)),
        "as promised" if verdict.is_right else f"WRONG: {found}, over IPv6 {verdict.ipv6}",
    )
    return "{:9} {:5} {:5} {:8} {:8} {:13} {}".format(*words)


def _probe(lab: Lab, host: str, server: str) -> subprocess.Popen[str]:
    command = lab.module(host, "tests.lab.probe", server, "--json")
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )


def _found(probe: subprocess.Popen[str]) -> Behaviour:
    said, _ = probe.communicate(timeout=60)
    values = json.loads(said)
    return Behaviour(**values | {"tcp_ports": tuple(values["tcp_ports"])})


def _word(value: bool | None, yes: str, no: str) -> str:
    return "-" if value is None else yes if value else no
