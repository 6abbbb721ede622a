from __future__ import annotations

import pytest

from sipice.ice import Demux, PairSelected, Role
from sipice.net import ReleaseBase
from sipice.stun import decode
from tests.ice.harness import Puppet, Sent, Side, address, sent_by
from tests.marks import rfc

OWN = address("10.0.0.1:5000")


class Fork:
    """One offer that several phones answer."""

    def __init__(self, siblings: int) -> None:
        first = Side("a", Role.CONTROLLING, ["10.0.0.1:5000"])
        first.agent.local_description(0)
        first.take(0.0)
        self.base = first.bases[OWN]
        self.sides = [first]
        for number in range(1, siblings):
            self.sides.append(Side(f"a{number}", Role.CONTROLLING, agent=first.agent.fork(0.0)))
        self.demux = Demux(*(side.agent for side in self.sides))
        self.phones: list[Puppet] = []
        for number in range(siblings):
            phone = Puppet(first, f"10.0.0.{10 + number}:6000")
            credentials = phone.credentials
            phone.credentials = type(credentials)(f"phone{number}uf", f"{credentials.pwd}{number}")
            phone.key = type(phone.key).short_term(phone.credentials.pwd)
            phone.description = type(phone.description)(
                phone.credentials, phone.description.candidates
            )
            self.phones.append(phone)

    def receive(self, now: float, data: bytes, source: str) -> None:
        self.demux.receive_datagram(now, data, self.base, address(source))

    def run(self, until: float) -> list[tuple[int, Sent]]:
        found: list[tuple[int, Sent]] = []
        for number, side in enumerate(self.sides):
            found += [(number, sent) for sent in sent_by(side)]
            while (due := side.agent.next_timeout()) is not None and due <= until:
                side.agent.handle_timeout(due)
                found += [(number, sent) for sent in sent_by(side, due)]
        return found

    def talk(self, start: float, *phones: int) -> None:
        """These phones answer every check of their siblings, for a second."""
        now = start
        for _ in range(20):
            now += 0.05
            for number, sent in self.run(now):
                phone = self.phones[number]
                if number in phones and sent.is_request:
                    self.receive(now + 0.01, phone.success(sent.message, OWN), str(phone.host))


@rfc("8445", "7.3.1.4", "rule", "8445-7.3.1.4-4")
@pytest.mark.parametrize("siblings", [2, 3, 5])
def test_each_answer_gets_its_own_sibling_with_its_own_password(siblings: int) -> None:
    fork = Fork(siblings)
    for number, phone in enumerate(fork.phones):
        fork.sides[number].agent.set_remote_description(0.0, 0, phone.description)
    checks = [(n, sent) for n, sent in fork.run(0.2) if sent.is_request]
    assert {number for number, _ in checks} == set(range(siblings))
    for number, sent in checks:
        assert sent.to == fork.phones[number].host
    fork.talk(0.3, *range(siblings))
    for number, side in enumerate(fork.sides):
        assert side.selected() is not None
        path = side.agent.media(0, 1).send
        assert path is not None
        assert path.to == fork.phones[number].host


def test_a_check_of_an_answer_to_come_is_answered_and_kept() -> None:
    fork = Fork(2)
    fork.sides[0].agent.set_remote_description(0.0, 0, fork.phones[0].description)
    late = fork.phones[1]
    fork.receive(0.1, late.request(controlling=False), "10.0.0.99:7777")
    answers = [s for _, s in fork.run(0.1) if not s.is_request]
    assert [decode(s.data).message_class.name for s in answers] == ["SUCCESS"]
    fork.sides[1].agent.set_remote_description(2.0, 0, late.description)
    checked = {str(sent.to) for number, sent in fork.run(2.2) if number == 1}
    assert checked == {"10.0.0.11:6000", "10.0.0.99:7777"}


@rfc("8445", "8.3.1", "SHOULD", "8445-8.3.1-1")
def test_a_base_goes_when_the_last_sibling_needs_it_no_more() -> None:
    fork = Fork(2)
    fork.sides[0].agent.close(1.0)
    first = fork.sides[0].agent.take_commands()
    fork.sides[1].agent.close(2.0)
    second = fork.sides[1].agent.take_commands()
    assert first == []
    assert second == [ReleaseBase(fork.base)]


def test_one_answer_wins_and_the_others_end_without_harm() -> None:
    fork = Fork(3)
    for number, phone in enumerate(fork.phones):
        fork.sides[number].agent.set_remote_description(0.0, 0, phone.description)
    fork.talk(0.0, 1)
    for number in (0, 2):
        fork.sides[number].agent.close(2.0)
        fork.demux.agents.remove(fork.sides[number].agent)
    fork.talk(2.0, 1)
    assert len(fork.sides[1].all(PairSelected)) == 1
    assert fork.sides[1].agent.media(0, 1).send is not None


def test_media_and_noise_go_to_whoever_knows_the_source() -> None:
    fork = Fork(2)
    for number, phone in enumerate(fork.phones):
        fork.sides[number].agent.set_remote_description(0.0, 0, phone.description)
    fork.talk(0.0, 1)
    found = fork.demux.find(b"\x80media", fork.base, fork.phones[1].host)
    assert found is fork.sides[1].agent
    assert fork.demux.find(b"\x80media", fork.base, OWN) is fork.sides[0].agent
    assert fork.demux.find(b"\x00\x01\x00\x00!\x12\xa4B", fork.base, OWN) is fork.sides[0].agent
