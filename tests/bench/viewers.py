"""Many walls that look and draw nothing: raw WebSocket connections, read by one process.

`python -m tests.bench.viewers PORT COUNT SECONDS OUT`: prints `ready` when all have their snapshot, reads for so long,
and writes what came to OUT (`.npz`): `viewer`, `received_us` (wall clock) and `newest_ms` (the time that the frame's
first reading bears), an entry for each delta that has a reading; `bytes` and `snapshots`.
"""

import selectors
import socket
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np

SHORT, LONG = 126, 127  # lengths that stand for a longer field (RFC 6455, 5.2)
TEXT: Final = 0x81  # a whole message
PING: Final = 0x89
PONG: Final = b"\x8a\x80\0\0\0\0"  # masked with nothing, and empty
READ: Final = 1 << 20
LOOK: Final = 400  # bytes of a frame's beginning that have its type
_TIMES: Final = b'"time_ms":['
_UPGRADE: Final = (
    "GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Viewer:
    """One connection; `buffer` has what is not yet a whole message."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.sendall(_UPGRADE.format(port=port).encode())
        self.buffer = bytearray()
        while b"\r\n\r\n" not in self.buffer:
            data = self.socket.recv(READ)
            assert data, "the command center closed the connection"
            self.buffer += data
        head, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        self.buffer = bytearray(rest)
        self.snapshots = 0

    def messages(self) -> list[bytes]:
        """The whole texts in the buffer, which loses them; a ping is answered."""
        found, at, buffer = [], 0, self.buffer
        while len(buffer) >= at + 2:
            got = bytes(buffer[at : at + 60])
            assert got[0] in (TEXT, PING), f"expected a whole text or a ping, got {got!r}"
            size, begin = buffer[at + 1], at + 2
            if size >= SHORT:
                begin += 2 if size == SHORT else 8
                size = int.from_bytes(buffer[at + 2 : begin])
            if len(buffer) < begin + size:
                break
            if buffer[at] == PING:
                self.socket.sendall(PONG)
            else:
                found.append(bytes(buffer[begin : begin + size]))
            at = begin + size
        del buffer[:at]
        return found


def newest_ms(message: bytes) -> int:
    """The time of a delta's first reading, ms; 0 where it has none."""
    at = message.find(_TIMES, 0, len(message)) + len(_TIMES)
    digits = message[at : at + 20].split(b",")[0].split(b"]")[0]
    return int(digits) if digits else 0


class Room:
    """All viewers, and what they were sent."""

    def __init__(self, port: int, count: int) -> None:
        self.viewers: list[Viewer] = []
        self.found: list[tuple[int, int, int]] = []
        self.bytes = 0
        self._selector = selectors.DefaultSelector()
        for number in range(count):  # as after a power cut: all come at once
            viewer = Viewer(port)
            viewer.socket.setblocking(False)
            self._selector.register(viewer.socket, selectors.EVENT_READ, number)
            self.viewers.append(viewer)
        while not all(viewer.snapshots for viewer in self.viewers):
            self.read()

    def read(self) -> None:
        """Take what is there, or what comes within a tenth of a second."""
        for key, _ in self._selector.select(0.1):
            viewer = self.viewers[key.data]
            data = viewer.socket.recv(READ)
            received_us = time.time_ns() // 1000
            assert data, "the command center closed the connection"
            self.bytes += len(data)
            viewer.buffer += data
            for message in viewer.messages():
                if b'"type":"snapshot"' in message[:LOOK]:
                    viewer.snapshots += 1
                elif newest := newest_ms(message):
                    self.found.append((key.data, received_us, newest))

    def close(self) -> None:
        """Close all."""
        self._selector.close()
        for viewer in self.viewers:
            viewer.socket.close()


def main() -> None:
    port, count, seconds, out = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])
    room = Room(port, count)
    room.found.clear()
    room.bytes, had = 0, sum(one.snapshots for one in room.viewers)
    print("ready", flush=True)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        room.read()
    viewer, received_us, newest = np.array(room.found, np.int64).reshape(-1, 3).T
    again = sum(one.snapshots for one in room.viewers) - had
    np.savez(out, viewer=viewer, received_us=received_us, newest_ms=newest, bytes=room.bytes, snapshots=again)
    room.close()


if __name__ == "__main__":
    main()
