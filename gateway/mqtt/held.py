"""What a session has in memory between the socket and the disk: bounded in messages and in bytes.

A message is held from its arrival until the commit that holds it is on disk.  Beyond the bounds a QoS 1 message is let
go without an acknowledgement (the broker sends it again, at the latest when we connect again), a QoS 0 message is lost;
both are counted.  A message that the broker sends again while its first copy is held is recognised by its packet id.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.mqtt.packets import Oversized, Publishes, Received

HANDED_BYTES: Final = 2 * 1_048_576  # at once: an array of bare numbers takes 100 times its bytes once it is read


@dataclass(slots=True)
class Withheld:
    """What a session let go while too much waited for the disk."""

    dropped_qos0: int = 0
    left_to_broker: int = 0  # QoS 1: not acknowledged, so it comes again
    repeated: int = 0  # QoS 1: sent again while its first copy is held


@dataclass(slots=True)
class Taken:
    """What a session handed over; goes back to it once it is on disk."""

    connection: int
    publishes: Publishes
    oversized: list[Oversized]
    packet_ids: list[int] = field(default_factory=list)  # in order of arrival (4.6.0-2); 0 = QoS 0
    size: int = 0  # bytes

    def __len__(self) -> int:
        return len(self.publishes) + len(self.oversized)


class Held:
    """Messages that wait: those to hand over, and the packet ids of those handed over."""

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        self.withheld = Withheld()
        self.let_go = False  # a QoS 1 message of this connection
        self._max_messages, self._max_bytes = max_messages, max_bytes
        self._publishes = Publishes()
        self._oversized: list[Oversized] = []
        self._order: list[int] = []
        self._unacknowledged: set[int] = set()
        self._size = 0
        self._unfinished = 0  # bytes of reads that brought no whole message: of the next one, or of none
        self._taken_messages = self._taken_bytes = 0

    @property
    def waiting(self) -> int:
        """Messages to hand over."""
        return len(self._publishes)

    @property
    def messages(self) -> int:
        """Messages in memory, handed over or not."""
        return len(self._publishes) + self._taken_messages

    @property
    def size(self) -> int:
        """Bytes in memory, handed over or not."""
        return self._size + self._taken_bytes

    @property
    def unacknowledged(self) -> int:
        """QoS 1 messages that the broker waits for."""
        return len(self._unacknowledged)

    @property
    def has_something(self) -> bool:
        """Whether there is anything to hand over or to acknowledge."""
        return bool(self._order or self._oversized)

    @property
    def is_half_full(self) -> bool:
        """Time to hand over, whatever else may come."""
        return 2 * len(self._publishes) >= self._max_messages or 2 * self._size >= self._max_bytes

    def add(self, received: Received, size: int, *, bounded: bool, passed_over: Collection[int] = frozenset()) -> None:
        """Hold what one read brought (`size` bytes); within the bounds where `bounded`.

        Messages at the places `passed_over` are of no use: not held, and acknowledged with those around them.
        """
        new = received.publishes
        if not new.topic and not received.oversized:
            self._unfinished += size
            return
        size, self._unfinished = size + self._unfinished, 0
        if received.oversized:  # most of what was read is not kept
            size = sum(map(len, new.topic)) + sum(map(len, new.payload))
            self._add_oversized(received.oversized, bounded=bounded)
        fits = not bounded or (self.messages + len(new) <= self._max_messages and self.size + size <= self._max_bytes)
        if fits and not passed_over and self._unacknowledged.isdisjoint(new.packet_id):
            self._publishes.extend(new)
            self._order += new.packet_id
            self._size += size
            if any(new.packet_id):
                self._unacknowledged.update(new.packet_id)
                self._unacknowledged.discard(0)
            return
        for place, packet_id in enumerate(new.packet_id):
            if place not in passed_over:
                self._add_one(new, place, packet_id, bounded=bounded)
            elif packet_id:
                self._order.append(packet_id)
                self._unacknowledged.add(packet_id)

    def take(self, connection: int) -> Taken:
        """Hand over what has come, the oldest first, and of messages no more than `HANDED_BYTES` or one."""
        publishes, order, size = self._publishes, self._order, self._size
        self._publishes, self._order, self._size = Publishes(), [], 0
        if size > HANDED_BYTES and (count := _fitting(publishes)) < len(publishes):
            self._publishes = publishes.cut(count)
            self._order = order[(cut := _place_behind(publishes.packet_id, order)) :]
            self._size = sum(map(len, self._publishes.topic)) + sum(map(len, self._publishes.payload))
            order, size = order[:cut], max(0, size - self._size)
        ids = order + [big.packet_id for big in self._oversized]
        taken = Taken(connection, publishes, self._oversized, ids, size)
        self._taken_messages += len(publishes)
        self._taken_bytes += size
        self._oversized = []
        return taken

    def on_disk(self, taken: Taken, connection: int) -> list[int]:
        """What was handed over is durable; the packet ids to acknowledge on `connection`, in order."""
        self._taken_messages -= len(taken.publishes)
        self._taken_bytes -= taken.size
        if taken.connection != connection:
            return []  # they will be delivered again
        self._unacknowledged.difference_update(taken.packet_ids)
        return list(filter(None, taken.packet_ids))

    def forget_packet_ids(self) -> None:
        """What is held from an earlier connection is stored, and never acknowledged on the next."""
        self._unacknowledged, self._order, self.let_go = set(), [0] * len(self._publishes), False
        self._unfinished = 0
        self._publishes.packet_id = [0] * len(self._publishes)
        self._oversized = [replace(big, packet_id=0) for big in self._oversized]

    def _add_oversized(self, big: list[Oversized], *, bounded: bool) -> None:
        for one in big:
            size = len(one.topic) + len(one.head)
            if one.packet_id in self._unacknowledged:
                self.withheld.repeated += 1
            elif bounded and self.size + size > self._max_bytes:
                self._let_go(one.packet_id)
            else:
                self._oversized.append(one)
                self._size += size
                if one.packet_id:
                    self._unacknowledged.add(one.packet_id)

    def _let_go(self, packet_id: int) -> None:
        self.withheld.left_to_broker += packet_id > 0
        self.withheld.dropped_qos0 += packet_id == 0
        self.let_go = self.let_go or packet_id > 0

    def _add_one(self, new: Publishes, place: int, packet_id: int, *, bounded: bool) -> None:
        size = len(new.topic[place]) + len(new.payload[place])
        if packet_id in self._unacknowledged:
            self.withheld.repeated += 1
        elif bounded and (self.messages >= self._max_messages or self.size + size > self._max_bytes):
            self._let_go(packet_id)
        else:
            self._publishes.append_from(new, place)
            self._order.append(packet_id)
            self._size += size
            if packet_id:
                self._unacknowledged.add(packet_id)


def _fitting(publishes: Publishes) -> int:
    """How many of them, the first at least, are within `HANDED_BYTES`."""
    total = 0
    for count, (topic, payload) in enumerate(zip(publishes.topic, publishes.payload, strict=True)):
        total += len(topic) + len(payload)
        if total > HANDED_BYTES and count:
            return count
    return len(publishes)


def _place_behind(packet_ids: list[int], order: list[int]) -> int:
    """Where in `order`, which holds what was passed over too, the last of `packet_ids` is behind us."""
    at = 0
    for packet_id in packet_ids:
        at = order.index(packet_id, at) + 1
    return at
