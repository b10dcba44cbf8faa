"""The MQTT wire: bytes to columns at both levels, beside the package mqtt5 (Rust, an object a packet), and PUBACKs."""

from collections.abc import Callable
from functools import partial
from typing import Final

import mqtt5

from gateway.mqtt import codec
from gateway.mqtt.codec import MQTT_5, MQTT_311, Decoder
from tests.bench.machine import machine, median_s

MESSAGES: Final = 5_000
FEW: Final = 50
PAYLOAD: Final = b'{"ts":1780000000000,"value":123.25,"unit":"cm"}     '  # 52 bytes
CONTENT_TYPE: Final = b"\x03\x00\x10application/json"


def stream(level: int, qos: int, count: int = MESSAGES) -> bytes:
    """Messages of 85 to 88 bytes."""
    return b"".join(
        codec.publish(f"telemetry/STATION-{n:05}/level", PAYLOAD, packet_id=qos * (n + 1), level=level)
        for n in range(count)
    )


def with_content_type() -> bytes:
    packets = [
        mqtt5.PublishPacket(f"telemetry/STATION-{n:05}/level", PAYLOAD, content_type="application/json")
        for n in range(MESSAGES)
    ]
    return b"".join(packet.write() for packet in packets)


def read(data: bytes, level: int) -> None:
    Decoder(1 << 20, level).feed(data)


def read_by_mqtt5(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        _, size = mqtt5.read(rest)
        rest = rest[size:]


def report(what: str, work: Callable[[], object], count: int) -> None:
    print(f"{what:<44} {median_s(work) / count * 1e6:6.3f} µs")


def main() -> None:
    print(machine())
    for level, name in ((MQTT_311, "3.1.1"), (MQTT_5, "5")):
        for qos in (0, 1):
            report(f"MQTT {name}, QoS {qos}", partial(read, stream(level, qos), level), MESSAGES)
    report("MQTT 5, QoS 0, a content type on each", partial(read, with_content_type(), MQTT_5), MESSAGES)
    few = stream(MQTT_311, 1, FEW)
    report(f"MQTT 3.1.1, QoS 1, {FEW} messages in a read", partial(read, few, MQTT_311), FEW)
    report("MQTT 5, QoS 1, by mqtt5", partial(read_by_mqtt5, stream(MQTT_5, 1)), MESSAGES)
    report("PUBACK", partial(codec.pubacks, list(range(1, MESSAGES + 1))), MESSAGES)


if __name__ == "__main__":
    main()
