"""What closes the connection, each with the exact words."""

import pytest

from gateway.errors import ProtocolError
from gateway.mqtt import codec
from gateway.mqtt.codec import MQTT_5, MQTT_311, Decoder, Received
from gateway.mqtt.properties import Property, read_properties
from tests.unit.gateway.mqtt.brokers_bytes import packet

BOUND = 1_000
TOPIC = "0001 61"

AT_BOTH = [  # (packet, error)
    (packet(0x34, TOPIC + "0001"), "PUBLISH QoS: expected 0 or 1 (what was subscribed), got 2"),
    (packet(0x36, TOPIC + "0001"), "PUBLISH QoS: expected 0 or 1 (what was subscribed), got 3"),
    (packet(0x38, TOPIC), "PUBLISH DUP: expected 0 at QoS 0, got 1"),
    (packet(0x30, ""), "PUBLISH: expected a topic, got 0 bytes"),
    (packet(0x30, "00"), "PUBLISH: expected a topic, got 1 bytes"),
    (packet(0x30, "0005 61"), "PUBLISH: expected 7 bytes for topic and packet id, got 3"),
    (packet(0x32, "0001 61"), "PUBLISH: expected 5 bytes for topic and packet id, got 3"),
    (packet(0x32, "0001 61 00"), "PUBLISH: expected 5 bytes for topic and packet id, got 4"),
    (packet(0x32, "0001 61 0000 00"), "PUBLISH packet id: expected 1 to 65535, got 0"),
    (packet(0x30, "0000 00"), "PUBLISH topic: expected at least 1 byte, got 0"),
    (packet(0x30, "0001 ff 00"), r"PUBLISH topic: expected UTF-8 without U+0000, + and #, got b'\xff'"),
    (packet(0x30, "0003 eda080 00"), r"PUBLISH topic: expected UTF-8 without U+0000, + and #, got b'\xed\xa0\x80'"),
    (packet(0x30, "0002 6100 00"), r"PUBLISH topic: expected UTF-8 without U+0000, + and #, got b'a\x00'"),
    (packet(0x30, "0003 612f2b 00"), "PUBLISH topic: expected UTF-8 without U+0000, + and #, got b'a/+'"),
    (packet(0x30, "0003 612f23 00"), "PUBLISH topic: expected UTF-8 without U+0000, + and #, got b'a/#'"),
    (b"\x30\xff\xff\xff\xff\x01", "remaining length: expected at most 4 bytes, got more"),
    (b"\x90\xff\xff\x7f", "packet: expected at most 1000 bytes, got 2097151"),
    (b"\x34\xff\xff\x7f", "PUBLISH QoS: expected 0 or 1 (what was subscribed), got 2"),
    (packet(0x30, "07ff" + "61" * 1000), "PUBLISH: expected 2049 bytes for topic and packet id, got 1002"),
    (packet(0x32, b"\x00\x01a\x00\x00\x00" + b"x" * 1000), "PUBLISH packet id: expected 1 to 65535, got 0"),
    (b"\x00\x00", "packet type: expected what a broker may send to us, got 0"),
    (b"\x10\x00", "packet type: expected what a broker may send to us, got CONNECT"),
    (b"\x50\x02\x00\x01", "packet type: expected what a broker may send to us, got PUBREC"),
    (b"\x62\x02\x00\x01", "packet type: expected what a broker may send to us, got PUBREL"),
    (b"\x70\x02\x00\x01", "packet type: expected what a broker may send to us, got PUBCOMP"),
    (b"\x82\x00", "packet type: expected what a broker may send to us, got SUBSCRIBE"),
    (b"\xa2\x00", "packet type: expected what a broker may send to us, got UNSUBSCRIBE"),
    (b"\xc0\x00", "packet type: expected what a broker may send to us, got PINGREQ"),
    (b"\xf0\x00", "packet type: expected what a broker may send to us, got AUTH"),
    (b"\x21\x02\x00\x00", "CONNACK flags: expected 0, got 1"),
    (b"\x44\x02\x00\x01", "PUBACK flags: expected 0, got 4"),
    (b"\x92\x03\x00\x01\x00", "SUBACK flags: expected 0, got 2"),
    (b"\xb2\x02\x00\x01", "UNSUBACK flags: expected 0, got 2"),
    (b"\xd8\x00", "PINGRESP flags: expected 0, got 8"),
    (b"\xd0\x01\x00", "PINGRESP: expected 0 bytes, got 1"),
    (b"\x40\x01\x00", "PUBACK: expected a packet id of 2 bytes, got 1"),
    (b"\x40\x02\x00\x00", "PUBACK packet id: expected 1 to 65535, got 0"),
    (b"\x90\x00", "SUBACK: expected a packet id of 2 bytes, got 0"),
    (b"\x90\x04\x00\x00\x00\x00", "SUBACK packet id: expected 1 to 65535, got 0"),
    (b"\xb0\x01\x00", "UNSUBACK: expected a packet id of 2 bytes, got 1"),
    (b"\xb0\x04\x00\x00\x00\x00", "UNSUBACK packet id: expected 1 to 65535, got 0"),
]
AT_311 = [
    (b"\x20\x03\x00\x00\x00", "CONNACK: expected 2 bytes, got 3"),
    (b"\x20\x01\x00", "CONNACK: expected 2 bytes, got 1"),
    (b"\x20\x02\x02\x00", "CONNACK flags: expected 0 or 1, got 2"),
    (b"\x20\x02\x00\x06", "CONNACK code: expected 0 to 5, got 6"),
    (b"\x20\x02\x01\x05", "CONNACK session present: expected 0 with the refusal 5, got 1"),
    (b"\x40\x03\x00\x01\x00", "PUBACK: expected 2 bytes, got 3"),
    (b"\x90\x02\x00\x01", "SUBACK: expected at least 1 code, got 0"),
    (b"\x90\x03\x00\x01\x81", "SUBACK code: expected 0, 1, 2 or 128, got 129"),
    (b"\xb0\x03\x00\x01\x00", "UNSUBACK: expected 2 bytes, got 3"),
    (b"\xe0\x00", "packet type: expected what a broker may send to us, got DISCONNECT"),
]
AT_5 = [
    (b"\x30\x85\x00", "remaining length: expected as few bytes as can be, got 2"),
    (b"\x20\x01\x00", "CONNACK: expected at least 3 bytes, got 1"),
    (b"\x20\x02\x00\x00", "CONNACK properties: expected a length, got 0 of its bytes"),
    (packet(0x20, "01 87", ""), "CONNACK session present: expected 0 with the refusal 135, got 1"),
    (packet(0x20, "02 00", ""), "CONNACK flags: expected 0 or 1, got 2"),
    (packet(0x20, "00 00", "", "00"), "CONNACK: expected nothing behind its properties, got 1 bytes"),
    (packet(0x20, "00 00 05 24"), "CONNACK properties: expected 5 bytes, got 1"),
    (packet(0x20, "00 00", "21 0000"), "CONNACK receive maximum: expected 1 or more, got 0"),
    (packet(0x20, "00 00", "27 00000000"), "CONNACK maximum packet size: expected 1 or more, got 0"),
    (packet(0x20, "00 00", "24 02"), "CONNACK maximum qos: expected 0 or 1, got 2"),
    (packet(0x20, "00 00", "25 02"), "CONNACK retain available: expected 0 or 1, got 2"),
    (packet(0x20, "00 00", "28 02"), "CONNACK wildcard subscription available: expected 0 or 1, got 2"),
    (packet(0x20, "00 00", "29 02"), "CONNACK subscription identifier available: expected 0 or 1, got 2"),
    (packet(0x20, "00 00", "2a 02"), "CONNACK shared subscription available: expected 0 or 1, got 2"),
    (
        packet(0x20, "00 00", "15 0001 61"),
        "CONNACK authentication method: expected none in this packet from a broker, got one",
    ),
    (
        packet(0x20, "00 00", "1a 0001 61"),
        "CONNACK response information: expected none in this packet from a broker, got one",
    ),
    (packet(0x20, "00 00", "1f 0001 61 1f 0001 61"), "CONNACK reason string: expected at most one, got two"),
    (packet(0x40, "0001 10 00 00"), "PUBACK: expected nothing behind its properties, got 1 bytes"),
    (packet(0x40, "0001 10", "23 0001"), "PUBACK topic alias: expected none in this packet from a broker, got one"),
    (packet(0x90, "0001"), "SUBACK properties: expected a length, got 0 of its bytes"),
    (packet(0x90, "0001", ""), "SUBACK: expected at least 1 code, got 0"),
    (packet(0x90, "0001", "", "03"), "SUBACK code: expected 0, 1, 2 or a refusal of 128 and above, got 3"),
    (packet(0xB0, "0001", ""), "UNSUBACK: expected at least 1 code, got 0"),
    (
        packet(0xE0, "00", "11 00000001"),
        "DISCONNECT session expiry interval: expected none in this packet from a broker, got one",
    ),
    (packet(0xE0, "00", "", "00"), "DISCONNECT: expected nothing behind its properties, got 1 bytes"),
    (packet(0x30, TOPIC), "PUBLISH properties: expected a length, got 0 of its bytes"),
    (packet(0x30, TOPIC + "80"), "PUBLISH properties: expected a length, got 1 of its bytes"),
    (packet(0x30, TOPIC + "8000"), "PUBLISH properties: expected a length in as few bytes as can be, got 2"),
    (packet(0x30, TOPIC + "80808080"), "PUBLISH properties: expected a length of at most 4 bytes, got more"),
    (packet(0x30, TOPIC + "05 01"), "PUBLISH properties: expected 5 bytes, got 1"),
    (packet(0x30, TOPIC, "00"), "PUBLISH property: expected a known identifier, got 0"),
    (packet(0x30, TOPIC, "7f"), "PUBLISH property: expected a known identifier, got 127"),
    (packet(0x30, TOPIC, "81 01"), "PUBLISH property: expected a known identifier, got 129"),
    (packet(0x30, TOPIC, "01 01 01 01"), "PUBLISH payload format indicator: expected at most one, got two"),
    (packet(0x30, TOPIC, "02 0000"), "PUBLISH message expiry interval: expected 4 bytes, got 2"),
    (packet(0x30, TOPIC, "03 00"), "PUBLISH content type: expected a length of 2 bytes, got 1"),
    (packet(0x30, TOPIC, "03 0002 61"), "PUBLISH content type: expected 2 bytes, got 1"),
    (packet(0x30, TOPIC, "03 0001 ff"), r"PUBLISH content type: expected UTF-8, got b'\xff'"),
    (packet(0x30, TOPIC, "03 0001 00"), r"PUBLISH content type: expected no U+0000, got b'\x00'"),
    (packet(0x30, TOPIC, "08 0003 612f"), "PUBLISH response topic: expected 3 bytes, got 2"),
    (packet(0x30, TOPIC, "09 0002 61"), "PUBLISH correlation data: expected 2 bytes, got 1"),
    (packet(0x30, TOPIC, "0b 00"), "PUBLISH subscription identifier: expected 1 or more, got 0"),
    (packet(0x30, TOPIC, "0b 80"), "PUBLISH subscription identifier: expected a length, got 1 of its bytes"),
    (packet(0x30, TOPIC, "26 0001 61"), "PUBLISH user property: expected a length of 2 bytes, got 0"),
    (packet(0x30, TOPIC, "26 0001 61 0001 ff"), r"PUBLISH user property: expected UTF-8, got b'\xff'"),
    (packet(0x30, TOPIC, "23 0000"), "PUBLISH topic alias: expected 1 or more, got 0"),
    (packet(0x30, TOPIC, "23 0001"), "PUBLISH topic alias: expected none, got 1"),
    (packet(0x30, "0000", "23 0001"), "PUBLISH topic alias: expected none, got 1"),
    (
        packet(0x30, b"\x00\x01a\x80\x80\x80\x80" + b"x" * 1000),
        "PUBLISH properties: expected a length of at most 4 bytes, got more",
    ),
    (packet(0x30, b"\x00\x01a\xff\x7f" + b"x" * 1000), "PUBLISH properties: expected 16383 bytes, got 1000"),
]
CASES = [(level, *case) for level in (MQTT_311, MQTT_5) for case in AT_BOTH]
CASES += [(MQTT_311, *case) for case in AT_311] + [(MQTT_5, *case) for case in AT_5]


def feed(decoder: Decoder, data: bytes, piece: int, received: Received) -> None:
    for start in range(0, len(data), piece):
        decoder.feed(data[start : start + piece], received)


def fault(data: bytes, level: int, *, aliases: int = 0, piece: int = 1_000_000) -> str:
    decoder, received = Decoder(BOUND, level, topic_alias_maximum=aliases), Received()
    with pytest.raises(ProtocolError) as caught:
        feed(decoder, data, piece, received)
    assert not received.publishes.topic or received.publishes.topic == [b"good"] * len(received.publishes)
    return str(caught.value)


@pytest.mark.parametrize(("level", "data", "message"), CASES)
def test_a_fault_is_named(level: int, data: bytes, message: str) -> None:
    """Alone, byte by byte, and among many good messages, which are read in columns."""
    good = codec.publish("good", b"1", level=level)
    assert fault(data, level) == message
    assert fault(data, level, piece=1) == message
    assert fault(good * 100 + data + good * 100, level) == message


def test_what_a_device_may_get_past_its_broker_does_not_cut_us_off() -> None:
    """Mosquitto 2.0.11 delivers each of these, and would again and again."""
    for properties in ("08 0003 612f23", "08 0000", "01 02", "09 0000"):
        assert Decoder(BOUND, MQTT_5).feed(packet(0x30, TOPIC, properties, b"1")).publishes.payload == [b"1"]


@pytest.mark.parametrize(("alias", "message"), [(2, "at most 1, got 2"), (1, "one that was told before, got 1")])
def test_aliases_that_mean_nothing_are_named(alias: int, message: str) -> None:
    data = packet(0x30, "0000", f"23 {alias:04x}")
    assert fault(data, MQTT_5, aliases=1) == f"PUBLISH topic alias: expected {message}"


def test_the_first_of_two_faults_is_told() -> None:
    topic_fault, flag_fault = packet(0x30, "0001 2b 00"), packet(0x34, TOPIC)
    good = codec.publish("good", b"1")
    for many in (1, 100):
        assert "PUBLISH topic" in fault(good * many + topic_fault + good * many + flag_fault, MQTT_311)
        assert "PUBLISH QoS" in fault(good * many + flag_fault + good * many + topic_fault, MQTT_311)


@pytest.mark.parametrize("which", list(Property))
def test_a_property_is_known_in_the_packets_where_the_standard_has_it(which: Property) -> None:
    """Table 2-4, for what a broker sends to a client that asked for no authentication and no response information."""
    told = {
        "CONNACK": {17, 18, 19, 28, 31, 33, 34, 36, 37, 38, 39, 40, 41, 42},
        "PUBLISH": {1, 2, 3, 8, 9, 11, 35, 38},
        "PUBACK": {31, 38},
        "SUBACK": {31, 38},
        "UNSUBACK": {31, 38},
        "DISCONNECT": {28, 31, 38},
    }
    for name, allowed in told.items():
        with pytest.raises(ProtocolError) as caught:
            read_properties(bytes((which,)), name)
        assert ("expected none in this packet" in str(caught.value)) == (which not in allowed)


def test_at_3_1_1_a_length_may_be_written_in_more_bytes_than_it_needs() -> None:
    """The standard says so of MQTT 5 alone (1.5.5)."""
    data = codec.publish("good", b"1")
    longer = data[:1] + bytes((data[1] | 0x80, 0)) + data[2:]
    assert Decoder(BOUND).feed((data + longer) * 100).publishes.topic == [b"good"] * 200
