"""The gateway's Unix socket: a status frame every second, a doorbell per commit, the readers' cursors back.

Newline-delimited JSON.  Only who may enter the data directory may connect.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = "gateway.sock"
MAX_CLIENTS: Final = 32
MAX_LINE_BYTES: Final = 65_536
MAX_UNSENT_BYTES: Final = (
    1_048_576  # a client that reads nothing is cut off beyond this; it will find the log by itself
)

_log = logging.getLogger("gateway.status")


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One broker."""

    name: str
    url: str
    connected: bool
    since_us: int
    reconnects: int
    error: str
    last_message_us: int | None


class FaultStatus(msgspec.Struct, frozen=True):
    """A fault of the city in force."""

    file: str
    line: int
    column: str
    reason: str


class StatusFrame(msgspec.Struct, frozen=True, kw_only=True, tag="status", tag_field="type"):
    """What the gateway says of itself every second."""

    now_us: int
    pid: int
    log_id: str
    last_seq: int
    catalogue_version: int
    log_writable: bool
    log_error: str
    clock_error: str = ""  # what is wrong with our own clock just now
    sources: tuple[SourceStatus, ...]
    counters: dict[str, int]
    gauges: dict[str, float]
    city_faults: tuple[FaultStatus, ...]


class CommitFrame(msgspec.Struct, frozen=True, kw_only=True, tag="commit", tag_field="type"):
    """The doorbell: the log now reaches `seq`."""

    seq: int


class CursorFrame(msgspec.Struct, frozen=True, kw_only=True, tag="cursor", tag_field="type"):
    """A reader's cursor, and its heartbeat."""

    reader: str
    log_id: str
    seq: int


GatewayFrame = StatusFrame | CommitFrame
GATEWAY_FRAME: Final = msgspec.json.Decoder(GatewayFrame)
READER_FRAME: Final = msgspec.json.Decoder(CursorFrame)


def encode(frame: GatewayFrame | CursorFrame) -> bytes:
    """A frame as one line."""
    return msgspec.json.encode(frame) + b"\n"


@contextlib.contextmanager
def _short_path(data_dir: Path) -> Iterator[str]:
    """The socket's path through an open directory: a Unix socket's own path may have 107 bytes only."""
    directory = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{FILE}"
    finally:
        os.close(directory)


async def connect(data_dir: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the gateway of a data directory; OSError where none listens."""
    with _short_path(data_dir) as path:
        return await asyncio.open_unix_connection(path, limit=MAX_LINE_BYTES * 4)


class StatusServer:
    """Serves the socket; `publish` never waits for a client."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._clients: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.cursors: dict[str, CursorFrame] = {}  # newest per reader; bounded by MAX_CLIENTS
        self.cut_off = 0

    async def start(self) -> None:
        """Listen; a socket file left by a killed gateway is replaced (the data directory's lock is ours)."""
        (self._data_dir / FILE).unlink(missing_ok=True)
        with _short_path(self._data_dir) as path:
            self._server = await asyncio.start_unix_server(self._serve, path, limit=MAX_LINE_BYTES)
        (self._data_dir / FILE).chmod(0o600)

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._clients):
                writer.transport.abort()
            await self._server.wait_closed()
            (self._data_dir / FILE).unlink(missing_ok=True)

    def publish(self, frame: GatewayFrame) -> None:
        """Send a frame to every client; one that does not read is cut off and counted."""
        line = encode(frame)
        for writer in list(self._clients):
            if writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
                self.cut_off += 1
                _log.warning("a reader of the status socket does not read: cut off")
                writer.transport.abort()
            elif not writer.transport.is_closing():
                writer.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MAX_CLIENTS:
            _log.warning("more than %d readers at the status socket: refused", MAX_CLIENTS)
            writer.close()
            return
        self._clients.add(writer)
        try:
            while line := await reader.readline():
                self._take(line)
        except (ValueError, ConnectionError) as error:  # a line over the limit, or the client is gone
            _log.info("status client left: %s", error)
        finally:
            self._clients.discard(writer)
            writer.close()

    def _take(self, line: bytes) -> None:
        try:
            frame = READER_FRAME.decode(line)
        except msgspec.MsgspecError as error:
            _log.warning("status socket: not a cursor frame: %s", error)
            return
        if frame.reader in self.cursors or len(self.cursors) < MAX_CLIENTS:
            self.cursors[frame.reader] = frame
