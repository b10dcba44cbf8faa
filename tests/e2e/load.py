"""A load of QoS 1 publishes over a raw socket: many in flight, every PUBACK counted."""

import socket
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from gateway.mqtt import codec

WINDOW: Final = 500
PUBACK_BYTES: Final = 4
CONNACK_BYTES: Final = 4


def publish_all(
    port: int, messages: Iterable[tuple[str, bytes]], on_window: Callable[[int], None] = lambda _: None
) -> int:
    """Publish (topic, payload) pairs in order and wait for every PUBACK; how many there were.

    `on_window` is called after each window with the number that the broker has acknowledged by then.
    """
    acknowledged = 0
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(codec.connect("load", keep_alive_s=60, clean=True))
        assert _exactly(connection, CONNACK_BYTES)[3] == 0
        for window in _windows(messages):
            packets = (codec.publish(topic, payload, packet_id=i + 1) for i, (topic, payload) in enumerate(window))
            connection.sendall(b"".join(packets))
            pubacks = _exactly(connection, PUBACK_BYTES * len(window))
            assert pubacks[::PUBACK_BYTES] == b"\x40" * len(window)
            acknowledged += len(window)
            on_window(acknowledged)
        connection.sendall(codec.disconnect())
    return acknowledged


def _windows(messages: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    rest = iter(messages)
    while window := list(islice(rest, WINDOW)):
        yield window


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        assert chunk, "the broker closed the connection"
        data += chunk
    return data
