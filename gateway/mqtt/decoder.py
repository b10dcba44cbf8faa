"""The stream decoder: bytes from a broker to columns of PUBLISH and its answers, at MQTT 3.1.1 and 5."""

from typing import Final

from gateway.errors import ProtocolError
from gateway.mqtt.answers import take_answer
from gateway.mqtt.framing import SHORT_LENGTH, check_topics, framed, plain_publishes
from gateway.mqtt.oversize import Passing
from gateway.mqtt.packets import MQTT_5, MQTT_311, Oversized, Publishes, Received
from gateway.mqtt.properties import read_length, topic_alias

FEW: Final = 64  # packets in one read: below it numpy's calls cost more than they save
ODD_SHARE: Final = 16  # a run of which one packet in so many is odd is read one by one
_PUBLISH: Final = 0x30
_UNUSUAL_FLAGS: Final = 0x0C  # DUP, and the upper bit of QoS (3.3.1)
_QOS_1: Final = 0x02  # also the bytes that its packet id takes
_RETAIN: Final = 0x01


class Decoder:
    """Splits a stream of bytes into packets; keeps the unfinished rest.

    A PUBLISH longer than `max_packet_bytes` is passed over while it streams by and told as `Oversized`, with the first
    `head_bytes` of its payload; any other packet of that size is a ProtocolError.  `topic_alias_maximum` is what our
    CONNECT announced (MQTT 5).  No decoded topic or payload keeps more than its own bytes alive.
    """

    def __init__(
        self,
        max_packet_bytes: int,
        level: int = MQTT_311,
        *,
        head_bytes: int = 65_536,
        topic_alias_maximum: int = 0,
    ) -> None:
        self._max_packet_bytes, self._head_bytes = max_packet_bytes, head_bytes
        self._level = level
        self._topic_alias_maximum = topic_alias_maximum
        self._topic_by_alias: dict[int, bytes] = {}
        self._waiting: list[bytes] = []  # pieces of an unfinished packet, joined once it is whole
        self._waiting_bytes = self._needed_bytes = 0
        self._passing: Passing | None = None

    def feed(self, data: bytes, into: Received | None = None) -> Received:
        """The packets that `data` completes, appended to `into` where it is given.

        Raises ProtocolError for what the standard does not allow; the connection must then be closed (3.1.1: 4.8; 5:
        4.13) and the decoder thrown away.  What came before the fault is in `into`.
        """
        received = Received() if into is None else into
        if self._passing is not None:
            data = self._pass_over(self._passing, data, received)
        if self._waiting:
            self._waiting.append(data)
            self._waiting_bytes += len(data)
            if self._waiting_bytes < self._needed_bytes:
                return received
            data = b"".join(self._waiting)
            self._waiting.clear()
        if not data:
            return received
        known = len(received.publishes)
        try:
            rest = self._take(data, received)
        except ProtocolError:
            check_topics(received.publishes, known)  # a topic that came earlier is the fault to tell
            raise
        check_topics(received.publishes, known)
        if rest < len(data):
            self._waiting.append(data[rest:])
            self._waiting_bytes = len(data) - rest
        return received

    def _take(self, buffer: bytes, received: Received) -> int:
        """Take whole packets; where the rest begins."""
        at, end = 0, len(buffer)
        while True:
            places, at = framed(buffer, at, self._max_packet_bytes)
            if len(places) < FEW:
                self._one_by_one(buffer, places, at, received)
            else:
                self._in_columns(buffer, places, at, received)
            header = _header(buffer, at, end, self._level) if at < end else None
            if header is None:
                self._needed_bytes = end - at + 1
                return at
            length, start = header
            stop = start + length
            if stop - at > self._max_packet_bytes:
                rest = self._start_passing(buffer[at], length, buffer[start:], received)
                at = end - len(rest)
            elif stop > end:
                self._needed_bytes = stop - at
                return at
            else:
                self._packet(buffer, at, start, stop, received)
                at = stop

    def _in_columns(self, buffer: bytes, places: list[int], end: int, received: Received) -> None:
        """Packets of which most are plain PUBLISHes."""
        plain = plain_publishes(buffer, places, end, self._level)
        if len(plain.odd) * ODD_SHARE > len(places):
            self._one_by_one(buffer, places, end, received)
            return
        low = 0
        for odd in plain.odd:
            plain.append_to(received.publishes, low, odd)
            low = odd + 1
            self._one_by_one(buffer, places[odd:low], places[low] if low < len(places) else end, received)
        plain.append_to(received.publishes, low, len(places))

    def _one_by_one(self, buffer: bytes, places: list[int], end: int, received: Received) -> None:
        """Packets that `framed` found, the last of which ends at `end`."""
        for at, stop in zip(places, [*places[1:], end], strict=False):
            self._packet(buffer, at, at + 2 if buffer[at + 1] <= SHORT_LENGTH else at + 3, stop, received)

    def _packet(self, buffer: bytes, at: int, start: int, stop: int, received: Received) -> None:
        first = buffer[at]
        if first & 0xF0 == _PUBLISH:
            self._publish(buffer, first, start, stop, received.publishes)
        else:
            take_answer(first, buffer[start:stop], self._level, received)

    def _publish(self, buffer: bytes, first: int, start: int, stop: int, publishes: Publishes) -> None:
        """One PUBLISH (3.3)."""
        if first & _UNUSUAL_FLAGS:
            _check_flags(first)
        if stop - start < 2:
            raise ProtocolError(f"PUBLISH: expected a topic, got {stop - start} bytes")
        topic_end = start + 2 + (buffer[start] << 8 | buffer[start + 1])
        payload_at = topic_end + (first & _QOS_1)
        if payload_at > stop:
            needed = payload_at - start
            raise ProtocolError(f"PUBLISH: expected {needed} bytes for topic and packet id, got {stop - start}")
        topic = buffer[start + 2 : topic_end]
        packet_id = 0
        if first & _QOS_1:
            packet_id = buffer[topic_end] << 8 | buffer[topic_end + 1]
            _check_packet_id(packet_id)
        block = b""
        if self._level == MQTT_5 and payload_at < stop and not buffer[payload_at]:
            payload_at += 1  # no properties, the usual case
        elif self._level == MQTT_5:
            length, at = read_length(buffer, payload_at, stop, "PUBLISH properties")
            payload_at = at + length
            if payload_at > stop:
                raise ProtocolError(f"PUBLISH properties: expected {length} bytes, got {stop - at}")
            block = buffer[at:payload_at]
        publishes.topic.append(topic if topic and not block else self._topic(topic, block))
        publishes.payload.append(buffer[payload_at:stop])
        publishes.packet_id.append(packet_id)
        publishes.retain.append(bool(first & _RETAIN))

    def _topic(self, topic: bytes, block: bytes) -> bytes:
        """The topic that is meant: itself, or what the alias in the properties stands for (5: 3.3.2.3.4)."""
        alias = topic_alias(block)
        if alias > self._topic_alias_maximum:
            expected = f"at most {self._topic_alias_maximum}" if self._topic_alias_maximum else "none"
            raise ProtocolError(f"PUBLISH topic alias: expected {expected}, got {alias}")
        if topic:
            if alias:
                self._topic_by_alias[alias] = topic
            return topic
        if not alias:
            raise ProtocolError("PUBLISH topic: expected at least 1 byte, got 0")
        if alias not in self._topic_by_alias:
            raise ProtocolError(f"PUBLISH topic alias: expected one that was told before, got {alias}")
        return self._topic_by_alias[alias]

    def _start_passing(self, first: int, length: int, data: bytes, received: Received) -> bytes:
        """Begin to pass over a packet of which `data` is what has come; what lies behind it."""
        if first & 0xF0 != _PUBLISH:
            raise ProtocolError(f"packet: expected at most {self._max_packet_bytes} bytes, got {length}")
        _check_flags(first)
        self._passing = Passing(first, length, self._level, self._max_packet_bytes, self._head_bytes)
        return self._pass_over(self._passing, data, received)

    def _pass_over(self, passing: Passing, data: bytes, received: Received) -> bytes:
        """Feed the packet that is being passed over; what lies behind it."""
        taken = passing.take(data)
        if passing.left:
            return b""
        packet_id = passing.packet_id
        if passing.first & _QOS_1:
            _check_packet_id(packet_id)
        one = Publishes([self._topic(passing.topic, passing.properties)])
        check_topics(one, 0)
        retain = bool(passing.first & _RETAIN)
        payload = (passing.head, passing.payload_bytes, passing.sha256)
        received.oversized.append(Oversized(one.topic[0], packet_id, retain, *payload))
        self._passing = None
        return data[taken:]


def _check_flags(first: int) -> None:
    """The first byte of a PUBLISH (3.3.1): QoS 0 or 1, DUP only at 1."""
    qos = first >> 1 & 0x03
    if qos > 1:
        raise ProtocolError(f"PUBLISH QoS: expected 0 or 1 (what was subscribed), got {qos}")
    if first & 0x08 and not qos:
        raise ProtocolError("PUBLISH DUP: expected 0 at QoS 0, got 1")


def _check_packet_id(packet_id: int) -> None:
    if not packet_id:
        raise ProtocolError("PUBLISH packet id: expected 1 to 65535, got 0")


def _header(buffer: bytes, at: int, end: int, level: int) -> tuple[int, int] | None:
    """(remaining length, where the body starts), or None for more bytes (3.1.1: 2.2.3; 5: 2.1.4)."""
    length, shift = 0, 0
    for place in range(at + 1, min(end, at + 5)):
        byte = buffer[place]
        length |= (byte & 0x7F) << shift
        if byte <= SHORT_LENGTH:
            if level == MQTT_5 and shift and not byte:  # 5: 1.5.5; 3.1.1 says nothing of it
                raise ProtocolError(f"remaining length: expected as few bytes as can be, got {place - at}")
            return length, place + 1
        shift += 7
    if shift > 21:
        raise ProtocolError("remaining length: expected at most 4 bytes, got more")
    return None
