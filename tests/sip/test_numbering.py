"""sipice.sip.numbering: CSeq of two senders in one row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sipice.sip.message import parse_message
from sipice.sip.numbering import Numbering, restored, shifted
from tests.sip.story import rack, request, response


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 1_000))
def test_numbers_on_the_wire_rise_one_by_one_and_find_their_way_back(
    own: list[bool], first: int
) -> None:
    numbers = Numbering()
    stack, wire, mine = first, [], {}
    numbers.last = stack
    for is_own in own:
        if is_own:
            wire.append(numbers.next_own())
        else:
            stack += 1
            numbers.last = stack
            wire.append(numbers.to_wire(stack))
            mine[wire[-1]] = stack
    assert wire == list(range(first + 1, first + 1 + len(wire)))
    for seen, written in mine.items():
        assert numbers.to_stack(seen) == written


def test_requests_before_the_first_own_one_keep_their_numbers() -> None:
    numbers = Numbering()
    invite = parse_message(request("INVITE", 7))
    assert shifted(invite, numbers) is invite
    assert numbers.next_own() == 8
    ack = parse_message(request("ACK", 7, to="bob"))
    assert shifted(ack, numbers).cseq == (7, "ACK")
    assert shifted(parse_message(request("BYE", 8, to="bob")), numbers).cseq == (9, "BYE")
    assert parse_message(restored(response(200, 9, method="BYE"), numbers)).cseq == (8, "BYE")
    assert parse_message(restored(response(200, 7), numbers)).cseq == (7, "INVITE")


def test_a_prack_names_the_number_that_the_peer_has_seen() -> None:
    numbers = Numbering(last=1)
    numbers.next_own()
    shifted(parse_message(request("INVITE", 2, to="bob")), numbers)
    prack = shifted(parse_message(request("PRACK", 3, rack(9, 2), to="bob")), numbers)
    assert prack.cseq == (4, "PRACK")
    assert prack.rack == (9, (3, "INVITE"))


def test_requests_of_the_peer_and_what_has_no_number_stay() -> None:
    numbers = Numbering(last=1)
    numbers.next_own()
    theirs = request("INFO", 5, by="bob", to="alice")
    assert restored(theirs, numbers) == theirs
    odd = parse_message(b"INFO sip:x SIP/2.0\r\n\r\n")
    assert shifted(odd, numbers) is odd
