"""Packets out: the same bytes as paho writes at both levels, and what must not be sent."""

import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.mqtt import codec
from gateway.mqtt.codec import MQTT_5, MQTT_311, Will
from tests.oracle.paho_bytes import PahoBytes

LEVELS = pytest.mark.parametrize("level", [MQTT_311, MQTT_5])


@pytest.fixture
def paho(level: int) -> Iterator[PahoBytes]:
    with PahoBytes(level) as client:
        yield client


def properties(packet: int, **values: int) -> Properties:
    untyped: Any = Properties  # paho annotates nothing of it
    result: Properties = untyped(packet)
    for name, value in values.items():
        setattr(result, name, value)
    return result


@LEVELS
def test_subscribe_and_unsubscribe_are_the_bytes_that_paho_writes(level: int, paho: PahoBytes) -> None:
    paho._send_subscribe(False, [(b"telemetry/#", SubscribeOptions(1) if level == MQTT_5 else 1)])
    paho._send_unsubscribe(False, [b"telemetry/#"])
    (packet_id,) = struct.unpack(">H", paho.sent[2:4])
    ours = codec.subscribe(packet_id, ("telemetry/#",), level=level)
    ours += codec.unsubscribe(packet_id + 1, ("telemetry/#",), level=level)
    assert paho.sent == ours


@pytest.mark.parametrize("clean", [False, True])
def test_connect_of_3_1_1_is_the_bytes_that_paho_writes(clean: bool) -> None:
    with PahoBytes(MQTT_311, clean_session=clean) as client:
        client.username_pw_set("user", "päss")
        client.will_set("siaga/gone", b"bye", qos=1, retain=True)
        client._send_connect(30)
    will = Will("siaga/gone", b"bye", qos=1, retain=True)
    assert client.sent == codec.connect(
        "siaga", keep_alive_s=30, user="user", password="päss", clean=clean, will=will, receive_maximum=7
    )


@pytest.mark.parametrize("level", [MQTT_5])
@pytest.mark.parametrize("clean", [False, True])
def test_connect_of_5_is_the_bytes_that_paho_writes(clean: bool, paho: PahoBytes) -> None:
    client = paho
    client._clean_start = clean
    client.username_pw_set("user", "päss")
    client.will_set("siaga/gone", b"bye", qos=1, properties=properties(PacketTypes.WILLMESSAGE, WillDelayInterval=9))
    client._connect_properties = properties(
        PacketTypes.CONNECT,
        SessionExpiryInterval=86_400,
        ReceiveMaximum=20_000,
        TopicAliasMaximum=3,
        MaximumPacketSize=1_048_576,
    )
    client._send_connect(30)
    assert client.sent == codec.connect(
        "siaga",
        level=MQTT_5,
        keep_alive_s=30,
        user="user",
        password="päss",
        clean=clean,
        session_expiry_s=86_400,
        receive_maximum=20_000,
        max_packet_bytes=1_048_576,
        topic_alias_maximum=3,
        will=Will("siaga/gone", b"bye", qos=1, delay_s=9),
    )


@LEVELS
@pytest.mark.parametrize("size", [0, 100, 200, 20_000, 3_000_000])
def test_publish_is_the_bytes_that_paho_writes(level: int, size: int, paho: PahoBytes) -> None:
    paho._send_publish(7, b"siaga/status", b"x" * size, 1, True, True)
    paho._send_publish(8, b"siaga/status", b"x" * size)
    ours = codec.publish("siaga/status", b"x" * size, packet_id=7, retain=True, again=True, level=level)
    assert paho.sent == ours + codec.publish("siaga/status", b"x" * size, level=level)


@LEVELS
def test_pubacks_are_the_bytes_that_paho_writes(paho: PahoBytes) -> None:
    ids = [1, 255, 256, 65_535]
    for packet_id in ids:
        paho._send_puback(packet_id)
    assert codec.pubacks(ids) == paho.sent
    assert codec.pubacks([]) == b""


def test_pingreq_and_disconnect_are_the_bytes_that_paho_writes() -> None:
    with PahoBytes(MQTT_311) as old, PahoBytes(MQTT_5) as new:
        old._send_pingreq()
        old._send_disconnect()
        new._send_disconnect()
        new._send_disconnect(
            ReasonCode(PacketTypes.DISCONNECT, identifier=codec.DISCONNECT_WITH_WILL),
            properties(PacketTypes.DISCONNECT, SessionExpiryInterval=0),
        )
    assert old.sent == codec.pingreq() + codec.disconnect()
    ours = codec.disconnect(level=MQTT_5)
    ours += codec.disconnect(level=MQTT_5, code=codec.DISCONNECT_WITH_WILL, session_expiry_s=0)
    assert new.sent == ours


@pytest.mark.parametrize(
    ("send", "message"),
    [
        (lambda: codec.connect("a", keep_alive_s=65_536), "keep alive: expected 0 to 65535, got 65536"),
        (lambda: codec.connect("a", keep_alive_s=1, password="p"), "password: expected a user with it"),
        (lambda: codec.connect("a", keep_alive_s=1, will=Will("a", b"", qos=3)), "Will QoS: expected 0 to 2, got 3"),
        (lambda: codec.connect("a" * 65_536, keep_alive_s=1), "string: expected at most 65535 bytes"),
        (lambda: codec.connect("a", keep_alive_s=1, will=Will("a", b"x" * 65_536)), "binary data: expected at most"),
        (lambda: codec.connect("", keep_alive_s=1), "client id: expected some text for a session that stays"),
        (
            lambda: codec.connect("a", level=MQTT_5, keep_alive_s=1, receive_maximum=0),
            "receive maximum: expected 1 to 65535, got 0",
        ),
        (
            lambda: codec.connect("a", level=MQTT_5, keep_alive_s=1, session_expiry_s=2**32),
            "session expiry interval: expected 0 to 4294967295, got 4294967296",
        ),
        (lambda: codec.subscribe(0, ("a",)), "packet id: expected 1 to 65535, got 0"),
        (lambda: codec.subscribe(65_536, ("a",)), "packet id: expected 0 to 65535, got 65536"),
        (lambda: codec.subscribe(1, ("a",), qos=2), "QoS: expected 0 to 1, got 2"),
        (lambda: codec.subscribe(1, ()), "filters: expected at least 1, got 0"),
        (lambda: codec.unsubscribe(1, ("",)), "filter: expected some text, got none"),
        (lambda: codec.publish("a/+", b""), r"topic: expected some text without \+ and #, got 'a/\+'"),
        (lambda: codec.publish("", b""), r"topic: expected some text"),
        (lambda: codec.publish("a\0b", b""), "without U\\+0000"),
        (lambda: codec.publish("a", b"", again=True), "DUP: expected a packet id with it"),
        (lambda: codec.publish("a", bytes(268_435_456)), "packet body: expected at most 268435455 bytes"),
    ],
)
def test_what_must_not_be_sent(send: Callable[[], bytes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        send()
