"""What travels over MQTT, as values: the kinds of packets, the broker's answers, messages in columns.

Sources: OASIS MQTT Version 3.1.1 (2014) and MQTT Version 5.0 (2019); section numbers beside each rule.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

MQTT_311: Final = 4  # the protocol level in CONNECT (3.1.2.2)
MQTT_5: Final = 5
MAX_REMAINING_LENGTH: Final = 268_435_455  # 3.1.1: 2.2.3; 5: 1.5.5
SUBACK_FAILURE: Final = 0x80  # 3.1.1: the one refusal; 5: refusals are this and above
UNACCEPTABLE_PROTOCOL: Final = 0x01  # 3.1.1: 3.2.2.3
UNSUPPORTED_PROTOCOL: Final = 0x84  # 5: 3.2.2.2
SESSION_TAKEN_OVER: Final = 0x8E  # 5: 3.14.2.1


class PacketType(IntEnum):
    """The upper four bits of a packet's first byte (2.2.1; 5: 2.1.2)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


CONNACK_REASONS: Final = {  # 3.1.1: 3.2.2.3
    1: "unacceptable protocol version",
    2: "client id rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorised",
}
REASONS: Final = {  # 5: 2.4
    0x00: "success",
    0x04: "disconnect with will message",
    0x10: "no matching subscribers",
    0x11: "no subscription existed",
    0x80: "unspecified error",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x83: "implementation specific error",
    0x84: "unsupported protocol version",
    0x85: "client id not valid",
    0x86: "bad user name or password",
    0x87: "not authorised",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8B: "server shutting down",
    0x8C: "bad authentication method",
    0x8D: "keep alive timeout",
    0x8E: "session taken over",
    0x8F: "topic filter invalid",
    0x90: "topic name invalid",
    0x91: "packet id in use",
    0x92: "packet id not found",
    0x93: "receive maximum exceeded",
    0x94: "topic alias invalid",
    0x95: "packet too large",
    0x96: "message rate too high",
    0x97: "quota exceeded",
    0x98: "administrative action",
    0x99: "payload format invalid",
    0x9A: "retain not supported",
    0x9B: "QoS not supported",
    0x9C: "use another server",
    0x9D: "server moved",
    0x9E: "shared subscriptions not supported",
    0x9F: "connection rate exceeded",
    0xA0: "maximum connect time",
    0xA1: "subscription identifiers not supported",
    0xA2: "wildcard subscriptions not supported",
}


def reason_text(code: int) -> str:
    """A code of a CONNACK, SUBACK, UNSUBACK, PUBACK or DISCONNECT in words, at either level.

    >>> reason_text(5), reason_text(0x87), reason_text(0x42)
    ('not authorised', 'not authorised', 'code 66')
    """
    return CONNACK_REASONS.get(code) or REASONS.get(code) or f"code {code}"


@dataclass(frozen=True, slots=True)
class ConnackProperties:
    """What the broker says of itself (5: 3.2.2.3); None: it left that to us."""

    session_expiry_s: int | None = None
    receive_maximum: int = 65_535
    maximum_qos: int = 2
    retain_available: bool = True
    maximum_packet_size: int | None = None  # bytes
    server_keep_alive_s: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Connack:
    """The broker's answer to CONNECT; `code` 0 is yes.  At 3.1.1 `properties` are the defaults."""

    session_present: bool
    code: int
    properties: ConnackProperties = ConnackProperties()

    @property
    def refuses_level(self) -> bool:
        """Whether the broker does not speak our protocol level: another one may do."""
        return self.code in (UNACCEPTABLE_PROTOCOL, UNSUPPORTED_PROTOCOL)


@dataclass(frozen=True, slots=True)
class Suback:
    """The broker's answer to SUBSCRIBE: the granted QoS per filter, or a refusal (`SUBACK_FAILURE` and above)."""

    packet_id: int
    codes: tuple[int, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unsuback:
    """The broker's answer to UNSUBSCRIBE; `codes` per filter, none at 3.1.1."""

    packet_id: int
    codes: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The broker ends the connection (MQTT 5 only); `reason` is its own text, `reason_text(code)` ours."""

    code: int
    reason: str = ""


Answer = Connack | Suback | Unsuback | Disconnect


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

    def cut(self, size: int) -> "Publishes":
        """Keep the packets before the place `size`; the others."""
        rest = Publishes(self.topic[size:], self.payload[size:], self.packet_id[size:], self.retain[size:])
        del self.topic[size:], self.payload[size:], self.packet_id[size:], self.retain[size:]
        return rest


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


@dataclass(slots=True)
class Received:
    """What one read brought: columns of PUBLISH, the broker's answers in order, PINGRESPs, and the PUBACKs of what we
    published as (packet id, reason code)."""

    publishes: Publishes = field(default_factory=Publishes)
    answers: list[Answer] = field(default_factory=list)
    pingresps: int = 0
    oversized: list[Oversized] = field(default_factory=list)
    pubacks: list[tuple[int, int]] = field(default_factory=list)
