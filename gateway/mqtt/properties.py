"""MQTT 5 properties (2.2.2): read and checked, or written.

A property that is unknown, stands where it must not, comes twice or has an impossible value is a ProtocolError.  What
a receiver of telemetry has no use for is checked and passed over.

One rule is left to the broker: wildcards in a device's response topic (3.3.2.3.5).  Mosquitto 2.0 passes them on, and
delivers the message again after each connection that we would close over it, so one device could keep us out for good.
"""

import struct
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import Final

from gateway.errors import ProtocolError

MAX_STRING: Final = 65_535  # 1.5.4
SMALL_BLOCK: Final = 256  # bytes; the properties of one sender's messages are the same ones again and again
_BLOCKS_REMEMBERED: Final = 1_024

Value = int | str | bytes
Found = dict["Property", Value]


class Property(IntEnum):
    """Identifiers (table 2-4)."""

    PAYLOAD_FORMAT_INDICATOR = 1
    MESSAGE_EXPIRY_INTERVAL = 2
    CONTENT_TYPE = 3
    RESPONSE_TOPIC = 8
    CORRELATION_DATA = 9
    SUBSCRIPTION_IDENTIFIER = 11
    SESSION_EXPIRY_INTERVAL = 17
    ASSIGNED_CLIENT_IDENTIFIER = 18
    SERVER_KEEP_ALIVE = 19
    AUTHENTICATION_METHOD = 21
    AUTHENTICATION_DATA = 22
    REQUEST_PROBLEM_INFORMATION = 23
    WILL_DELAY_INTERVAL = 24
    REQUEST_RESPONSE_INFORMATION = 25
    RESPONSE_INFORMATION = 26
    SERVER_REFERENCE = 28
    REASON_STRING = 31
    RECEIVE_MAXIMUM = 33
    TOPIC_ALIAS_MAXIMUM = 34
    TOPIC_ALIAS = 35
    MAXIMUM_QOS = 36
    RETAIN_AVAILABLE = 37
    USER_PROPERTY = 38
    MAXIMUM_PACKET_SIZE = 39
    WILDCARD_SUBSCRIPTION_AVAILABLE = 40
    SUBSCRIPTION_IDENTIFIER_AVAILABLE = 41
    SHARED_SUBSCRIPTION_AVAILABLE = 42

    @property
    def words(self) -> str:
        """Its name as the standard writes it, in small letters."""
        return self.name.lower().replace("_", " ")


_P = Property
_WIDTH: Final = {  # bytes of a fixed-width integer; all others are told by the sets below
    **dict.fromkeys((_P.PAYLOAD_FORMAT_INDICATOR, _P.REQUEST_PROBLEM_INFORMATION, _P.REQUEST_RESPONSE_INFORMATION), 1),
    **dict.fromkeys((_P.MAXIMUM_QOS, _P.RETAIN_AVAILABLE, _P.WILDCARD_SUBSCRIPTION_AVAILABLE), 1),
    **dict.fromkeys((_P.SUBSCRIPTION_IDENTIFIER_AVAILABLE, _P.SHARED_SUBSCRIPTION_AVAILABLE), 1),
    **dict.fromkeys((_P.SERVER_KEEP_ALIVE, _P.RECEIVE_MAXIMUM, _P.TOPIC_ALIAS_MAXIMUM, _P.TOPIC_ALIAS), 2),
    **dict.fromkeys((_P.MESSAGE_EXPIRY_INTERVAL, _P.SESSION_EXPIRY_INTERVAL), 4),
    **dict.fromkeys((_P.WILL_DELAY_INTERVAL, _P.MAXIMUM_PACKET_SIZE), 4),
}
_BINARY: Final = frozenset((_P.CORRELATION_DATA, _P.AUTHENTICATION_DATA))
_REPEATABLE: Final = frozenset((_P.USER_PROPERTY, _P.SUBSCRIPTION_IDENTIFIER))  # passed over
_RANGE: Final = {  # 3.2.2.3, 3.3.2.3
    **dict.fromkeys((_P.RECEIVE_MAXIMUM, _P.TOPIC_ALIAS, _P.MAXIMUM_PACKET_SIZE), (1, 2**32 - 1)),
    **dict.fromkeys((_P.MAXIMUM_QOS, _P.RETAIN_AVAILABLE, _P.WILDCARD_SUBSCRIPTION_AVAILABLE), (0, 1)),
    **dict.fromkeys((_P.SUBSCRIPTION_IDENTIFIER_AVAILABLE, _P.SHARED_SUBSCRIPTION_AVAILABLE), (0, 1)),
}
_REASONED: Final = frozenset((_P.REASON_STRING, _P.USER_PROPERTY))
ALLOWED: Final = {  # what a broker may send to a client that asked for neither authentication nor response information
    "CONNACK": _REASONED
    | {_P.SESSION_EXPIRY_INTERVAL, _P.RECEIVE_MAXIMUM, _P.MAXIMUM_QOS, _P.RETAIN_AVAILABLE, _P.MAXIMUM_PACKET_SIZE}
    | {_P.ASSIGNED_CLIENT_IDENTIFIER, _P.TOPIC_ALIAS_MAXIMUM, _P.WILDCARD_SUBSCRIPTION_AVAILABLE, _P.SERVER_KEEP_ALIVE}
    | {_P.SUBSCRIPTION_IDENTIFIER_AVAILABLE, _P.SHARED_SUBSCRIPTION_AVAILABLE, _P.SERVER_REFERENCE},
    "PUBLISH": frozenset((_P.PAYLOAD_FORMAT_INDICATOR, _P.MESSAGE_EXPIRY_INTERVAL, _P.CONTENT_TYPE, _P.RESPONSE_TOPIC))
    | {_P.CORRELATION_DATA, _P.SUBSCRIPTION_IDENTIFIER, _P.TOPIC_ALIAS, _P.USER_PROPERTY},
    "PUBACK": _REASONED,
    "SUBACK": _REASONED,
    "UNSUBACK": _REASONED,
    "DISCONNECT": _REASONED | {_P.SERVER_REFERENCE},
}


def read_properties(block: bytes, packet: str) -> Found:
    """The properties in `block` (without their length) of a packet of that name, but for user properties and
    subscription identifiers, which are checked and passed over."""
    found: Found = {}
    allowed = ALLOWED[packet]
    at = 0
    while at < len(block):
        try:
            which = Property(block[at])
        except ValueError:
            raise ProtocolError(f"{packet} property: expected a known identifier, got {block[at]}") from None
        what = f"{packet} {which.words}"
        if which not in allowed:
            raise ProtocolError(f"{what}: expected none in this packet from a broker, got one")
        if which in found:
            raise ProtocolError(f"{what}: expected at most one, got two")
        value, at = _value(block, at + 1, which, what)
        if which not in _REPEATABLE:
            found[which] = value
    return found


def _value(block: bytes, at: int, which: Property, what: str) -> tuple[Value, int]:
    if which in _WIDTH:
        end = at + _WIDTH[which]
        if end > len(block):
            raise ProtocolError(f"{what}: expected {_WIDTH[which]} bytes, got {len(block) - at}")
        number = int.from_bytes(block[at:end], "big")
        low, high = _RANGE.get(which, (0, number))
        if not low <= number <= high:
            expected = "0 or 1" if high == 1 else "1 or more"
            raise ProtocolError(f"{what}: expected {expected}, got {number}")
        return number, end
    if which is Property.SUBSCRIPTION_IDENTIFIER:
        number, end = read_length(block, at, len(block), what)
        if not number:
            raise ProtocolError(f"{what}: expected 1 or more, got 0")
        return number, end
    raw, end = _sized(block, at, what)
    if which in _BINARY:
        return raw, end
    text = _text(raw, what)
    if which is Property.USER_PROPERTY:
        raw, end = _sized(block, end, what)
        _text(raw, what)
    return text, end


def _sized(block: bytes, at: int, what: str) -> tuple[bytes, int]:
    """Bytes behind their two-byte length, and where they end (1.5.6)."""
    start = at + 2
    if start > len(block):
        raise ProtocolError(f"{what}: expected a length of 2 bytes, got {len(block) - at}")
    end = start + (block[at] << 8 | block[at + 1])
    if end > len(block):
        raise ProtocolError(f"{what}: expected {end - start} bytes, got {len(block) - start}")
    return block[start:end], end


def _text(raw: bytes, what: str) -> str:
    """A UTF-8 string (1.5.4): well-formed, no surrogates, no U+0000."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise ProtocolError(f"{what}: expected UTF-8, got {raw[:100]!r}") from None
    if "\0" in text:
        raise ProtocolError(f"{what}: expected no U+0000, got {raw[:100]!r}")
    return text


def read_length(buffer: bytes, at: int, end: int, what: str) -> tuple[int, int]:
    """A variable byte integer that must lie before `end`, and where it ends (1.5.5)."""
    value = shift = 0
    for place in range(at, min(end, at + 4)):
        byte = buffer[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if not byte and shift:
                raise ProtocolError(f"{what}: expected a length in as few bytes as can be, got {place + 1 - at}")
            return value, place + 1
        shift += 7
    if end - at >= 4:
        raise ProtocolError(f"{what}: expected a length of at most 4 bytes, got more")
    raise ProtocolError(f"{what}: expected a length, got {max(0, end - at)} of its bytes")


def topic_alias(block: bytes) -> int:
    """The topic alias in the properties of a PUBLISH (3.3.2.3.4), 0 for none; the rest is checked and passed over."""
    return _small_alias(block) if len(block) <= SMALL_BLOCK else _alias(block)


def _alias(block: bytes) -> int:
    alias = read_properties(block, "PUBLISH").get(Property.TOPIC_ALIAS, 0)
    return alias if isinstance(alias, int) else 0


_small_alias = lru_cache(maxsize=_BLOCKS_REMEMBERED)(_alias)


def written(properties: Iterable[tuple[Property, int]]) -> bytes:
    """Properties with their length in front; only integers of fixed width, the others are never sent."""
    block = bytearray()
    for which, value in properties:
        low, high = _RANGE.get(which, (0, 0))[0], 256 ** _WIDTH[which] - 1
        if not low <= value <= high:
            raise ValueError(f"{which.words}: expected {low} to {high}, got {value}")
        block.append(which)
        block += value.to_bytes(_WIDTH[which], "big")
    return written_length(len(block)) + bytes(block)


def written_length(value: int) -> bytes:
    """A variable byte integer (1.5.5), 0 to 268,435,455.

    >>> written_length(0), written_length(127), written_length(128)
    (b'\\x00', b'\\x7f', b'\\x80\\x01')
    """
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def written_string(text: str) -> bytes:
    """A UTF-8 string with its length (1.5.4); ValueError where it must not be sent."""
    raw = text.encode()
    if len(raw) > MAX_STRING or b"\0" in raw:
        raise ValueError(f"string: expected at most {MAX_STRING} bytes without U+0000, got {len(raw)} bytes")
    return struct.pack(">H", len(raw)) + raw


def written_binary(data: bytes) -> bytes:
    """Binary data with its length (1.5.6)."""
    if len(data) > MAX_STRING:
        raise ValueError(f"binary data: expected at most {MAX_STRING} bytes, got {len(data)}")
    return struct.pack(">H", len(data)) + data
