"""The gateway's Unix socket: a status frame every second, a doorbell per commit, the readers' cursors back.

Newline-delimited JSON.  Only who may enter the data directory may connect.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec

FILE: Final = "gateway.sock"
MAX_CLIENTS: Final = 32
MAX_LINE_BYTES: Final = 65_536
MAX_FRAME_BYTES: Final = 4 * MAX_LINE_BYTES  # one of ours, as a line (`gateway.frame_size`)
MAX_UNSENT_BYTES: Final = (
    1_048_576  # a client that reads nothing is cut off beyond this; it will find the log by itself
)

MAX_COUNTERS: Final = 64  # of a reader; more are left out
MAX_RETRIED: Final = 200  # dead letters of one request
MAX_BY: Final = 100
MAX_DATASTREAM: Final = 129
MAX_UNIT: Final = 32
PRESENT_S: Final = 30.0  # a reader tells its cursor every second
MAX_WAITING: Final = 8  # requests of a kind (a retry, a reading heard); one more is told to come back

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
    protocol: str = ""  # "5" or "3.1.1"; "" = never connected
    tls: bool = False
    flows: bool | None = None  # whether the canary comes back; None = not known, or no canary
    flow_note: str = ""  # why nothing flows, or why there is no canary
    canary_ms: float | None = None  # its newest round trip
    taken_over: str = ""  # the sign that another gateway uses our client id
    downgraded: str = ""  # where the broker promises less than we asked for: QoS 0, a session that ends sooner
    session_lost: int = 0  # times that the broker had lost our session, or we had it dropped, and what waited in it
    session_note: str = ""  # when that was last, and why
    filters: tuple[str, ...] = ()  # subscribed; at most MAX_FILTERS
    unacknowledged: int = 0  # messages in memory that are not on disk yet
    unacknowledged_bytes: int = 0
    counters: dict[str, int] = {}


class PullStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One pull source."""

    name: str
    url: str
    period_s: float
    last_success_us: int | None  # when a page was last had and read, changed or not
    last_fresh_us: int | None  # when a page last brought a reading
    next_us: int
    failures: int  # in a row
    error: str
    counts: dict[str, int]
    unknown_devices: tuple[str, ...] = ()  # of the newest page, that the catalogue does not have


class ReaderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever follows the log, as it told us."""

    name: str
    log_id: str
    seq: int
    lag_rows: int  # of our log that it has not applied
    heard_s: float  # since it last told us
    error: str
    counters: dict[str, float]


class HistogramStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How often something took how long, in seconds."""

    bounds: tuple[float, ...]  # upper, ascending
    counts: tuple[int, ...]  # of each bound's own bucket, and beyond the last
    sum: float


class RefusedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Dead letters since the gateway's start, by source and reason."""

    source: str
    reason: str
    count: int


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
    log_upkeep_error: str = ""  # why retention and the like cannot be done
    log_set_aside: tuple[str, ...] = ()  # damaged logs that nobody has seen to yet
    log_reserve_missing: bool = False  # room is to be held in reserve, and there is none for it
    log_unread_lost_us: int | None = None  # when a row was last deleted that a known reader had not read
    clock_error: str = ""  # what is wrong with our own clock just now
    reload_error: str = ""  # why the city's files, that were to be read again, are not in force yet
    left_out: dict[str, int] = {}  # of what so many were left out, for a frame is bounded
    sources: tuple[SourceStatus, ...]
    pulls: tuple[PullStatus, ...] = ()
    counters: dict[str, int]
    gauges: dict[str, float]
    readers: tuple[ReaderStatus, ...] = ()
    refused: tuple[RefusedStatus, ...] = ()
    histograms: dict[str, HistogramStatus] = {}
    city_faults: tuple[FaultStatus, ...]


class CommitFrame(msgspec.Struct, frozen=True, kw_only=True, tag="commit", tag_field="type"):
    """The doorbell: the log now reaches `seq`."""

    seq: int


class CursorFrame(msgspec.Struct, frozen=True, kw_only=True, tag="cursor", tag_field="type"):
    """A reader's cursor, and its heartbeat."""

    reader: str
    log_id: str
    seq: int
    compacted_seq: int | None = None  # rows up to this one are in the reader's own history
    error: str = ""  # why it does not get on just now
    counters: dict[str, float] = {}  # a reader's own health; at most MAX_COUNTERS are kept


class RetryFrame(msgspec.Struct, frozen=True, kw_only=True, tag="retry", tag_field="type"):
    """The wish that dead letters be read again; answered with one `RetriedFrame`."""

    ids: Annotated[tuple[int, ...], msgspec.Meta(min_length=1, max_length=MAX_RETRIED)]
    by: Annotated[str, msgspec.Meta(max_length=MAX_BY)]  # who asks


class ReloadFrame(msgspec.Struct, frozen=True, kw_only=True, tag="reload", tag_field="type"):
    """The wish that the city's files be read again, as SIGHUP does; what came of it stands in the status frames."""

    by: Annotated[str, msgspec.Meta(max_length=MAX_BY)]  # who asks


class RetriedFrame(msgspec.Struct, frozen=True, kw_only=True, tag="retried", tag_field="type"):
    """What came of a retry.  With an `error` nothing was done."""

    observed: int = 0  # letters that became observations, and are letters no more
    observations: int = 0
    failed: int = 0  # letters that were refused again, and stay
    cut: int = 0  # letters whose payload was too long to be kept whole: they cannot be read again, and stay
    left: tuple[int, ...] = ()  # letters that were not looked at: ask again
    error: str = ""


class ObserveFrame(msgspec.Struct, frozen=True, kw_only=True, tag="observe", tag_field="type"):
    """A reading that a person heard; answered with one `ObservedFrame`."""

    datastream: Annotated[str, msgspec.Meta(max_length=MAX_DATASTREAM)]  # {station}:{property}
    time_us: int  # when the gauge was read
    value: float
    unit: Annotated[str, msgspec.Meta(max_length=MAX_UNIT)] = ""  # empty = that of the datastream
    by: Annotated[str, msgspec.Meta(max_length=MAX_BY)]  # who typed it in


class ObservedFrame(msgspec.Struct, frozen=True, kw_only=True, tag="observed", tag_field="type"):
    """What came of a reading that a person heard.  With an `error` nothing was stored."""

    value: float = 0.0  # unit of the datastream
    origin: str = ""  # manual; in an exercise simulated
    error: str = ""
    where: str = ""  # the field at fault; empty = none of them


GatewayFrame = StatusFrame | CommitFrame
GATEWAY_FRAME: Final = msgspec.json.Decoder(GatewayFrame)
AnswerFrame = RetriedFrame | ObservedFrame
ANSWER_FRAME: Final = msgspec.json.Decoder(GatewayFrame | AnswerFrame)
ReaderFrame = CursorFrame | RetryFrame | ObserveFrame | ReloadFrame
READER_FRAME: Final = msgspec.json.Decoder(ReaderFrame)


def encode(frame: GatewayFrame | ReaderFrame | AnswerFrame) -> bytes:
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
        return await asyncio.open_unix_connection(path, limit=MAX_FRAME_BYTES)


class StatusServer:
    """Serves the socket; `publish` never waits for a client."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._clients: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.cursors: dict[str, CursorFrame] = {}  # newest per reader; bounded by MAX_CLIENTS
        self.heard_s: dict[str, float] = {}  # when each reader was last heard (monotonic); bounded as `cursors` is
        self.cut_off = 0
        self.reload: Callable[[], None] = _nothing  # has the city's files read again
        self._retries: deque[tuple[RetryFrame, asyncio.StreamWriter]] = deque()  # at most MAX_WAITING
        self._heard: deque[tuple[ObserveFrame, asyncio.StreamWriter]] = deque()  # at most MAX_WAITING
        self.on_request: Callable[[], None] | None = None  # something waits: what sleeps is to wake

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    def present(self) -> dict[str, CursorFrame]:
        """The cursors of the readers that were heard lately; the log itself remembers the others, and since when."""
        since_s = time.monotonic() - PRESENT_S
        return {name: frame for name, frame in self.cursors.items() if self.heard_s[name] >= since_s}

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

    def next_retry(self) -> tuple[RetryFrame, Callable[[RetriedFrame], None]] | None:
        """The retry that waits longest, and where its answer goes; None where none waits."""
        if not self._retries:
            return None
        frame, writer = self._retries.popleft()
        return frame, lambda answer: _send(writer, answer)

    def next_heard(self) -> tuple[ObserveFrame, Callable[[ObservedFrame], None]] | None:
        """The heard reading that waits longest, and where its answer goes; None where none waits."""
        if not self._heard:
            return None
        frame, writer = self._heard.popleft()
        return frame, lambda answer: _send(writer, answer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MAX_CLIENTS:
            _log.warning("more than %d readers at the status socket: refused", MAX_CLIENTS)
            writer.close()
            return
        self._clients.add(writer)
        try:
            while line := await reader.readline():
                self._take(line, writer)
        except (ValueError, ConnectionError) as error:  # a line over the limit, or the client is gone
            _log.info("status client left: %s", error)
        finally:
            self._clients.discard(writer)
            writer.close()

    def _take(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            frame = READER_FRAME.decode(line)
        except msgspec.MsgspecError as error:
            _log.warning("status socket: not a reader's frame: %s", error)
            return
        if isinstance(frame, ReloadFrame):
            _log.info("%s asks that the city be read again", frame.by)
            self.reload()
            return
        if isinstance(frame, RetryFrame):
            if len(self._retries) < MAX_WAITING:
                self._retries.append((frame, writer))
            else:
                writer.write(encode(RetriedFrame(error="too many retries wait already: ask again in a while")))
            return
        if isinstance(frame, ObserveFrame):
            self._take_heard(frame, writer)
            return
        if frame.reader in self.cursors or len(self.cursors) < MAX_CLIENTS:
            if len(frame.counters) > MAX_COUNTERS:
                frame = msgspec.structs.replace(frame, counters=dict(list(frame.counters.items())[:MAX_COUNTERS]))
            self.cursors[frame.reader] = frame
            self.heard_s[frame.reader] = time.monotonic()

    def _take_heard(self, frame: ObserveFrame, writer: asyncio.StreamWriter) -> None:
        if len(self._heard) >= MAX_WAITING:
            writer.write(encode(ObservedFrame(error="too many readings wait already: send it again in a while")))
            return
        self._heard.append((frame, writer))
        if self.on_request is not None:
            self.on_request()


def _send(writer: asyncio.StreamWriter, answer: AnswerFrame) -> None:
    """Answer, unless who asked is gone."""
    if not writer.transport.is_closing():
        writer.write(encode(answer))


def _nothing() -> None:
    """Nobody reads a city here."""
