from sipice.cli.demo.rtp import Receiver, pack


def _packets(*sequences: int) -> Receiver:
    receiver = Receiver()
    for sequence in sequences:
        assert receiver.receive(sequence * 0.02, pack(0, sequence, sequence * 160, 7, b"x" * 160))
    return receiver


def test_loss_is_counted_by_sequence_numbers() -> None:
    receiver = _packets(10, 11, 14, 15)
    assert (receiver.received, receiver.expected, receiver.lost) == (4, 6, 2)


def test_sequence_numbers_wrap() -> None:
    receiver = Receiver()
    for sequence in (65_534, 65_535, 65_536, 65_538):
        receiver.receive(0.0, pack(0, sequence, 0, 7, b""))
    assert (receiver.expected, receiver.lost) == (5, 1)


def test_a_packet_out_of_order_is_late_and_fills_its_gap() -> None:
    receiver = _packets(1, 3, 2, 2)
    assert (receiver.received, receiver.late, receiver.lost) == (4, 2, -1)


def test_jitter_is_zero_for_even_packets_and_grows_with_uneven_ones() -> None:
    even = _packets(*range(50))
    assert even.jitter < 1e-9
    uneven = Receiver()
    for number in range(200):
        at = number * 0.02 + (0.004 if number % 2 else 0.0)
        uneven.receive(at, pack(0, number, number * 160, 7, b""))
    assert 0.003 < uneven.jitter < 0.0041


def test_what_is_no_rtp_is_refused() -> None:
    receiver = Receiver()
    assert not receiver.receive(0.0, b"\x80\x00")
    assert not receiver.receive(0.0, bytes(20))
    assert receiver.received == 0
