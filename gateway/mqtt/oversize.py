"""A PUBLISH that is too long to keep, while it streams by."""

import hashlib
from dataclasses import dataclass
from typing import Final

from gateway.errors import ProtocolError
from gateway.mqtt.packets import MQTT_5
from gateway.mqtt.properties import read_length

_LONGEST_LENGTH: Final = 4  # bytes


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the parts of a PUBLISH lie, in bytes from the start of its body."""

    topic_end: int
    properties_at: int
    payload_at: int


class Passing:
    """Takes one PUBLISH (3.3) piece by piece; keeps its topic, its properties up to `kept_bytes`, and of its payload
    the first `head_bytes`, the length and the SHA-256."""

    def __init__(self, first: int, length: int, level: int, kept_bytes: int, head_bytes: int) -> None:
        self.first = first
        self.left = length  # bytes still to come
        self.payload_bytes = 0
        self._length, self._level = length, level
        self._kept_bytes, self._head_bytes = kept_bytes, head_bytes
        self._before = bytearray()  # what stands before the payload
        self._before_bytes = 0
        self._layout: _Layout | None = None
        self._head = bytearray()
        self._hash = hashlib.sha256()

    @property
    def head(self) -> bytes:
        """The payload's beginning."""
        return bytes(self._head)

    @property
    def topic(self) -> bytes:
        """The topic as it stands in the packet; empty where an alias stands for it."""
        return bytes(self._before[2 : self._known().topic_end])

    @property
    def packet_id(self) -> int:
        """0 at QoS 0."""
        at = self._known().topic_end
        return self._before[at] << 8 | self._before[at + 1] if self.first & 0x02 else 0

    @property
    def properties(self) -> bytes:
        """The properties without their length; none where they were too long to keep."""
        layout = self._known()
        block = bytes(self._before[layout.properties_at :])
        return block if len(block) == layout.payload_at - layout.properties_at else b""

    @property
    def sha256(self) -> str:
        """Of the payload, in hexadecimal."""
        return self._hash.hexdigest()

    def take(self, data: bytes) -> int:
        """How many bytes of `data` belong to the packet.  ProtocolError where its parts do not fit into it."""
        chunk = data[: self.left]
        self.left -= len(chunk)
        taken = len(chunk)
        if self._layout is None:
            self._before += chunk
            self._layout = self._find_layout()
            if self._layout is None:
                return taken
            chunk = bytes(self._before)
            self._before.clear()
        self._take_known(chunk, self._layout)
        return taken

    def _take_known(self, chunk: bytes, layout: _Layout) -> None:
        before = chunk[: layout.payload_at - self._before_bytes]
        self._before_bytes += len(before)
        payload = chunk[len(before) :]
        self._before += before[: max(0, layout.properties_at + self._kept_bytes - len(self._before))]
        self._hash.update(payload)
        self.payload_bytes += len(payload)
        self._head += payload[: self._head_bytes - len(self._head)]

    def _known(self) -> _Layout:
        if self._layout is None:
            raise ProtocolError(f"PUBLISH: expected a topic, got {len(self._before)} bytes")
        return self._layout

    def _find_layout(self) -> _Layout | None:
        """The layout; None while the bytes that tell it are still to come."""
        have = len(self._before)
        if have < 2:
            return None
        topic_end = 2 + (self._before[0] << 8 | self._before[1])
        at = topic_end + (2 if self.first & 0x02 else 0)
        if at > self._length:
            raise ProtocolError(f"PUBLISH: expected {at} bytes for topic and packet id, got {self._length}")
        if self._level != MQTT_5:
            return _Layout(topic_end, at, at) if have >= at else None
        if have < min(at + _LONGEST_LENGTH, self._length):
            return None
        size, properties_at = read_length(bytes(self._before), at, have, "PUBLISH properties")
        if properties_at + size > self._length:
            raise ProtocolError(f"PUBLISH properties: expected {size} bytes, got {self._length - properties_at}")
        return _Layout(topic_end, properties_at, properties_at + size)
