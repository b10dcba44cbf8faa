"""The MQTT 3.1.1 codec: round trips, the same bytes as paho, every prefix, exact errors."""

import hashlib
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from gateway.errors import ProtocolError
from gateway.mqtt import codec

MAX = 1_048_576
TOPICS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0+#"), min_size=1, max_size=40)
MESSAGES = st.lists(st.tuples(TOPICS, st.binary(max_size=200), st.integers(0, 65_535), st.booleans()), max_size=12)


def decoded(data: bytes, maximum: int = MAX) -> codec.Received:
    return codec.Decoder(maximum).feed(data)


class PahoBytes(paho.Client):
    """paho's client, whose packets are caught instead of sent."""

    def __init__(self) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id="siaga", clean_session=False)
        self.sent = b""

    def _packet_queue(self, *arguments: Any, **_: Any) -> MQTTErrorCode:
        self.sent += bytes(arguments[1])
        return MQTTErrorCode.MQTT_ERR_SUCCESS


def test_subscribe_and_unsubscribe_are_the_bytes_that_paho_writes() -> None:
    client = PahoBytes()
    client._send_subscribe(False, [(b"telemetry/#", 1)])
    client._send_unsubscribe(False, [b"telemetry/#"])
    (packet_id,) = struct.unpack(">H", client.sent[2:4])
    ours = codec.subscribe(packet_id, ("telemetry/#",)) + codec.unsubscribe(packet_id + 1, ("telemetry/#",))
    assert client.sent == ours


def test_connect_is_the_bytes_that_paho_writes() -> None:
    client = PahoBytes()
    client.username_pw_set("user", "päss")
    client._send_connect(30)
    assert client.sent == codec.connect("siaga", keep_alive_s=30, user="user", password="päss")


@given(MESSAGES)
def test_publish_round_trip(messages: list[tuple[str, bytes, int, bool]]) -> None:
    stream = b"".join(codec.publish(t, p, packet_id=i, retain=r) for t, p, i, r in messages)
    got = decoded(stream).publishes
    assert [
        (t.decode(), p, i, r) for t, p, i, r in zip(got.topic, got.payload, got.packet_id, got.retain, strict=True)
    ] == messages


@given(MESSAGES, st.integers(1, 50))
def test_any_cutting_of_the_stream_gives_the_same_packets(
    messages: list[tuple[str, bytes, int, bool]], size: int
) -> None:
    stream = b"".join(codec.publish(t, p, packet_id=i, retain=r) for t, p, i, r in messages)
    decoder, got = codec.Decoder(MAX), codec.Publishes()
    for start in range(0, len(stream), size):
        got.extend(decoder.feed(stream[start : start + size]).publishes)
    assert got == decoded(stream).publishes


@pytest.mark.parametrize(
    "packet",
    [
        codec.publish("telemetry/a/b", b"1", packet_id=3),
        b"\x20\x02\x01\x00",
        b"\x90\x03\x00\x02\x01",
        b"\xb0\x02\x00\x05",
        b"\xd0\x00",
    ],
)
def test_every_prefix_waits_for_more(packet: bytes) -> None:
    for end in range(len(packet)):
        decoder = codec.Decoder(MAX)
        assert decoder.feed(packet[:end]) == codec.Received()
        assert decoder.feed(packet[end:]) == decoded(packet)


def test_answers() -> None:
    received = decoded(b"\x20\x02\x01\x05" + b"\x90\x04\x00\x02\x01\x80" + b"\xb0\x02\x00\x05" + b"\xd0\x00")
    assert received.answers == [codec.Connack(True, 5), codec.Suback(2, (1, 0x80)), codec.Unsuback(5)]
    assert received.pingresps == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x34\x05\x00\x01t\x00\x01", "PUBLISH QoS: expected 0 or 1"),
        (b"\x30\x01\x00", "no room for a topic"),
        (b"\x30\x03\x00\x05t", "need 7 bytes, the packet has 3"),
        (b"\x32\x05\x00\x01t\x00\x00", "PUBLISH packet id: expected 1 to 65535, got 0"),
        (b"\x32\x03\x00\x01t", "need 5 bytes, the packet has 3"),
        (b"\x30\xff\xff\xff\xff\x01", "remaining length: expected at most 4 bytes"),
        (b"\x20\x03\x00\x00\x00", "CONNACK: expected 2 bytes, got 3"),
        (b"\x90\x01\x00", "SUBACK: expected a packet id"),
        (b"\x10\x00", "a broker must not send 1"),
        (b"\x90\xff\xff\x7f", "expected at most 1048576"),
    ],
)
def test_what_is_not_mqtt_is_named(data: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        decoded(data)


@given(st.binary(max_size=400))
def test_hostile_bytes_end_in_packets_or_a_protocol_error(data: bytes) -> None:
    try:
        received = decoded(data, maximum=128)
    except ProtocolError:
        return
    assert sum(len(payload) for payload in received.publishes.payload) <= len(data)


@pytest.mark.parametrize("size", [1, 7, 4096, 400_000])
def test_an_oversized_publish_is_passed_over_and_told(size: int) -> None:
    payload = bytes(range(256)) * 1200
    small = codec.publish("a", b"1", packet_id=1)
    stream = small + codec.publish("telemetry/x/y", payload, packet_id=2, retain=True) + small
    decoder, got, big = codec.Decoder(100_000), codec.Publishes(), []
    for start in range(0, len(stream), size):
        received = decoder.feed(stream[start : start + size])
        got.extend(received.publishes)
        big += received.oversized
    digest = hashlib.sha256(payload).hexdigest()
    assert got.topic == [b"a", b"a"]
    assert big == [codec.Oversized(b"telemetry/x/y", 2, True, payload[:65_536], len(payload), digest)]
