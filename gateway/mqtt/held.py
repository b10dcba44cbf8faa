"""What a session has in memory between the socket and the disk: bounded in messages and in bytes.

A message is held from its arrival until the commit that holds it is on disk.  Beyond the bounds a QoS 1 message is let
go without an acknowledgement (the broker sends it again, at the latest when we connect again), a QoS 0 message is lost;
both are counted.  A message that the broker sends again while its first copy is held is recognised by its packet id.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from gateway.mqtt.packets import Oversized, Publishes, Received


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
        self._oversized += received.oversized
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
        """Hand everything over."""
        ids = self._order + [big.packet_id for big in self._oversized]
        taken = Taken(connection, self._publishes, self._oversized, ids, self._size)
        self._taken_messages += len(self._publishes)
        self._taken_bytes += self._size
        self._publishes, self._oversized, self._order, self._size = Publishes(), [], [], 0
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
        self._unacknowledged, self._order, self.let_go = set(), [], False
        self._publishes.packet_id = [0] * len(self._publishes)
        self._oversized = [replace(big, packet_id=0) for big in self._oversized]

    def _add_one(self, new: Publishes, place: int, packet_id: int, *, bounded: bool) -> None:
        size = len(new.topic[place]) + len(new.payload[place])
        if packet_id in self._unacknowledged:
            self.withheld.repeated += 1
        elif bounded and (self.messages >= self._max_messages or self.size + size > self._max_bytes):
            self.withheld.left_to_broker += packet_id > 0
            self.withheld.dropped_qos0 += packet_id == 0
            self.let_go = self.let_go or packet_id > 0
        else:
            self._publishes.append_from(new, place)
            self._order.append(packet_id)
            self._size += size
            if packet_id:
                self._unacknowledged.add(packet_id)
