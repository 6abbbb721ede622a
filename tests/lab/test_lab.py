"""A laboratory comes, is as far apart as asked, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.capabilities import needs
from tests.lab import spaces
from tests.lab.lab import ROOT, Lab, folder_of
from tests.lab.topology import SERVER

pytestmark = [pytest.mark.lab, needs("lab")]

ASK = """
import os, socket, sys, time
from tests.simnet.wire import Class, Method, build
times = []
for _ in range(int(sys.argv[2])):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(0.3)
    start = time.monotonic()
    one.sendto(build(Method.BINDING, Class.REQUEST, os.urandom(12)), (sys.argv[1], 3478))
    try:
        one.recv(2048)
        times.append(time.monotonic() - start)
    except TimeoutError:
        pass
print(*times)
"""
"""Binding requests without retransmission; prints how long each answer took."""


def answers(lab: Lab, host: str, count: int, server: str = SERVER) -> list[float]:
    said = lab.run(host, sys.executable, "-c", ASK, server, str(count), seconds=60)
    return [float(word) for word in said.split()]


def own_network() -> str:
    """What the machine itself has; a laboratory has no business there."""
    commands = ("ip -oneline link", "ip route", "nft list ruleset")
    return "".join(
        subprocess.run(command.split(), capture_output=True, text=True, check=True).stdout
        for command in commands
    )


def ours() -> list[str]:
    return [name for name in spaces.listed() if name.startswith(f"sl{os.getpid()}")]


def test_nothing_of_it_remains_and_the_machine_is_as_before() -> None:
    before = own_network()
    with Lab({"a": "port", "b": "double"}, neighbours=True, server=False) as lab:
        assert len(ours()) == 3 + 2 * 4 + 1
        assert own_network() == before
        left_alone = subprocess.Popen(lab.enter("a", "sleep", "1000"))
        folder = lab.folder
    assert left_alone.wait(5) < 0
    assert not ours()
    assert not folder.exists()
    assert own_network() == before


def test_nothing_of_it_remains_when_building_or_using_it_fails() -> None:
    with pytest.raises(RuntimeError), Lab({"a": "port"}, server=False):
        raise RuntimeError
    # The name of an interface has at most 15 letters.
    with pytest.raises(spaces.LabError), Lab({"name-of-many-letters": "port"}, server=False):
        pass
    assert not ours()


@needs("coturn")
def test_what_a_dead_process_left_is_swept_by_the_next() -> None:
    child = subprocess.run(
        [sys.executable, "-c", DIES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    prefix = child.stdout.strip()
    assert any(name.startswith(prefix) for name in spaces.listed())
    with Lab({"a": "port"}, server=False):
        assert not any(name.startswith(prefix) for name in spaces.listed())
    assert not folder_of(prefix).exists()


DIES = """
import os
from tests.lab.lab import Lab
lab = Lab({"a": "port"})
lab.up()
print(lab.prefix, flush=True)
os._exit(0)
"""


@needs("coturn")
def test_hosts_are_as_far_apart_as_asked_and_half_of_that_from_the_server() -> None:
    with Lab({"a": "port"}, rtt_ms=60) as lab:
        took = sorted(answers(lab, "a", 9))
    assert len(took) == 9
    assert took[0] >= 0.030
    assert took[4] < 0.040


ECHO = """
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("", 3478))
print("up", flush=True)
while True:
    data, source = one.recvfrom(2048)
    one.sendto(data, source)
"""


def test_public_sites_do_not_reach_each_other_past_the_delay() -> None:
    with Lab({"a": "none", "b": "none", "c": "port"}, rtt_ms=60, server=False) as lab:
        command = lab.enter("b", sys.executable, "-c", ECHO)
        with subprocess.Popen(command, stdout=subprocess.PIPE) as echo:
            assert echo.stdout is not None
            echo.stdout.readline()
            took = [answers(lab, host, 9, lab.sites["b"].address) for host in "ac"]
            echo.kill()
    for times in took:
        assert len(times) == 9
        assert min(times) >= 0.060


@needs("coturn")
def test_packets_are_lost_in_both_directions_as_asked() -> None:
    with Lab({"a": "port"}, loss_percent=30) as lab:
        got = len(answers(lab, "a", 60))
    # 0.7 each way, so 29 of 60 are expected; the wire's seed makes it the same each time.
    assert 15 <= got <= 43


def test_neighbours_of_one_lan_reach_each_other_and_other_lans_do_not() -> None:
    listen = (
        "import socket, sys; s = socket.create_server(('', 7000)); print('up', flush=True); "
        "sys.stdin.read()"
    )
    reach = "import socket; socket.create_connection(('192.168.1.10', 7000), timeout=0.5)"
    with Lab({"a": "fullcone"}, neighbours=True, server=False) as lab:
        server = subprocess.Popen(
            lab.enter("a", sys.executable, "-c", listen),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert server.stdout is not None
        server.stdout.readline()
        lab.run("a3", sys.executable, "-c", reach)
        with pytest.raises(subprocess.CalledProcessError):
            lab.run("a2", sys.executable, "-c", reach)
        server.communicate()
