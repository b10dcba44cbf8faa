"""Many packets at once: where they lie in a buffer, and the plain PUBLISHes among them as columns.

Finding the packets is a walk from length to length.  What each holds is then judged for all of them by numpy, so that
Python runs per message only to cut its topic and its payload out.  A packet that is not plain (another type, a
topic alias, anything faulty) is left to be read alone.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ProtocolError
from gateway.mqtt.packets import MQTT_5, Publishes
from gateway.mqtt.properties import topic_alias

SHORT_LENGTH: Final = 127  # the largest remaining length in one byte (3.1.1: 2.2.3)
TWO_BYTE_HEADER: Final = 2 + SHORT_LENGTH
_WILDCARDS_AND_NUL: Final = (b"+", b"#", b"\0")


def framed(buffer: bytes, at: int, longest: int) -> tuple[list[int], int]:
    """Where whole packets begin from `at` on, and where the first that is not among them does.

    The walk ends at the buffer's end, at an unfinished packet, at one of more than `longest` bytes, and at one whose
    length is written in more than two bytes or in more than it needs.
    """
    if longest < TWO_BYTE_HEADER:
        return [], at
    places: list[int] = []
    append = places.append
    try:
        while True:
            size = buffer[at + 1]
            if size > SHORT_LENGTH:
                high = buffer[at + 2]
                size += (high - 1) << 7
                if not high or high > SHORT_LENGTH or size + 3 > longest:
                    return places, at
                append(at)
                at += size + 3
            else:
                append(at)
                at += size + 2
    except IndexError:
        if at > len(buffer):
            at = places.pop()
        return places, at


@dataclass(frozen=True, slots=True)
class PlainPublishes:
    """Packets of a buffer read as plain PUBLISHes, columns of shape (n,); `odd`: the places of those that are not."""

    odd: list[int]
    _buffer: bytes
    _topic_at: NDArray[np.int64]
    _topic_end: NDArray[np.int64]
    _payload_at: NDArray[np.int64]
    _stop: list[int]
    _packet_id: NDArray[np.int64]
    _retain: NDArray[np.bool_]

    def append_to(self, publishes: Publishes, low: int, high: int) -> None:
        """Append the packets from place `low` up to `high`, among which none is odd."""
        buffer, part = self._buffer, slice(low, high)
        topics = zip(self._topic_at[part].tolist(), self._topic_end[part].tolist(), strict=True)
        payloads = zip(self._payload_at[part].tolist(), self._stop[part], strict=True)
        publishes.topic += [buffer[start:end] for start, end in topics]
        publishes.payload += [buffer[start:end] for start, end in payloads]
        publishes.packet_id += self._packet_id[part].tolist()
        retain = self._retain[part]
        publishes.retain += retain.tolist() if retain.any() else [False] * len(retain)


def plain_publishes(buffer: bytes, places: list[int], end: int, level: int) -> PlainPublishes:
    """The packets at `places`, as `framed` found them, the last of which ends at `end` (3.1.1 and 5: 3.3)."""
    raw = np.frombuffer(buffer, np.uint8)
    at = np.array(places, np.int64)
    first = raw[at]
    stops = [*places[1:], end]
    stop = np.append(at[1:], end)
    topic_at = at + 4 + (raw[at + 1] > SHORT_LENGTH)
    topic_end = topic_at + _two_bytes(raw, topic_at - 2)
    acknowledged = (first & 0x02) != 0
    packet_id = np.where(acknowledged, _two_bytes(raw, topic_end), 0)
    payload_at = topic_end + 2 * acknowledged
    plain = (first & 0xF4) == 0x30  # PUBLISH at QoS 0 or 1
    plain &= (first & 0x0A) != 0x08  # DUP only at QoS 1
    plain &= topic_end > topic_at
    plain &= acknowledged == (packet_id > 0)
    if level == MQTT_5:
        properties_at = payload_at + 1
        length = raw.take(payload_at, mode="clip")
        payload_at = properties_at + length
        plain &= (payload_at <= stop) & (length <= SHORT_LENGTH)
        _judge_properties(buffer, properties_at, payload_at, plain)
    plain &= payload_at <= stop
    odd: list[int] = np.flatnonzero(~plain).tolist()
    return PlainPublishes(odd, buffer, topic_at, topic_end, payload_at, stops, packet_id, (first & 0x01) != 0)


def _judge_properties(
    buffer: bytes, start: NDArray[np.int64], end: NDArray[np.int64], plain: NDArray[np.bool_]
) -> None:
    """Unset `plain` where the properties from `start` to `end` are not such as are passed over."""
    places = np.flatnonzero(plain & (end > start))
    if not len(places):
        return
    blocks = [buffer[low:high] for low, high in zip(start[places].tolist(), end[places].tolist(), strict=True)]
    refused = {block for block in set(blocks) if not _are_passed_over(block)}
    if refused:
        plain[places[[block in refused for block in blocks]]] = False


def _are_passed_over(block: bytes) -> bool:
    try:
        return topic_alias(block) == 0
    except ProtocolError:
        return False


def _two_bytes(raw: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """The 16-bit numbers at `at`; nonsense where that lies behind the end."""
    return raw.take(at, mode="clip").astype(np.int64) << 8 | raw.take(at + 1, mode="clip")


def check_topics(publishes: Publishes, since: int) -> None:
    """Judge the topics from the place `since` on, all at once; at a faulty one it and what follows are cut off.

    A topic is UTF-8 without U+0000 and without wildcards (3.1.1: 1.5.3, 4.7; 5: 1.5.4, 4.7), or ProtocolError.
    """
    topics = publishes.topic[since:] if since else publishes.topic
    if _are_good(b"/".join(topics)):
        return
    for place, topic in enumerate(topics, since):
        if not _are_good(topic):
            publishes.cut(place)
            raise ProtocolError(f"PUBLISH topic: expected UTF-8 without U+0000, + and #, got {topic[:100]!r}")


def _are_good(topics: bytes) -> bool:
    if any(byte in topics for byte in _WILDCARDS_AND_NUL):
        return False
    if topics.isascii():
        return True
    try:
        topics.decode()
    except UnicodeDecodeError:
        return False
    return True
