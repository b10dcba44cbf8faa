"""Numbered devices that publish at QoS 1 and remember what the broker acknowledged."""

import contextlib
import socket
import threading
import time
from collections import OrderedDict
from typing import Final

from gateway.mqtt import codec

WINDOW: Final = 2_000  # publishes without a PUBACK
PATIENCE_S: Final = 15.0  # without any PUBACK: the connection is given up, as a device does
STEP_S: Final = 0.01
PACKET_IDS: Final = 60_000
VALUES: Final = 200  # cm, below the first level: this is about durability, not about alarms

Reading = tuple[int, int, int]  # device, ts_ms, value


class Devices:
    """`count` devices behind one connection, `rate` readings a second in all, until `stop`.

    A reading without its PUBACK is sent again on the next connection, as a device with a memory does.  While the broker
    does not answer, nothing new is measured.
    """

    def __init__(self, port: int, topics: list[str], rate: float, start_ms: int) -> None:
        self.acknowledged: list[Reading] = []
        self.reconnects = -1
        self._port, self._topics, self._rate = port, topics, rate
        self._ts_ms = start_ms
        self._device = 0
        self._in_flight: OrderedDict[int, Reading] = OrderedDict()
        self._again: list[Reading] = []
        self._packet_id = 0
        self._rest = b""
        self._stop, self._finish = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self, within_s: float) -> bool:
        """Measure nothing new, deliver what is in flight; whether all of it was acknowledged."""
        self._finish.set()
        self._thread.join(within_s)
        self._stop.set()
        self._thread.join(5)
        return not self._in_flight and not self._again

    def cut(self) -> None:
        """Lose the devices' own connection."""
        self._cut = True

    def _run(self) -> None:
        while not self._stop.is_set() and not self._is_done():
            with contextlib.suppress(OSError):
                self._connected()
            self._again += self._in_flight.values()
            self._in_flight.clear()
            time.sleep(0.1)

    def _is_done(self) -> bool:
        return self._finish.is_set() and not self._in_flight and not self._again

    def _connected(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port), timeout=5) as broker:
            broker.sendall(codec.connect("torture-devices", keep_alive_s=60, clean=True))
            if broker.recv(4)[:1] != b"\x20":
                raise ConnectionError("no CONNACK")
            self.reconnects += 1
            self._cut, self._rest = False, b""
            heard = time.monotonic()
            owed = 0.0
            began = last = time.monotonic()
            while not self._stop.is_set() and not self._is_done():
                now = time.monotonic()
                owed = min(self._rate, owed + (now - last) * self._rate)  # a second's worth at most
                last = now
                owed -= self._send(broker, int(owed))
                if self._collect(broker):
                    heard = time.monotonic()
                if self._cut or (self._in_flight and time.monotonic() - max(heard, began) > PATIENCE_S):
                    raise ConnectionError("given up")
                time.sleep(STEP_S)
            if not self._in_flight:
                broker.sendall(codec.disconnect())

    def _send(self, broker: socket.socket, wanted: int) -> int:
        packets: list[bytes] = []
        room = WINDOW - len(self._in_flight)
        while room and (self._again or (len(packets) < wanted and not self._finish.is_set())):
            reading = self._again.pop() if self._again else self._measure()
            self._packet_id = self._packet_id % PACKET_IDS + 1
            self._in_flight[self._packet_id] = reading
            device, ts_ms, value = reading
            payload = b'{"ts":%d,"value":%d,"unit":"cm"}' % (ts_ms, value)
            packets.append(codec.publish(self._topics[device], payload, packet_id=self._packet_id))
            room -= 1
        if packets:
            broker.settimeout(PATIENCE_S)
            broker.sendall(b"".join(packets))
        return len(packets)

    def _measure(self) -> Reading:
        """The next device's reading: its times strictly increase."""
        if self._device == 0:
            self._ts_ms = max(self._ts_ms + 1, int(time.time() * 1000))
        reading = (self._device, self._ts_ms, self._ts_ms % VALUES)
        self._device = (self._device + 1) % len(self._topics)
        return reading

    def _collect(self, broker: socket.socket) -> bool:
        """Take the PUBACKs that are there; whether there was any."""
        broker.setblocking(False)
        try:
            data = broker.recv(1 << 16)
        except BlockingIOError:
            return False
        finally:
            broker.settimeout(PATIENCE_S)
        if not data:
            raise ConnectionError("the broker closed the connection")
        data = self._rest + data
        whole = len(data) // 4 * 4
        self._rest = data[whole:]
        for at in range(0, whole, 4):
            if data[at] != 0x40:
                raise ConnectionError(f"expected a PUBACK, got {data[at]:#x}")
            reading = self._in_flight.pop(data[at + 2] << 8 | data[at + 3], None)
            if reading is not None:
                self.acknowledged.append(reading)
        return True
