"""What waits for the disk stays within its bounds, in messages and in bytes, and is acknowledged in order."""

from gateway.mqtt.codec import Publishes, Received
from gateway.mqtt.held import HANDED_BYTES, Held
from gateway.mqtt.packets import Oversized


def received(*packet_ids: int, size: int = 10) -> Received:
    topics = [b"t/%d" % n for n, _ in enumerate(packet_ids)]
    publishes = Publishes()
    publishes.topic += topics
    publishes.payload += [b"x" * size for _ in packet_ids]
    publishes.packet_id += packet_ids
    publishes.retain += [False] * len(packet_ids)
    return Received(publishes=publishes)


def test_everything_is_handed_over_once_and_acknowledged_in_order_of_arrival() -> None:
    held = Held(100, 10_000)
    held.add(received(3, 0, 1), 60, bounded=False)
    held.add(received(2), 20, bounded=False)
    first = held.take(1)
    held.add(received(9), 20, bounded=False)
    assert (len(first), held.messages, held.size, held.unacknowledged) == (4, 5, 100, 4)
    assert held.on_disk(first, 1) == [3, 1, 2]
    assert (held.messages, held.size, held.unacknowledged) == (1, 20, 1)


def test_beyond_the_bound_qos_0_is_lost_and_qos_1_left_to_the_broker() -> None:
    held = Held(3, 10_000)
    held.add(received(1, 0), 40, bounded=True)
    held.add(received(2, 0, 3), 60, bounded=True)
    assert held.messages == 3
    assert (held.withheld.dropped_qos0, held.withheld.left_to_broker) == (1, 1)
    assert held.let_go
    assert held.on_disk(held.take(1), 1) == [1, 2]


def test_the_bound_in_bytes_counts_what_was_handed_over() -> None:
    held = Held(100, 100)
    held.add(received(1, size=57), 60, bounded=True)
    taken = held.take(1)
    held.add(received(2, size=57), 60, bounded=True)
    assert held.withheld.left_to_broker == 1
    held.on_disk(taken, 1)
    held.add(received(3, size=57), 60, bounded=True)
    assert held.take(1).packet_ids == [3]


def test_a_repeat_is_recognised_while_its_first_copy_is_held() -> None:
    held = Held(100, 10_000)
    held.add(received(1, 2), 40, bounded=False)
    taken = held.take(1)
    held.add(received(2, 3), 40, bounded=False)
    assert held.withheld.repeated == 1
    assert held.take(1).packet_ids == [3]
    held.on_disk(taken, 1)
    held.add(received(2), 20, bounded=False)  # an id is used again after its acknowledgement
    assert held.take(1).packet_ids == [2]


def test_an_earlier_connections_packet_ids_mean_nothing_on_the_next() -> None:
    held = Held(100, 10_000)
    held.add(received(1), 20, bounded=False)
    before = held.take(1)
    held.add(received(2), 20, bounded=False)
    held.forget_packet_ids()
    held.add(received(1), 20, bounded=False)  # the new connection's
    assert held.on_disk(before, 2) == []
    assert held.unacknowledged == 1
    after = held.take(2)
    assert len(after) == 2
    assert held.on_disk(after, 2) == [1]
    assert held.messages == held.size == 0


def test_what_is_passed_over_is_not_held_and_acknowledged_in_its_place() -> None:
    held = Held(100, 10_000)
    held.add(received(5, 6, 7), 60, bounded=True, passed_over={1})
    big = Oversized(b"t", 8, False, b"", 2_000_000, "")
    held.add(Received(oversized=[big]), 2_000_000, bounded=True)
    taken = held.take(1)
    assert taken.publishes.topic == [b"t/0", b"t/2"]
    assert len(taken) == 3
    assert held.on_disk(taken, 1) == [5, 6, 7, 8]
    assert held.size == 0


def test_what_is_kept_of_long_messages_is_bounded_and_their_repeats_are_known() -> None:
    held = Held(100, 100)
    head = b"x" * 59
    for packet_id in (7, 7, 0, 8):
        held.add(Received(oversized=[Oversized(b"t", packet_id, False, head, 2_000_000, "")]), 300_000, bounded=True)
    assert (held.size, held.unacknowledged) == (60, 1)
    assert (held.withheld.repeated, held.withheld.dropped_qos0, held.withheld.left_to_broker) == (1, 1, 1)
    assert held.let_go
    assert held.on_disk(held.take(1), 1) == [7]
    assert (held.size, held.unacknowledged) == (0, 0)


def test_a_long_message_that_streams_by_takes_no_room_from_the_others() -> None:
    held = Held(100, 100)
    for _ in range(5):
        held.add(Received(), 60, bounded=True)
    assert held.size == 0
    assert not held.is_half_full
    together = received(1, size=7)
    together.oversized.append(Oversized(b"t", 2, False, b"x" * 9, 300, ""))
    held.add(together, 70, bounded=True)
    assert (held.messages, held.size, held.let_go) == (1, 20, False)


def test_the_bytes_of_a_message_that_came_in_pieces_are_all_counted() -> None:
    held = Held(100, 1_000)
    held.add(Received(), 60, bounded=True)
    held.add(received(1, size=97), 40, bounded=True)
    assert held.size == 100


def test_what_came_before_a_connection_broke_is_handed_over_though_nothing_follows() -> None:
    held = Held(100, 10_000)
    held.add(received(1, 0), 40, bounded=False)
    held.forget_packet_ids()
    assert held.has_something
    taken = held.take(2)
    assert (len(taken), held.on_disk(taken, 2), held.has_something) == (2, [], False)


def test_of_much_that_waits_a_part_is_handed_over_at_once_and_acknowledged_with_its_part() -> None:
    big = HANDED_BYTES // 2 - 10
    held = Held(100, 10 * HANDED_BYTES)
    held.add(received(4, 5, size=big), 2 * big, bounded=False)
    held.forget_packet_ids()
    held.add(received(1, 9, 2, 0, size=big), 4 * big, bounded=False, passed_over={1})
    held.add(received(3, size=3 * big), 3 * big, bounded=False)
    whole, takes = held.size, []
    while held.has_something:
        takes.append(held.take(2))
        assert held.size == whole
    assert [len(taken) for taken in takes] == [2, 2, 1, 1]
    assert [held.on_disk(taken, 2) for taken in takes] == [[], [1, 9, 2], [], [3]]
    assert (held.messages, held.size, held.unacknowledged) == (0, 0, 0)
