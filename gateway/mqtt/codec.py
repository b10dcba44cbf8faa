"""The MQTT 3.1.1 wire: packets to bytes, bytes to packets.  No I/O, no clock.

Source: OASIS MQTT Version 3.1.1 (2014), section numbers beside each packet.
"""

import hashlib
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from gateway.errors import ProtocolError


class PacketType(IntEnum):
    """The upper four bits of a packet's first byte (2.2.1)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


CONNACK_REASONS: Final = {  # 3.2.2.3
    1: "unacceptable protocol version",
    2: "client id rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorised",
}
SUBACK_FAILURE: Final = 0x80
MAX_REMAINING_LENGTH: Final = 268_435_455  # 2.2.3
_MAX_STRING: Final = 65_535
_FIXED_FLAGS: Final = {PacketType.SUBSCRIBE: 2, PacketType.UNSUBSCRIBE: 2}


@dataclass(frozen=True, slots=True)
class Connack:
    """The broker's answer to CONNECT."""

    session_present: bool
    code: int


@dataclass(frozen=True, slots=True)
class Suback:
    """The broker's answer to SUBSCRIBE: the granted QoS per filter, or `SUBACK_FAILURE`."""

    packet_id: int
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsuback:
    """The broker's answer to UNSUBSCRIBE."""

    packet_id: int


@dataclass(slots=True)
class Publishes:
    """PUBLISH packets as columns, in order of arrival; `packet_id` is 0 for QoS 0."""

    topic: list[bytes] = field(default_factory=list)
    payload: list[bytes] = field(default_factory=list)
    packet_id: list[int] = field(default_factory=list)
    retain: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.topic)

    def append_from(self, other: "Publishes", place: int) -> None:
        """Append the packet at `place` of `other`."""
        self.topic.append(other.topic[place])
        self.payload.append(other.payload[place])
        self.packet_id.append(other.packet_id[place])
        self.retain.append(other.retain[place])

    def extend(self, other: "Publishes") -> None:
        """Append the packets of `other`."""
        self.topic += other.topic
        self.payload += other.payload
        self.packet_id += other.packet_id
        self.retain += other.retain


Answer = Connack | Suback | Unsuback


@dataclass(slots=True)
class Received:
    """What one read brought: columns of PUBLISH, the broker's answers in order, PINGRESPs."""

    publishes: Publishes = field(default_factory=Publishes)
    answers: list[Answer] = field(default_factory=list)
    pingresps: int = 0
    oversized: list["Oversized"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Oversized:
    """A PUBLISH beyond the bound, passed over as it streamed by: `head` is its payload's beginning, `length` and
    `sha256` are its whole payload's."""

    topic: bytes
    packet_id: int
    retain: bool
    head: bytes
    length: int
    sha256: str


def connect(client_id: str, *, keep_alive_s: int, user: str = "", password: str = "", clean: bool = False) -> bytes:
    """CONNECT (3.1); a persistent session unless `clean`."""
    flags = (0x02 if clean else 0) | (0x80 if user else 0) | (0x40 if password else 0)
    body = _string("MQTT") + bytes((4, flags)) + struct.pack(">H", keep_alive_s) + _string(client_id)
    body += _string(user) if user else b""
    body += _string(password) if password else b""
    return _packet(PacketType.CONNECT, body)


def subscribe(packet_id: int, filters: tuple[str, ...], qos: int = 1) -> bytes:
    """SUBSCRIBE (3.8) to all filters at one QoS."""
    body = struct.pack(">H", packet_id) + b"".join(_string(name) + bytes((qos,)) for name in filters)
    return _packet(PacketType.SUBSCRIBE, body)


def unsubscribe(packet_id: int, filters: tuple[str, ...]) -> bytes:
    """UNSUBSCRIBE (3.10)."""
    return _packet(PacketType.UNSUBSCRIBE, struct.pack(">H", packet_id) + b"".join(_string(name) for name in filters))


def pubacks(packet_ids: list[int]) -> bytes:
    """PUBACK (3.4) for each id, in order, as one piece of bytes."""
    return b"".join([b"\x40\x02" + packet_id.to_bytes(2, "big") for packet_id in packet_ids])


def publish(topic: str, payload: bytes, *, packet_id: int = 0, retain: bool = False) -> bytes:
    """PUBLISH (3.3) at QoS 1 with a packet id, else at QoS 0."""
    flags = (0x02 if packet_id else 0) | (0x01 if retain else 0)
    head = _string(topic) + (struct.pack(">H", packet_id) if packet_id else b"")
    return _packet(PacketType.PUBLISH, head + payload, flags)


def pingreq() -> bytes:
    """PINGREQ (3.12)."""
    return b"\xc0\x00"


def disconnect() -> bytes:
    """DISCONNECT (3.14)."""
    return b"\xe0\x00"


class Decoder:
    """Splits a stream of bytes into packets; keeps the unfinished rest.

    A PUBLISH longer than `max_packet_bytes` is passed over while it streams by and told as `Oversized`; any other
    packet of that size is a ProtocolError.
    """

    def __init__(self, max_packet_bytes: int, head_bytes: int = 65_536) -> None:
        self._max_packet_bytes = max_packet_bytes
        self._head_bytes = head_bytes
        self._rest = b""
        self._passing: _Passing | None = None

    def feed(self, data: bytes) -> Received:
        """The packets that `data` completes.

        Raises ProtocolError for what MQTT 3.1.1 does not allow; the connection must then be closed (4.8).
        """
        received = Received()
        if self._passing is not None:
            data = self._pass_over(data, received)
        buffer = self._rest + data if self._rest else data
        at, end = 0, len(buffer)
        while at < end and self._passing is None:
            header = _header(buffer, at, end)
            if header is None:
                break
            length, start = header
            stop = start + length
            if stop - at > self._max_packet_bytes:
                if buffer[at] >> 4 != PacketType.PUBLISH:
                    raise ProtocolError(f"packet of {length} bytes: expected at most {self._max_packet_bytes}")
                if end - start < 2:
                    break
                topic_length = buffer[start] << 8 | buffer[start + 1]
                self._passing = _Passing(buffer[at], length, topic_length, self._head_bytes)
                buffer, at = self._pass_over(buffer[start:], received), 0
                end = len(buffer)
                continue
            if stop > end:
                break
            self._packet(buffer, buffer[at], start, stop, received)
            at = stop
        self._rest = buffer[at:]
        return received

    def _packet(self, buffer: bytes, first: int, start: int, stop: int, received: Received) -> None:
        kind = first >> 4
        if kind == PacketType.PUBLISH:
            _take_publish(buffer, first, start, stop, received.publishes)
        elif kind in (PacketType.PUBACK, PacketType.PINGRESP):
            received.pingresps += kind == PacketType.PINGRESP
        elif kind == PacketType.CONNACK:
            received.answers.append(_connack(buffer[start:stop]))
        elif kind == PacketType.SUBACK:
            received.answers.append(_suback(buffer[start:stop]))
        elif kind == PacketType.UNSUBACK:
            received.answers.append(Unsuback(_packet_id(buffer[start:stop], "UNSUBACK")))
        else:
            raise ProtocolError(f"packet type: a broker must not send {kind}")

    def _pass_over(self, data: bytes, received: Received) -> bytes:
        """Feed the packet that is being passed over; what lies behind it."""
        if self._passing is None:
            return data
        taken = self._passing.take(data)
        if not self._passing.left:
            received.oversized.append(self._passing.finish())
            self._passing = None
        return data[taken:]


class _Passing:
    """A PUBLISH that is too long to keep, while it streams by."""

    def __init__(self, first: int, length: int, topic_length: int, head_bytes: int) -> None:
        self.left = length
        self._first = first
        self._prefix_bytes = 2 + topic_length + (2 if first >> 1 & 3 else 0)
        self._head_bytes = self._prefix_bytes + head_bytes
        self._head = bytearray()
        self._passed = 0
        self._payload_hash = hashlib.sha256()

    def take(self, data: bytes) -> int:
        """How many bytes of `data` belong to the packet."""
        chunk = data[: self.left]
        self._head += chunk[: max(0, self._head_bytes - len(self._head))]
        self._payload_hash.update(chunk[max(0, self._prefix_bytes - self._passed) :])
        self._passed += len(chunk)
        self.left -= len(chunk)
        return len(chunk)

    def finish(self) -> Oversized:
        """The packet as it is told."""
        one = Publishes()
        _take_publish(bytes(self._head), self._first, 0, len(self._head), one)
        length = self._passed - self._prefix_bytes
        digest = self._payload_hash.hexdigest()
        return Oversized(one.topic[0], one.packet_id[0], one.retain[0], one.payload[0], length, digest)


def _header(buffer: bytes, at: int, end: int) -> tuple[int, int] | None:
    """(remaining length, where the body starts), or None for more bytes (2.2.3)."""
    length, shift, place = 0, 0, at + 1
    while place < end:
        byte = buffer[place]
        length |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return length, place
        shift += 7
        if shift > 21:
            raise ProtocolError("remaining length: expected at most 4 bytes, got more")
    return None


def _take_publish(buffer: bytes, first: int, start: int, stop: int, publishes: Publishes) -> None:
    """One PUBLISH into the columns (3.3)."""
    qos = (first >> 1) & 3
    if qos > 1:
        raise ProtocolError(f"PUBLISH QoS: expected 0 or 1 (what was subscribed), got {qos}")
    if stop - start < 2:
        raise ProtocolError(f"PUBLISH of {stop - start} bytes: no room for a topic")
    topic_end = start + 2 + (buffer[start] << 8 | buffer[start + 1])
    body = topic_end + 2 if qos else topic_end
    if body > stop:
        raise ProtocolError(f"PUBLISH: topic and packet id need {body - start} bytes, the packet has {stop - start}")
    packet_id = buffer[topic_end] << 8 | buffer[topic_end + 1] if qos else 0
    if qos and not packet_id:
        raise ProtocolError("PUBLISH packet id: expected 1 to 65535, got 0")
    publishes.topic.append(buffer[start + 2 : topic_end])
    publishes.payload.append(buffer[body:stop])
    publishes.packet_id.append(packet_id)
    publishes.retain.append(bool(first & 1))


def _connack(body: bytes) -> Connack:
    if len(body) != 2:
        raise ProtocolError(f"CONNACK: expected 2 bytes, got {len(body)}")
    return Connack(bool(body[0] & 1), body[1])


def _suback(body: bytes) -> Suback:
    return Suback(_packet_id(body, "SUBACK"), tuple(body[2:]))


def _packet_id(body: bytes, name: str) -> int:
    if len(body) < 2:
        raise ProtocolError(f"{name}: expected a packet id, got {len(body)} bytes")
    return body[0] << 8 | body[1]


def _packet(kind: PacketType, body: bytes, flags: int = 0) -> bytes:
    if len(body) > MAX_REMAINING_LENGTH:
        raise ValueError(f"packet body: expected at most {MAX_REMAINING_LENGTH} bytes, got {len(body)}")
    length, size = bytearray(), len(body)
    while True:
        size, low = size >> 7, size & 0x7F
        length.append(low | (0x80 if size else 0))
        if not size:
            break
    return bytes((kind << 4 | _FIXED_FLAGS.get(kind, flags),)) + bytes(length) + body


def _string(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > _MAX_STRING:
        raise ValueError(f"string: expected at most {_MAX_STRING} bytes, got {len(raw)}")
    return struct.pack(">H", len(raw)) + raw
