"""The stream decoder: answers and messages at both levels, aliases, what is too long, every prefix of every packet."""

import hashlib
import tracemalloc

import pytest

from gateway.errors import ProtocolError
from gateway.mqtt import codec
from gateway.mqtt.codec import (
    MQTT_5,
    MQTT_311,
    Connack,
    ConnackProperties,
    Decoder,
    Disconnect,
    Received,
    Suback,
    Unsuback,
)
from tests.unit.gateway.mqtt.brokers_bytes import packet

MAX = 1_048_576
LEVELS = pytest.mark.parametrize("level", [MQTT_311, MQTT_5])
CONNACK_OF_ALL = packet(  # every property that a broker may tell us, in table 2-4's order
    0x20,
    "01 00",
    "11 00000e10 12 0002 4944 13 003c 1c 0002 7372 1f 0002 6869 21 03e8 22 000a 24 01 25 00"
    "26 0001 61 0001 62 26 0001 61 0001 63 27 00100000 28 01 29 00 2a 00",
)
PUBLISH_OF_ALL = packet(  # with every property but the alias, two subscription identifiers, two user properties
    0x33,
    "0003 612f62 0007",
    "01 01 02 0000003c 03 0001 63 08 0001 72 09 0002 ff00 0b 01 0b 8001 26 0001 61 0001 62 26 0001 61 0001 62",
    b"1",
)
PACKETS_311 = [
    codec.publish("telemetry/a/b", b"1", packet_id=3),
    codec.publish("telemetry/a/b", b"", retain=True),
    codec.publish("telemetry/a/b", b"x" * 300),
    codec.publish("telemetry/a/b", b"x" * 17_000, packet_id=9),
    b"\x20\x02\x01\x00",
    b"\x40\x02\x00\x09",
    b"\x90\x03\x00\x02\x01",
    b"\xb0\x02\x00\x05",
    b"\xd0\x00",
]
PACKETS_5 = [
    codec.publish("telemetry/a/b", b"1", packet_id=3, level=MQTT_5),
    codec.publish("telemetry/a/b", b"x" * 17_000, level=MQTT_5),
    PUBLISH_OF_ALL,
    CONNACK_OF_ALL,
    b"\x20\x02\x00\x01",
    b"\x40\x02\x00\x09",
    b"\x40\x03\x00\x09\x10",
    b"\x90\x04\x00\x02\x00\x01",
    b"\xb0\x04\x00\x05\x00\x11",
    b"\xd0\x00",
    b"\xe0\x00",
    b"\xe0\x01\x8e",
]


def decoded(data: bytes, level: int = MQTT_311, *, maximum: int = MAX, aliases: int = 0) -> Received:
    return Decoder(maximum, level, topic_alias_maximum=aliases).feed(data)


@pytest.mark.parametrize(
    ("level", "data"), [(MQTT_311, data) for data in PACKETS_311] + [(MQTT_5, data) for data in PACKETS_5]
)
def test_every_prefix_waits_for_more(level: int, data: bytes) -> None:
    whole = decoded(data, level)
    assert whole != Received()
    for end in range(0, len(data), 1 if len(data) < 1000 else 997):
        decoder = Decoder(MAX, level)
        assert decoder.feed(data[:end]) == Received()
        assert decoder.feed(data[end:]) == whole


@LEVELS
def test_messages_become_columns_whatever_their_number(level: int) -> None:
    for count in (1, 63, 64, 500):
        stream = b"".join(
            codec.publish(f"telemetry/{n}", b"p" * (n % 150), packet_id=n % 2 * n, retain=n % 7 == 0, level=level)
            for n in range(count)
        )
        got = decoded(stream, level).publishes
        assert got.topic == [b"telemetry/%d" % n for n in range(count)]
        assert got.payload == [b"p" * (n % 150) for n in range(count)]
        assert got.packet_id == [n % 2 * n for n in range(count)]
        assert got.retain == [n % 7 == 0 for n in range(count)]


def test_answers_of_3_1_1() -> None:
    received = decoded(
        b"\x20\x02\x00\x05" + b"\x90\x04\x00\x02\x01\x80" + b"\xb0\x02\x00\x05" + b"\xd0\x00" + b"\x40\x02\x01\x00"
    )
    assert received.answers == [Connack(False, 5), Suback(2, (1, 0x80)), Unsuback(5)]
    assert (received.pingresps, received.pubacks) == (1, [(256, 0)])


def test_answers_of_5() -> None:
    suback = packet(0x90, "0002", "1f 0003 737562", "01 87")
    unsuback = packet(0xB0, "0005", "1f 0002 756e", "11")
    pubacks = packet(0x40, "0100") + packet(0x40, "0101 10") + packet(0x40, "0102 97", "1f 0001 71")
    goodbye = packet(0xE0, "") + packet(0xE0, "8e") + packet(0xE0, "9c", "1f 0002 6869 1c 0002 7372")
    received = decoded(CONNACK_OF_ALL + suback + unsuback + pubacks + goodbye, MQTT_5)
    said = ConnackProperties(
        session_expiry_s=3_600,
        receive_maximum=1_000,
        maximum_qos=1,
        retain_available=False,
        maximum_packet_size=1_048_576,
        server_keep_alive_s=60,
        reason="hi",
    )
    assert received.answers == [
        Connack(True, 0, said),
        Suback(2, (1, 0x87), "sub"),
        Unsuback(5, (0x11,), "un"),
        Disconnect(0),
        Disconnect(codec.SESSION_TAKEN_OVER),
        Disconnect(0x9C, "hi"),
    ]
    assert received.pubacks == [(256, 0), (257, 0x10), (258, 0x97)]


def test_a_broker_of_3_1_1_refuses_a_connect_of_5_in_its_own_form() -> None:
    """As NATS 2.15 does: `20 02 00 01`, then it closes."""
    (connack,) = decoded(b"\x20\x02\x00\x01", MQTT_5).answers
    assert isinstance(connack, Connack)
    assert connack.refuses_level
    (connack,) = decoded(b"\x20\x03\x00\x84\x00", MQTT_5).answers
    assert isinstance(connack, Connack)
    assert connack.refuses_level


def test_properties_of_a_message_are_passed_over() -> None:
    for stream in (PUBLISH_OF_ALL, PUBLISH_OF_ALL * 100):
        got = decoded(stream, MQTT_5).publishes
        assert (set(got.topic), set(got.payload), set(got.packet_id), set(got.retain)) == (
            {b"a/b"},
            {b"1"},
            {7},
            {True},
        )


def with_alias(topic: bytes, alias: int, payload: bytes = b"1") -> bytes:
    return packet(0x30, len(topic).to_bytes(2, "big") + topic, b"\x23" + alias.to_bytes(2, "big"), payload)


def test_topic_aliases_within_what_was_announced() -> None:
    stream = with_alias(b"a", 1) + with_alias(b"b", 2) + with_alias(b"", 1) + with_alias(b"c", 1) + with_alias(b"", 1)
    stream += codec.publish("d", b"", level=MQTT_5) * 200 + with_alias(b"", 2)
    assert decoded(stream, MQTT_5, aliases=2).publishes.topic == [b"a", b"b", b"a", b"c", b"c", *[b"d"] * 200, b"b"]


@LEVELS
@pytest.mark.parametrize("size", [1, 7, 4096, 400_000])
def test_an_oversized_publish_is_passed_over_and_told(level: int, size: int) -> None:
    payload = bytes(range(256)) * 1200
    small = codec.publish("a", b"1", packet_id=1, level=level)
    stream = small + codec.publish("telemetry/x/y", payload, packet_id=2, retain=True, level=level) + small
    decoder, received = Decoder(100_000, level), Received()
    for start in range(0, len(stream), size):
        decoder.feed(stream[start : start + size], received)
    digest = hashlib.sha256(payload).hexdigest()
    assert received.publishes.topic == [b"a", b"a"]
    assert received.oversized == [codec.Oversized(b"telemetry/x/y", 2, True, payload[:65_536], len(payload), digest)]


@pytest.mark.parametrize("size", [1, 50, 10_000])
def test_properties_that_are_oversized_are_passed_over_too(size: int) -> None:
    pair = b"\x26" + (b"\x01\xf4" + b"u" * 500) * 2
    stream = packet(0x30, b"\x00\x01a", pair * 8, b"payload")
    decoder, received = Decoder(1_000, MQTT_5), Received()
    for start in range(0, len(stream), size):
        decoder.feed(stream[start : start + size], received)
    digest = hashlib.sha256(b"payload").hexdigest()
    assert received == Received(oversized=[codec.Oversized(b"a", 0, False, b"payload", 7, digest)])


def test_an_alias_holds_for_an_oversized_message() -> None:
    long = with_alias(b"", 1, b"x" * 100)
    received = decoded(with_alias(b"a", 1) + long + with_alias(b"", 1), MQTT_5, maximum=80, aliases=1)
    assert received.publishes.topic == [b"a", b"a"]
    assert [(big.topic, big.length) for big in received.oversized] == [(b"a", 100)]


@LEVELS
@pytest.mark.parametrize("maximum", [20, 130])
def test_a_small_bound_holds_for_small_packets(level: int, maximum: int) -> None:
    stream = codec.publish("a", b"1", level=level) + codec.publish("b", b"x" * 150, level=level)
    received = decoded(stream * 100, level, maximum=maximum)
    assert received.publishes.topic == [b"a"] * 100
    assert [big.topic for big in received.oversized] == [b"b"] * 100


@LEVELS
def test_what_came_before_a_fault_is_kept(level: int) -> None:
    good = codec.publish("a", b"1", packet_id=1, level=level)
    for count in (1, 100):
        received = Received()
        with pytest.raises(ProtocolError, match="QoS: expected 0 or 1"):
            Decoder(MAX, level).feed(good * count + b"\x34" + good[1:] + good, received)
        assert len(received.publishes) == count


def test_a_message_does_not_keep_what_it_was_cut_from_alive() -> None:
    stream = codec.publish("a", b"1") + codec.publish("b", b"x" * 900_000)
    decoder = Decoder(MAX)
    tracemalloc.start()
    try:
        kept = [decoder.feed(stream).publishes.payload[0] for _ in range(20)]
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept == [b"1"] * 20
    assert used < 200_000


def test_a_large_packet_in_small_pieces_is_joined_once() -> None:
    """Pieces wait in a list: joining at every read would take time with the square of the packet's length."""
    stream = codec.publish("a", bytes(8_000_000))
    decoder, received = Decoder(16_000_000), Received()
    for start in range(0, len(stream), 100):
        decoder.feed(stream[start : start + 100], received)
    assert len(received.publishes.payload[0]) == 8_000_000
