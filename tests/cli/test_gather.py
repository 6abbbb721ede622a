"""``sipice gather`` as a person meets it, with servers on the loopback interface."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capabilities import ROOT, needs, require

require("cli")

from tests.cli.run import Ended, run
from tests.cli.servers import Servers, servers


@pytest.fixture(scope="module")
def here() -> Iterator[Servers]:
    with servers() as found:
        yield found


@pytest.fixture
def password(tmp_path: Path, here: Servers) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{here.password}\n", encoding="utf-8")
    return file


def gather(*arguments: object, width: int | None = None) -> Ended:
    words = [str(one) for one in arguments]
    return run("gather", "--loopback", "--interface", "lo*", "--family", "4", *words, width=width)


def test_without_servers_the_local_addresses_would_be_offered() -> None:
    ended = gather()
    assert ended.code == 0
    assert re.search(r"^addresses 127\.0\.0\.1 \(lo", ended.out)
    assert re.search(r"a=candidate:\S+ 1 UDP \d+ 127\.0\.0\.1 \d+ typ host", ended.out)


def test_each_server_has_its_line_with_its_time(here: Servers, password: Path) -> None:
    ended = gather(
        f"stun:{here.stun}", f"turn:{here.turn}", "--username", "demo", "--password-file", password
    )
    assert ended.code == 0, ended.out + ended.err
    row = r"^{uri} +127\.0\.0\.1:\d+ +\d+ ms +\d+ ms +{answer}"
    stun = row.format(
        uri=re.escape(f"stun:{here.stun}"), answer=r"srflx 127\.0\.0\.1:\d+ \(no NAT\)"
    )
    turn = row.format(uri=re.escape(f"turn:{here.turn}"), answer=r"relay 127\.[\d.]+:\d+$")
    assert re.search(stun, ended.out, re.MULTILINE), ended.out
    assert re.search(turn, ended.out, re.MULTILINE), ended.out
    assert re.search(r"a=candidate:\S+ 1 UDP \d+ 127\.[\d.]+ \d+ typ relay raddr", ended.out)


def test_names_are_looked_up_where_asked(here: Servers) -> None:
    ended = gather("--dns", here.dns, f"stun:stun.test:{here.stun.port}", "stun:gone.test:1")
    assert ended.code == 1
    assert "! stun:gone.test:1: gone.test does not exist (DNS)" in ended.out
    assert f"stun:stun.test:{here.stun.port}" in ended.out


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("silent", "no answer within 0.3 s"),
        ("password", "the server does not accept user name and password (401)"),
        ("tcp", "it refuses the connection"),
    ],
)
def test_what_a_server_does_not_give_is_said_in_one_sentence(
    here: Servers, password: Path, fault: str, sentence: str
) -> None:
    password.write_text("wrong", encoding="utf-8")
    uri = {
        "silent": f"stun:{here.silent}",
        "password": f"turn:{here.turn}",
        "tcp": f"turn:{here.silent}?transport=tcp",
    }[fault]
    ended = gather(
        uri, f"stun:{here.outside}", "--username", "demo", "--password-file", password,
        "--deadline", "0.3",
    )  # fmt: skip
    assert ended.code == 1
    lines = [line for line in ended.out.split("\n") if line.startswith("!")]
    assert len(lines) == 1
    assert lines[0].startswith(f"! {uri}: {sentence}")
    assert "srflx" in ended.out, "the other server was asked all the same"


def test_the_document_has_everything_and_no_password(here: Servers, password: Path) -> None:
    ended = gather(
        f"turn:{here.turn}", f"stun:{here.silent}", "--json", "--deadline", "0.4",
        "--username", "demo", "--password-file", password, "--types", "relay,srflx",
    )  # fmt: skip
    assert ended.code == 1
    assert here.password not in ended.out
    document = ended.json
    assert document["complete"] is True
    assert document["addresses"] == [{"address": "127.0.0.1", "interface": "lo", "tier": 0}]
    turn, silent = document["servers"]
    assert turn["server"] == f"turn:{here.turn}"
    assert turn["took"] < 0.4
    assert turn["relayed"]
    assert turn["why"] is None
    assert silent["why"] == "no answer within 0.4 s"
    types = {one["type"] for one in document["candidates"]}
    assert types == {"relay", "srflx"}
    relay = next(one for one in document["candidates"] if one["type"] == "relay")
    assert relay["line"].startswith("a=candidate:")


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["stun.example.org"], "names no server; write stun:HOST"),
        (["turns:192.0.2.1"], "no name that a certificate could show"),
        (["--types", "host,prflx"], "'prflx' is no candidate type"),
        (["--interface", "nothing9"], "no interface has an address"),
        (["--password-file", "/nonexistent"], "/nonexistent cannot be read"),
        (["--dns", "somewhere"], "'somewhere' is no address of a name server"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_remedy(arguments: list[str], remedy: str) -> None:
    ended = run("gather", *arguments)
    assert ended.code == 2
    assert remedy in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(here: Servers, width: int) -> None:
    ended = gather(f"stun:{here.stun}", width=width)
    assert max(map(len, ended.out.split("\n"))) <= width


@needs("checkout")
def test_the_manual_shows_what_it_prints(here: Servers, password: Path) -> None:
    """Times, ports and addresses are those of the day the page was written."""
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```console\n\$ sipice gather .*\n((?:.*\n)*?)```", page)
    ended = gather(
        f"stun:{here.outside}", f"turn:{here.turn}", f"stun:{here.silent}", "--deadline", "0.5",
        "--username", "demo", "--password-file", password,
    )  # fmt: skip
    assert _shape(shown) == _shape(ended.out)


def _shape(text: str) -> list[str]:
    """The words without numbers, names of hosts, and what is as wide as these."""
    words = re.sub(r"(stun|turn):[\w.:-]+", r"\1:HOST", text)
    words = re.sub(r"\d+\.\d+\.\d+\.\d+", "IP", words)
    words = re.sub(r"\(\w+\)", "(IF)", re.sub(r"\(no NAT\)", "", words))
    words = re.sub(r"\d+(\.\d+)?", "N", words)
    return [" ".join(line.split()) for line in words.strip().split("\n")]
