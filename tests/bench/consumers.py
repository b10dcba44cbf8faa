"""What the gateway is compared with: consumers of the same broker that store nothing.

`python -m tests.bench.consumers null|ack|paho|aiomqtt PORT` subscribes at QoS 1, prints `ready`, and once nothing has
come for a while one line of JSON: messages, seconds from the first to the last, CPU seconds of the process.
"""

import asyncio
import contextlib
import json
import logging
import resource
import socket
import sys
import time
from collections.abc import Callable
from typing import Final

import aiomqtt
import paho.mqtt.client
from paho.mqtt.enums import CallbackAPIVersion

from gateway.mqtt import codec
from tests.bench.traffic import connected

IDLE_S: Final = 2.0
PACE_S: Final = 0.005  # MEASURED: a broker wakes a fast reader for a few messages at a time
LEVELS: Final = (300.0, 400.0, 500.0, 600.0)
FILTER: Final = "telemetry/#"


class Tally:
    """Messages, and when the first and the last came."""

    def __init__(self) -> None:
        self.messages, self.first, self.last = 0, 0.0, 0.0
        self.breaches = 0

    def add(self, count: int) -> None:
        """`count` messages came now."""
        now = time.perf_counter()
        self.first = self.first or now
        self.last = now
        self.messages += count

    def tell(self) -> None:
        """Print the line."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu_s = used.ru_utime + used.ru_stime - _idle_cpu_s
        print(json.dumps({"messages": self.messages, "seconds": self.last - self.first, "cpu_s": cpu_s}), flush=True)


_idle_cpu_s = 0.0


def ready() -> None:
    """Say that the subscription stands; what was used before is not counted."""
    global _idle_cpu_s  # noqa: PLW0603 (a program of its own)
    used = resource.getrusage(resource.RUSAGE_SELF)
    _idle_cpu_s = used.ru_utime + used.ru_stime
    print("ready", flush=True)


def judge(tally: Tally, payload: bytes | bytearray) -> None:
    """json and ifs: what a script of an afternoon does."""
    reading = json.loads(payload)
    value = reading["value"]
    if value >= LEVELS[3] or value >= LEVELS[2] or value >= LEVELS[1] or value >= LEVELS[0]:
        tally.breaches += 1


def read_on(broker: socket.socket, tally: Tally, take: Callable[[bytes], int]) -> None:
    """Read in paces until nothing comes any more."""
    broker.settimeout(IDLE_S)
    with contextlib.suppress(TimeoutError):
        while True:
            if not tally.first:
                broker.settimeout(60)
            data = broker.recv(1 << 20)
            broker.settimeout(IDLE_S)
            if not data:
                return
            tally.add(take(data))
            time.sleep(PACE_S)


def subscribed(port: int) -> socket.socket:
    """A socket that is subscribed at QoS 1."""
    broker = connected(port, "bench-consumer")
    broker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    broker.sendall(codec.subscribe(1, (FILTER,)))
    assert broker.recv(5)[0] == 0x90
    return broker


def null(port: int, packet_bytes: int) -> None:
    """Reads bytes and nothing else."""
    tally, rest = Tally(), 0

    def take(data: bytes) -> int:
        nonlocal rest
        rest += len(data)
        count, rest = divmod(rest, packet_bytes)
        return count

    with subscribed(port) as broker:
        ready()
        read_on(broker, tally, take)
    tally.tell()


def ack(port: int, packet_bytes: int) -> None:
    """Finds each packet id and acknowledges it at once; packets are of one length."""
    tally, rest = Tally(), b""
    id_at = packet_bytes - 54

    with subscribed(port) as broker:

        def take(data: bytes) -> int:
            nonlocal rest
            buffer = rest + data
            count = len(buffer) // packet_bytes
            answers = [
                b"\x40\x02" + buffer[at + id_at : at + id_at + 2] for at in range(0, count * packet_bytes, packet_bytes)
            ]
            rest = buffer[count * packet_bytes :]
            broker.sendall(b"".join(answers))
            return count

        ready()
        read_on(broker, tally, take)
    tally.tell()


def paho_loop(port: int) -> None:
    """paho-mqtt, json, ifs."""
    tally = Tally()
    client = paho.mqtt.client.Client(CallbackAPIVersion.VERSION2, client_id="bench-paho")

    def on_message(_client: object, _data: object, message: paho.mqtt.client.MQTTMessage) -> None:
        tally.add(1)
        judge(tally, message.payload)

    client.on_message = on_message
    client.connect("127.0.0.1", port, keepalive=600)
    client.subscribe(FILTER, qos=1)
    while client.loop(0.5) == 0 and not client.is_connected():
        pass
    client.loop(0.5)
    ready()
    while not tally.first or time.perf_counter() - tally.last < IDLE_S:
        client.loop(0.5)
    tally.tell()


async def aiomqtt_loop(port: int) -> None:
    """aiomqtt, json, ifs."""
    logging.disable(logging.CRITICAL)  # it logs "pending calls" under load
    tally = Tally()
    async with aiomqtt.Client("127.0.0.1", port, identifier="bench-aiomqtt", keepalive=600) as client:
        await client.subscribe(FILTER, qos=1)
        ready()
        messages = client.messages.__aiter__()
        message = await anext(messages)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S) as limit:
                while True:
                    tally.add(1)
                    judge(tally, message.payload if isinstance(message.payload, bytes) else b"")
                    if not tally.messages & 255:
                        limit.reschedule(asyncio.get_running_loop().time() + IDLE_S)
                    message = await anext(messages)
    tally.tell()


def main() -> None:
    kind, port = sys.argv[1], int(sys.argv[2])
    packet_bytes = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    if kind == "null":
        null(port, packet_bytes)
    elif kind == "ack":
        ack(port, packet_bytes)
    elif kind == "paho":
        paho_loop(port)
    else:
        asyncio.run(aiomqtt_loop(port))


if __name__ == "__main__":
    main()
