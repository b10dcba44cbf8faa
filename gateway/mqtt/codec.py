"""The MQTT wire, 3.1.1 and 5: our packets to bytes; the decoder's names are given here too.  No I/O, no clock.

    session ─▶ connect, subscribe, pubacks, … ─▶ bytes          bytes ─▶ Decoder.feed ─▶ Received ─▶ session

`level` is the protocol level, `MQTT_311` or `MQTT_5`.  What must not be sent is a ValueError.
Sources: OASIS MQTT Version 3.1.1 (2014) and MQTT Version 5.0 (2019), section numbers beside each packet; the numbers
are the same in both but where "5:" stands before one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.mqtt.decoder import Decoder
from gateway.mqtt.packets import (
    CONNACK_REASONS,
    MAX_REMAINING_LENGTH,
    MQTT_5,
    MQTT_311,
    REASONS,
    SESSION_TAKEN_OVER,
    SUBACK_FAILURE,
    Answer,
    Connack,
    ConnackProperties,
    Disconnect,
    Oversized,
    PacketType,
    Publishes,
    Received,
    Suback,
    Unsuback,
    reason_text,
)
from gateway.mqtt.properties import Property, written, written_binary, written_length, written_string

__all__ = [
    "CONNACK_REASONS",
    "DISCONNECT_WITH_WILL",
    "MQTT_5",
    "MQTT_311",
    "REASONS",
    "SESSION_TAKEN_OVER",
    "SUBACK_FAILURE",
    "Answer",
    "Connack",
    "ConnackProperties",
    "Decoder",
    "Disconnect",
    "Oversized",
    "PacketType",
    "Publishes",
    "Received",
    "Suback",
    "Unsuback",
    "Will",
    "connect",
    "disconnect",
    "pingreq",
    "pubacks",
    "publish",
    "reason_text",
    "subscribe",
    "unsubscribe",
]

DISCONNECT_WITH_WILL: Final = 0x04  # 5: 3.14.2.1: the broker publishes our Will all the same
_PUBACK: Final = np.uint32(0x4002_0000)  # type, length 2 and room for the packet id
_U16: Final = 65_535


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes for us when we are gone without a DISCONNECT (3.1.2.5).

    `delay_s` (MQTT 5 only): how long it waits for us to come back.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    delay_s: int = 0


def connect(
    client_id: str,
    *,
    level: int = MQTT_311,
    keep_alive_s: int,
    user: str = "",
    password: str = "",
    clean: bool = False,
    session_expiry_s: int = 0,
    receive_maximum: int | None = None,
    max_packet_bytes: int | None = None,
    topic_alias_maximum: int = 0,
    will: Will | None = None,
) -> bytes:
    """CONNECT (3.1).

    `clean` forgets an earlier session.  At 3.1.1 the session then ends with the connection, else it stays; at MQTT 5
    it stays for `session_expiry_s` after the connection's end either way.  `receive_maximum`, `max_packet_bytes` and
    `topic_alias_maximum` are announced at MQTT 5 alone; a broker discards silently what is above `max_packet_bytes`.
    """
    flags = (0x80 if user else 0) | (0x40 if password else 0) | (0x02 if clean else 0)
    if will is not None:
        flags |= 0x04 | _at_most(will.qos, 2, "Will QoS") << 3 | (0x20 if will.retain else 0)
    if password and not user and level != MQTT_5:
        raise ValueError("password: expected a user with it (3.1.1: 3.1.2.9), got none")
    if not client_id and not clean and level != MQTT_5:
        raise ValueError("client id: expected some text for a session that stays (3.1.1: 3.1.3.1), got none")
    body = written_string("MQTT") + bytes((level, flags)) + _two_bytes(keep_alive_s, "keep alive")
    if level == MQTT_5:
        announced = (
            (Property.SESSION_EXPIRY_INTERVAL, session_expiry_s or None),
            (Property.RECEIVE_MAXIMUM, receive_maximum),
            (Property.TOPIC_ALIAS_MAXIMUM, topic_alias_maximum or None),
            (Property.MAXIMUM_PACKET_SIZE, max_packet_bytes),
        )
        body += written((which, value) for which, value in announced if value is not None)
    body += written_string(client_id)
    if will is not None:
        if level == MQTT_5:
            body += written([(Property.WILL_DELAY_INTERVAL, will.delay_s)] if will.delay_s else [])
        body += written_string(_topic(will.topic)) + written_binary(will.payload)
    body += written_string(user) if user else b""
    body += written_string(password) if password else b""
    return _packet(PacketType.CONNECT, body)


def subscribe(packet_id: int, filters: Sequence[str], qos: int = 1, *, level: int = MQTT_311) -> bytes:
    """SUBSCRIBE (3.8) to all filters at one QoS; at MQTT 5 with the options whose meaning is 3.1.1's."""
    option = bytes((_at_most(qos, 1, "QoS"),))
    body = b"".join([written_string(_filter(name)) + option for name in _some(filters)])
    return _packet(PacketType.SUBSCRIBE, _packet_id(packet_id) + _no_properties(level) + body, 0x02)


def unsubscribe(packet_id: int, filters: Sequence[str], *, level: int = MQTT_311) -> bytes:
    """UNSUBSCRIBE (3.10)."""
    body = b"".join([written_string(_filter(name)) for name in _some(filters)])
    return _packet(PacketType.UNSUBSCRIBE, _packet_id(packet_id) + _no_properties(level) + body, 0x02)


def publish(
    topic: str,
    payload: bytes,
    *,
    packet_id: int = 0,
    retain: bool = False,
    again: bool = False,
    level: int = MQTT_311,
) -> bytes:
    """PUBLISH (3.3) at QoS 1 with a packet id, else at QoS 0; `again` (DUP): it was sent before, at QoS 1."""
    if again and not packet_id:
        raise ValueError("DUP: expected a packet id with it (3.3.1.1), got none")
    flags = (0x08 if again else 0) | (0x02 if packet_id else 0) | (0x01 if retain else 0)
    head = written_string(_topic(topic)) + (_packet_id(packet_id) if packet_id else b"")
    return _packet(PacketType.PUBLISH, head + _no_properties(level) + payload, flags)


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """PUBACK (3.4) with success for each id as the decoder gave it, in order, as one piece of bytes.

    The same at both levels: MQTT 5 leaves out a code of 0.

    >>> pubacks([1, 258])
    b'@\\x02\\x00\\x01@\\x02\\x01\\x02'
    """
    return (np.array(packet_ids, ">u4") | _PUBACK).astype(">u4").tobytes()


def pingreq() -> bytes:
    """PINGREQ (3.12)."""
    return b"\xc0\x00"


def disconnect(*, level: int = MQTT_311, code: int = 0, session_expiry_s: int | None = None) -> bytes:
    """DISCONNECT (3.14); MQTT 5 carries a reason code, and another session expiry than CONNECT's where it is given."""
    if level != MQTT_5 or (not code and session_expiry_s is None):
        return b"\xe0\x00"
    expiry = [] if session_expiry_s is None else [(Property.SESSION_EXPIRY_INTERVAL, session_expiry_s)]
    return _packet(PacketType.DISCONNECT, bytes((code,)) + (written(expiry) if expiry else b""))


def _packet(kind: PacketType, body: bytes, flags: int = 0) -> bytes:
    if len(body) > MAX_REMAINING_LENGTH:
        raise ValueError(f"packet body: expected at most {MAX_REMAINING_LENGTH} bytes, got {len(body)}")
    return bytes((kind << 4 | flags,)) + written_length(len(body)) + body


def _no_properties(level: int) -> bytes:
    return b"\x00" if level == MQTT_5 else b""


def _two_bytes(number: int, what: str) -> bytes:
    return _at_most(number, _U16, what).to_bytes(2, "big")


def _packet_id(packet_id: int) -> bytes:
    if not packet_id:
        raise ValueError("packet id: expected 1 to 65535, got 0")
    return _two_bytes(packet_id, "packet id")


def _at_most(number: int, most: int, what: str) -> int:
    if not 0 <= number <= most:
        raise ValueError(f"{what}: expected 0 to {most}, got {number}")
    return number


def _topic(topic: str) -> str:
    if not topic or "+" in topic or "#" in topic:
        raise ValueError(f"topic: expected some text without + and #, got {topic!r}")
    return topic


def _filter(name: str) -> str:
    if not name:
        raise ValueError("filter: expected some text, got none")
    return name


def _some(filters: Sequence[str]) -> Sequence[str]:
    if not filters:
        raise ValueError("filters: expected at least 1, got 0")
    return filters
