"""The broker's small packets: CONNACK, PUBACK, SUBACK, UNSUBACK, PINGRESP, DISCONNECT."""

from collections.abc import Callable
from typing import Final

from gateway.errors import ProtocolError
from gateway.mqtt.packets import (
    CONNACK_REASONS,
    MQTT_5,
    SUBACK_FAILURE,
    UNACCEPTABLE_PROTOCOL,
    Connack,
    ConnackProperties,
    Disconnect,
    PacketType,
    Received,
    Suback,
    Unsuback,
)
from gateway.mqtt.properties import Found, Property, read_length, read_properties

_SUBACK_CODES: Final = frozenset((0, 1, 2, SUBACK_FAILURE))  # 3.1.1: 3.9.3


def take_answer(first: int, body: bytes, level: int, received: Received) -> None:
    """Put a packet that is no PUBLISH where it belongs; ProtocolError for what a broker must not send."""
    take = _TAKERS.get(first >> 4)
    if take is None or (level != MQTT_5 and first >> 4 == PacketType.DISCONNECT):
        raise ProtocolError(f"packet type: expected what a broker may send to us, got {_name(first >> 4)}")
    if first & 0x0F:
        raise ProtocolError(f"{_name(first >> 4)} flags: expected 0, got {first & 0x0F}")
    take(body, level, received)


def _name(kind: int) -> str:
    return PacketType(kind).name if kind else "0"


def _connack(body: bytes, level: int, received: Received) -> None:
    """3.2."""
    old = level != MQTT_5 or body == bytes((0, UNACCEPTABLE_PROTOCOL))  # 3.1.1's answer to a CONNECT of MQTT 5
    if len(body) < 2 or (old and len(body) != 2):
        raise ProtocolError(f"CONNACK: expected {'2 bytes' if old else 'at least 3 bytes'}, got {len(body)}")
    flags, code = body[0], body[1]
    if flags > 1:
        raise ProtocolError(f"CONNACK flags: expected 0 or 1, got {flags}")
    if old and code and code not in CONNACK_REASONS:
        raise ProtocolError(f"CONNACK code: expected 0 to 5, got {code}")
    if flags and code:
        raise ProtocolError(f"CONNACK session present: expected 0 with the refusal {code}, got 1")
    properties = ConnackProperties() if old else _connack_properties(_whole(body, 2, "CONNACK"))
    received.answers.append(Connack(bool(flags), code, properties))


def _connack_properties(found: Found) -> ConnackProperties:
    def number(which: Property, absent: int) -> int:
        value = found.get(which, absent)
        return value if isinstance(value, int) else absent

    def maybe(which: Property) -> int | None:
        return number(which, 0) if which in found else None

    return ConnackProperties(
        session_expiry_s=maybe(Property.SESSION_EXPIRY_INTERVAL),
        receive_maximum=number(Property.RECEIVE_MAXIMUM, 65_535),
        maximum_qos=number(Property.MAXIMUM_QOS, 2),
        retain_available=bool(number(Property.RETAIN_AVAILABLE, 1)),
        maximum_packet_size=maybe(Property.MAXIMUM_PACKET_SIZE),
        server_keep_alive_s=maybe(Property.SERVER_KEEP_ALIVE),
        reason=_reason(found),
    )


def _puback(body: bytes, level: int, received: Received) -> None:
    """3.4; MQTT 5 may leave out a code of 0, and the properties."""
    packet_id = _packet_id(body, "PUBACK")
    if level != MQTT_5 and len(body) != 2:
        raise ProtocolError(f"PUBACK: expected 2 bytes, got {len(body)}")
    if len(body) > 3:
        _whole(body, 3, "PUBACK")
    received.pubacks.append((packet_id, body[2] if len(body) > 2 else 0))


def _suback(body: bytes, level: int, received: Received) -> None:
    """3.9."""
    packet_id = _packet_id(body, "SUBACK")
    found, at = _properties(body, 2, "SUBACK") if level == MQTT_5 else ({}, 2)
    codes = tuple(body[at:])
    if not codes:
        raise ProtocolError("SUBACK: expected at least 1 code, got 0")
    for code in codes:
        if level != MQTT_5 and code not in _SUBACK_CODES:
            raise ProtocolError(f"SUBACK code: expected 0, 1, 2 or 128, got {code}")
        if 2 < code < SUBACK_FAILURE:
            raise ProtocolError(f"SUBACK code: expected 0, 1, 2 or a refusal of 128 and above, got {code}")
    received.answers.append(Suback(packet_id, codes, _reason(found)))


def _unsuback(body: bytes, level: int, received: Received) -> None:
    """3.11."""
    packet_id = _packet_id(body, "UNSUBACK")
    if level != MQTT_5:
        if len(body) != 2:
            raise ProtocolError(f"UNSUBACK: expected 2 bytes, got {len(body)}")
        received.answers.append(Unsuback(packet_id))
        return
    found, at = _properties(body, 2, "UNSUBACK")
    if at == len(body):
        raise ProtocolError("UNSUBACK: expected at least 1 code, got 0")
    received.answers.append(Unsuback(packet_id, tuple(body[at:]), _reason(found)))


def _pingresp(body: bytes, _level: int, received: Received) -> None:
    """3.13."""
    if body:
        raise ProtocolError(f"PINGRESP: expected 0 bytes, got {len(body)}")
    received.pingresps += 1


def _disconnect(body: bytes, _level: int, received: Received) -> None:
    """5: 3.14; a code of 0 may be left out, and the properties."""
    found = _whole(body, 1, "DISCONNECT") if len(body) > 1 else {}
    received.answers.append(Disconnect(body[0] if body else 0, _reason(found)))


_TAKERS: Final[dict[int, Callable[[bytes, int, Received], None]]] = {
    PacketType.CONNACK: _connack,
    PacketType.PUBACK: _puback,
    PacketType.SUBACK: _suback,
    PacketType.UNSUBACK: _unsuback,
    PacketType.PINGRESP: _pingresp,
    PacketType.DISCONNECT: _disconnect,
}


def _packet_id(body: bytes, packet: str) -> int:
    if len(body) < 2:
        raise ProtocolError(f"{packet}: expected a packet id of 2 bytes, got {len(body)}")
    packet_id = body[0] << 8 | body[1]
    if not packet_id:
        raise ProtocolError(f"{packet} packet id: expected 1 to 65535, got 0")
    return packet_id


def _properties(body: bytes, at: int, packet: str) -> tuple[Found, int]:
    """The properties whose length stands at `at`, and where they end."""
    length, start = read_length(body, at, len(body), f"{packet} properties")
    end = start + length
    if end > len(body):
        raise ProtocolError(f"{packet} properties: expected {length} bytes, got {len(body) - start}")
    return read_properties(body[start:end], packet), end


def _whole(body: bytes, at: int, packet: str) -> Found:
    """Properties that must be the rest of the packet."""
    found, end = _properties(body, at, packet)
    if end != len(body):
        raise ProtocolError(f"{packet}: expected nothing behind its properties, got {len(body) - end} bytes")
    return found


def _reason(found: Found) -> str:
    return str(found.get(Property.REASON_STRING, ""))
