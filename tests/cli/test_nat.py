"""``sipice nat`` as a person meets it, with servers on the loopback interface."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.capabilities import ROOT, needs, require

require("cli")

from tests.cli.run import run
from tests.cli.servers import Servers, servers


@pytest.fixture(scope="module")
def here() -> Iterator[Servers]:
    with servers() as found:
        yield found


def test_without_a_nat_the_own_address_is_seen(here: Servers) -> None:
    ended = run("nat", f"stun:{here.stun}")
    assert ended.code == 0, ended.out + ended.err
    assert re.search(
        rf"^stun:{here.stun} +{here.stun} +\d+ ms +127\.0\.0\.1:\d+$", ended.out, re.MULTILINE
    )
    assert "NAT           no" in ended.out
    assert "=> There is no NAT, and peers see our own address." in ended.out


def test_two_servers_that_see_two_addresses_mean_a_symmetric_nat(here: Servers) -> None:
    ended = run("nat", f"stun:{here.outside}", f"stun:{here.elsewhere}", width=200)
    assert ended.code == 1
    assert "NAT           yes" in ended.out
    assert "mapping       dependent on the destination" in ended.out
    assert "Have a TURN server" in ended.out


def test_a_server_with_two_addresses_tells_filters_too(here: Servers) -> None:
    document = run("nat", "--json", f"stun:{here.full}").json
    assert document["filtering"] == "endpoint-independent"
    assert document["nat"] is False
    assert document["servers"][0]["other"] is not None


def test_when_nobody_answers_the_other_ways_are_named(here: Servers) -> None:
    ended = run("nat", f"stun:{here.silent}")
    assert ended.code == 1
    assert "no answer" in ended.out
    assert "TURN over TCP or TLS is the only way" in ended.out


def test_a_name_that_leads_nowhere_has_its_reason_in_the_table(here: Servers) -> None:
    ended = run(
        "nat", "--dns", str(here.dns), "stun:gone.test:1", f"stun:stun.test:{here.stun.port}",
        width=200,
    )  # fmt: skip
    assert ended.code == 0
    assert re.search(
        r"^stun:gone\.test:1 +- +- +gone\.test does not exist \(DNS\)$", ended.out, re.MULTILINE
    )


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["turns:a.example"], "only UDP shows how a NAT treats UDP"),
        (["nowhere"], "names no server; write stun:HOST"),
        (["stun:127.0.0.1", "--family", "6"], "127.0.0.1 has no IPv6 address"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_remedy(arguments: list[str], remedy: str) -> None:
    ended = run("nat", *arguments)
    assert ended.code == 2
    assert remedy in ended.err


def test_the_document_has_everything(here: Servers) -> None:
    document = run("nat", "--json", f"stun:{here.outside}").json
    assert document["nat"] is True
    assert document["mapping"] is None
    assert document["port_preserved"] is False
    assert document["local"].startswith("127.0.0.1:")
    assert document["servers"][0]["mapped"] == "198.51.100.7:42424"
    assert len(document["conclusions"]) == 2


@needs("checkout")
def test_the_manual_shows_what_it_prints(here: Servers) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```console\n\$ sipice nat .*\n((?:.*\n)*?)```", page)
    ended = run("nat", f"stun:{here.outside}", f"stun:{here.elsewhere}")
    assert _shape(shown) == _shape(ended.out)


def _shape(text: str) -> list[str]:
    words = re.sub(r"stun:[\w.:-]+", "stun:HOST", text)
    words = re.sub(r"\d+\.\d+\.\d+\.\d+", "IP", words)
    words = re.sub(r"(?<=:)\d+|\d+(?= ms)", "N", words)
    return " ".join(words.replace("-\n", "-").split()).split("=>")
