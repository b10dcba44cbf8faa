"""A load of readings over a raw socket, fast enough that the broker is what limits it.

`python -m tests.bench.traffic PORT COUNT [--qos 1] [--rate N] [--topics N]`

A message is 85 bytes on the wire at QoS 0 (52 of them JSON) and 87 at QoS 1; the packets of one round over all topics
stand in one numpy array, of which each round changes the digits of time and value.
"""

import argparse
import socket
import time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.mqtt import codec

TOPICS: Final = 5_000
JSON_BYTES: Final = 52
WINDOW: Final = 10_000  # QoS 1 publishes without a PUBACK
PUBACK_BYTES: Final = 4
STEP_S: Final = 0.002  # between two sends of a paced load
_PAYLOAD: Final = b'{"ts":0000000000000,"value":123.4567890,"unit":"cm"}'
_TS_AT, _TS_DIGITS, _VALUE_AT = 6, 13, 28


class Traffic:
    """Packets for every topic, and the next round of them."""

    def __init__(self, topics: int, qos: int) -> None:
        assert len(_PAYLOAD) == JSON_BYTES
        packets = [codec.publish(topic_of(n), _PAYLOAD, packet_id=n % 65_535 + 1 if qos else 0) for n in range(topics)]
        self.packet_bytes = len(packets[0])
        self.packets: NDArray[np.uint8] = np.frombuffer(b"".join(packets), np.uint8).reshape(topics, -1).copy()
        self._payload_at = self.packet_bytes - JSON_BYTES
        self._id_at = self._payload_at - 2 if qos else 0
        self._random = np.random.default_rng(1)
        self._sent = 0
        self._ts_ms = int(time.time() * 1000) - 600_000

    def next_round(self) -> bytes:
        """One reading of every topic, a millisecond after the round before; packet ids go on from the last one."""
        self._ts_ms += 1
        at = self._payload_at + _TS_AT
        self.packets[:, at : at + _TS_DIGITS] = np.frombuffer(str(self._ts_ms).encode(), np.uint8)
        at = self._payload_at + _VALUE_AT
        self.packets[:, at + 1 : at + 3] = self._random.integers(48, 58, (len(self.packets), 2), np.uint8)
        if self._id_at:
            ids = (self._sent + np.arange(len(self.packets))) % 65_535 + 1
            self.packets[:, self._id_at], self.packets[:, self._id_at + 1] = ids >> 8, ids & 255
        self._sent += len(self.packets)
        return self.packets.tobytes()


def topic_of(n: int) -> str:
    """The topic of datastream `n`; the same length for each."""
    return f"telemetry/STATION-{n:06d}/level"


def blast(port: int, count: int, qos: int, topics: int) -> None:
    """Send as fast as the broker takes it; at QoS 1 with `WINDOW` in flight."""
    with connected(port) as broker:
        traffic = Traffic(topics, qos)
        in_flight = 0
        for first in range(0, count, topics):
            data = memoryview(traffic.next_round())
            if not qos:
                broker.sendall(data[: (count - first) * traffic.packet_bytes])
                continue
            piece = WINDOW // 4
            for start in range(0, min(topics, count - first), piece):
                part = data[start * traffic.packet_bytes : (start + piece) * traffic.packet_bytes]
                broker.sendall(part)
                in_flight += len(part) // traffic.packet_bytes
                in_flight = _collect(broker, in_flight, WINDOW - piece)
        _collect(broker, in_flight, 0)
        broker.sendall(codec.disconnect())


def pace(port: int, count: int, qos: int, topics: int, rate: float) -> None:
    """Send `rate` messages a second, a few every two milliseconds."""
    with connected(port) as broker:
        traffic = Traffic(topics, qos)
        data, at, sent, in_flight = b"", 0, 0, 0
        began = time.perf_counter()
        while sent < count:
            wanted = min(count, int((time.perf_counter() - began) * rate))
            while sent < wanted:
                if at == len(data):
                    data, at = traffic.next_round(), 0
                stop = min(len(data), at + (wanted - sent) * traffic.packet_bytes)
                broker.sendall(data[at:stop])
                sent += (stop - at) // traffic.packet_bytes
                in_flight += (stop - at) // traffic.packet_bytes if qos else 0
                at = stop
            in_flight = _collect(broker, in_flight, WINDOW)
            time.sleep(STEP_S)
        _collect(broker, in_flight, 0)
        broker.sendall(codec.disconnect())


def connected(port: int, client_id: str = "bench-traffic") -> socket.socket:
    """A socket with an MQTT 3.1.1 connection, clean."""
    broker = socket.create_connection(("127.0.0.1", port), timeout=120)
    broker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    broker.sendall(codec.connect(client_id, keep_alive_s=600, clean=True))
    answer = broker.recv(PUBACK_BYTES)
    assert answer[0] == 0x20, answer
    assert answer[3] == 0, answer
    return broker


def _collect(broker: socket.socket, in_flight: int, allowed: int) -> int:
    """Read PUBACKs until no more than `allowed` are missing; how many are."""
    rest = 0
    while in_flight > allowed or rest:
        data = broker.recv(1 << 16)
        assert data, "the broker closed the connection"
        rest += len(data)
        in_flight -= rest // PUBACK_BYTES
        rest %= PUBACK_BYTES
    return in_flight


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--qos", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--topics", type=int, default=TOPICS)
    it = parser.parse_args()
    if it.rate:
        pace(it.port, it.count, it.qos, it.topics, it.rate)
    else:
        blast(it.port, it.count, it.qos, it.topics)


if __name__ == "__main__":
    main()
