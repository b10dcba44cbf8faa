"""A command center on a free port over a real log, with a real status socket beside it, for tests."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace

from command_center.app import CommandCenter
from command_center.clock import now_us
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from gateway.status import CommitFrame, SourceStatus, StatusFrame, StatusServer
from sensors.catalogue import Catalogue
from sensors.settings import AdminSettings, LogSettings, Settings
from tests import plain_http
from tests.unit.command_center.little_city import little_city

PASSWORD = "a password for tests"
DETECTOR = 1
LOOP_THREAD = "command center under test"  # the name of the thread of its event loop


class Gateway:
    """What the gateway does for others: it writes the log and rings the bell; without a `city` for the little one."""

    def __init__(self, data_dir: Path, city: Catalogue | None = None) -> None:
        self._data_dir = data_dir
        self._city = city or little_city()
        self._writer: LogWriter | None = None
        self._server: StatusServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.seq = 0

    @property
    def writer(self) -> LogWriter:
        """The log's writer; the first use makes the log, with the city's catalogue."""
        if self._writer is None:
            self._writer = LogWriter(self._data_dir, LogSettings(), DETECTOR)
            self._writer.install_catalogue(self._city, now_us())
        return self._writer

    def append(self, *entries: Entry) -> int:
        """Commit entries and ring; the last one's seq."""
        for entry in entries:
            self.seq = self.writer.append(entry)
        if self._server is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._server.publish, CommitFrame(seq=self.seq))
        return self.seq

    @property
    def cursor(self) -> int:
        """The cursor that the command center reported last."""
        frame = None if self._server is None else self._server.cursors.get("command-center")
        return 0 if frame is None else frame.seq

    def renew(self) -> None:
        """The next use makes another log."""
        self._writer, self.seq = None, 0

    def install_without(self, datastream: str) -> int:
        """Put the little city without a datastream in force; the catalogue's version."""
        city = little_city()
        left = tuple(d for d in city.datastreams if d.id != datastream)
        return self.writer.install_catalogue(replace(city, datastreams=left), now_us())

    async def serve(self) -> None:
        """Serve the status socket until cancelled."""
        self._loop = asyncio.get_running_loop()
        self._server = StatusServer(self._data_dir)
        await self._server.start()
        try:
            while True:
                self._server.publish(self._status())
                await asyncio.sleep(0.2)
        finally:
            await self._server.stop()

    def close(self) -> None:
        """Close the log."""
        if self._writer is not None:
            self._writer.close()

    def _status(self) -> StatusFrame:
        source = SourceStatus(
            name="main", url="mqtt://x", connected=True, since_us=1, reconnects=0, error="", last_message_us=None
        )
        writer = self._writer
        return StatusFrame(
            now_us=now_us(),
            pid=1,
            log_id="" if writer is None else writer.log_id,
            last_seq=self.seq,
            catalogue_version=1,
            log_writable=True,
            log_error="",
            sources=(source,),
            counters={"messages": 7},
            gauges={"wal_bytes": 1.5},
            city_faults=(),
        )


class Running:
    """The command center under test."""

    def __init__(self, center: CommandCenter, url: str, gateway: Gateway) -> None:
        self.center, self.url, self.gateway = center, url, gateway
        self.client = httpx.Client(verify=plain_http.NO_TLS, base_url=f"{url}/api/v1", timeout=plain_http.PATIENCE_S)

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a GET that succeeds."""
        answer = self.client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def log_in(self, user: str = "admin", password: str = PASSWORD) -> dict[str, str]:
        """Headers of a new session."""
        answer = plain_http.post(f"{self.url}/api/v1/login", json={"user": user, "password": password})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    def wait_ready(self) -> None:
        """Until `/readyz` says so."""
        until(lambda: plain_http.get(f"{self.url}/readyz").status_code == 200)

    def wait_applied(self) -> None:
        """Until everything that was appended is applied."""
        until(lambda: plain_http.get(f"{self.url}/healthz").json()["log"]["applied_seq"] >= self.gateway.seq)


def until(condition: Callable[[], bool], timeout_s: float = plain_http.PATIENCE_S) -> None:
    """Ask again until it holds; AssertionError when it does not in time."""
    give_up = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.02)


@contextlib.contextmanager
def running(
    data_dir: Path,
    gateway: Gateway | None = None,
    *,
    serves: bool = True,
    send_buffer_bytes: int | None = None,
    **settings: Any,
) -> Iterator[Running]:
    """A command center and its gateway, stopped at the end; `serves`: the gateway has its status socket.

    `send_buffer_bytes`: how much the kernel takes for a client that does not read.
    """
    own = gateway or Gateway(data_dir)
    defaults = Settings(data_dir=str(data_dir), admin=AdminSettings(password=PASSWORD))
    fields = {name: getattr(defaults, name) for name in Settings.__struct_fields__}
    listener = socket.create_server(("127.0.0.1", 0))
    if send_buffer_bytes is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)  # what it accepts inherits it
    center = CommandCenter(Settings(**(fields | settings)), listener)
    thread = _Thread(center, own if serves else None)
    thread.start()
    try:
        shown = Running(center, f"http://127.0.0.1:{listener.getsockname()[1]}", own)
        with shown.client:
            yield shown
    finally:
        thread.end()
        listener.close()
        own.close()


class _Thread(threading.Thread):
    def __init__(self, center: CommandCenter, gateway: Gateway | None) -> None:
        super().__init__(name=LOOP_THREAD)
        self._center, self._gateway = center, gateway
        self._loop = asyncio.new_event_loop()
        self._error: BaseException | None = None

    def run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._both())
            except BaseException as error:  # noqa: BLE001 - told by `end`
                self._error = error

    def end(self) -> None:
        if self.is_alive():
            self._loop.call_soon_threadsafe(self._center.stop)
        self.join(plain_http.PATIENCE_S)
        assert not self.is_alive(), "the command center did not stop"
        if self._error is not None:
            raise self._error

    async def _both(self) -> None:
        serving = asyncio.create_task(self._gateway.serve() if self._gateway is not None else asyncio.sleep(0))
        try:
            await self._center.run()
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
