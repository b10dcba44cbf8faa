"""The gateway's wiring, once: brokers → ingest → detector → log → acknowledgement, doorbell, status.

sessions ──take──▶ Engine ──entry──▶ Committer ──seq──▶ acknowledge, doorbell
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.city_in_force import SUBSCRIBED, CityInForce, put_in_force
from gateway.clock import Clock
from gateway.committer import Committer
from gateway.engine import Engine
from gateway.errors import GatewayError, LogError
from gateway.ingest import Arrivals
from gateway.log.reader import LogReader
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from gateway.mqtt.session import Broker, Session
from gateway.recovery import Judge, recover
from gateway.reporting import Reporting
from gateway.status import CommitFrame, StatusServer
from sensors.broker_address import broker_address
from sensors.catalogue import Catalogue
from sensors.detector import DETECTOR_VERSION
from sensors.errors import AnotherCity, CatalogueError
from sensors.settings import Settings
from sensors.tables import Fault

FILTERS: Final = (f"{SUBSCRIBED}#",)
WINDOW_LIMITED: Final = 10  # two reads of exactly so many messages or more: the broker's in-flight window is full
TIMER_CHECK_S: Final = 0.25
STATUS_S: Final = 1.0
STOP_S: Final = 1.0  # what is under way may take so long to reach the disk; `siaga run` waits 1.5 s
DRAIN_S: Final = 0.25  # while a commit waits for the disk, sockets are emptied so often

_log = logging.getLogger("gateway")


async def serve(settings: Settings) -> None:
    """Run the gateway of a data directory until SIGTERM or SIGINT.

    Raises LogError, CatalogueError or BrokerError for what waiting cannot mend.
    """
    data_dir = Path(settings.data_dir)
    os.umask(0o077)  # readings, alarms and passwords' hashes are for the user who runs Siaga
    with _exclusive(data_dir):
        writer = LogWriter(data_dir, settings.log, DETECTOR_VERSION)
        committer = Committer(writer, data_dir)
        try:
            clock = Clock()
            engine = _recovered_engine(settings, data_dir, writer, clock)
            await Gateway(settings, data_dir, committer, engine, clock).run()
        finally:
            committer.close()


class Gateway:
    """The running gateway: one task per broker, one for the flow, one for the status."""

    def __init__(self, settings: Settings, data_dir: Path, committer: Committer, engine: Engine, clock: Clock) -> None:
        self._settings, self._committer, self._engine, self._clock = settings, committer, engine, clock
        self._writer = committer.writer
        self._arrived, self._stop, self._reload = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._status = StatusServer(data_dir)
        self._sessions = [
            Session(broker, _client_id(self._writer.log_id, broker.name), FILTERS, settings.mqtt, self, self._arrived)
            for broker in _brokers(settings, engine.city.catalogue)
        ]
        self._reporting = Reporting(committer, engine, clock, self._sessions, self._status)
        self._checkpoint_at = time.monotonic() + settings.log.checkpoint_s
        self._steps_told = clock.steps  # of our clock, that the log has a row for

    async def run(self) -> None:
        """Work until told to stop: what was taken is made durable and acknowledged, then the sessions end."""
        self._watch_signals()
        await self._status.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                others = [tasks.create_task(s.run(), name=f"gateway.mqtt.{s.broker.name}") for s in self._sessions]
                others.append(tasks.create_task(self._report(), name="gateway.status"))
                flow = tasks.create_task(self._flow(), name="gateway.flow")
                await self._stop.wait()
                await asyncio.wait({flow}, timeout=STOP_S)
                for task in (flow, *others):
                    task.cancel()
        finally:
            began = time.monotonic()
            for session in self._sessions:
                await session.close()
            await self._status.stop()
            _log.info("stopped in %.3f s, log at row %d", time.monotonic() - began, self._committer.last_seq)

    async def recall_filters(self, source: str) -> tuple[str, ...]:
        """The filters that the broker's session of ours holds."""
        try:
            text = await self._committer.call(self._writer.recall, f"filters:{source}")
        except LogError as error:
            _log.warning("what broker %s is subscribed to cannot be recalled, it is asked again: %s", source, error)
            return ()
        return tuple(text.split("\n")) if text else ()

    async def remember_filters(self, source: str, filters: tuple[str, ...]) -> None:
        """Note the filters that the broker's session of ours holds."""
        try:
            await self._committer.call(self._writer.remember, f"filters:{source}", "\n".join(filters))
        except LogError as error:
            _log.warning("what broker %s is subscribed to cannot be noted, it will be asked again: %s", source, error)

    async def _flow(self) -> None:
        """Read, judge, commit, acknowledge; ends after `_stop` with everything taken on disk."""
        ingest = self._settings.ingest
        await self._commit(self._engine.start(self._clock.now_us()))
        last_busy, last_count = 0.0, 0
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TIMER_CHECK_S):
                    await self._arrived.wait()
            self._arrived.clear()
            if self._reload.is_set():
                await self._reload_city()
            count = await self._tick()
            if count:
                now = time.monotonic()
                window_is_full = count == last_count and count >= WINDOW_LIMITED
                if now - last_busy < ingest.quiet_s and not window_is_full:
                    await asyncio.sleep(ingest.tick_s)
                last_busy, last_count = time.monotonic(), count
            for session in self._sessions:
                session.read_on()
        await self._commit(replace(self._engine.idle(self._clock.now_us()), checkpoint=self._engine.checkpoint()))

    async def _tick(self) -> int:
        """Take what has arrived through to the acknowledgement; how many messages it was."""
        taken = [(session, *session.take()) for session in self._sessions]
        arrivals: list[Arrivals] = [a for _, _, a in taken if len(a)]
        now_us = await self._now_us()
        if self._engine.change_due(now_us):
            await self._commit(self._engine.reload(self._engine.city, now_us))
        if not arrivals and not self._engine.due(now_us):
            return 0
        self._reporting.note_messages(arrivals, now_us)
        entry = self._engine.take(arrivals, now_us, holds_live=self._committer.holds_live)
        if entry is not None:
            await self._commit(self._with_checkpoint(entry))
        for session, connection, mine in taken:
            session.acknowledge(connection, mine)
        return sum(len(a) for a in arrivals)

    async def _now_us(self) -> int:
        """The present; where our clock was set forward, the time that it left out is nobody's silence."""
        now_us = self._clock.now_us()
        if self._clock.steps != self._steps_told:  # whoever read the clock first after the step
            self._steps_told = self._clock.steps
            await self._commit(self._engine.start(now_us))
        return now_us

    async def _commit(self, entry: Entry) -> None:
        """Make an entry durable and ring the doorbell; the sockets are drained for as long as that takes."""
        commit = asyncio.ensure_future(self._committer.commit(entry))
        try:
            while not (await asyncio.wait({commit}, timeout=DRAIN_S))[0]:
                for session in self._sessions:
                    session.drain()
                    session.read_on()
        finally:
            commit.cancel()
        self._status.publish(CommitFrame(seq=commit.result()))

    def _with_checkpoint(self, entry: Entry) -> Entry:
        if time.monotonic() < self._checkpoint_at:
            return entry
        self._checkpoint_at = time.monotonic() + self._settings.log.checkpoint_s
        return replace(entry, checkpoint=self._engine.checkpoint())

    async def _reload_city(self) -> None:
        """SIGHUP: a city that cannot be used at all leaves the present one in force, and is shown."""
        self._reload.clear()
        present, now_us = self._engine.city, self._clock.now_us()
        try:
            city = await self._committer.call(
                put_in_force, self._settings.city, self._writer, present.catalogue, now_us
            )
        except (CatalogueError, LogError) as error:
            _log.error("the city is not reloaded, the present one stays: %s", error)
            fault = Fault("city.toml", 0, "", str(error))
            if fault not in present.faults:
                self._engine.city = replace(present, faults=(*present.faults, fault))
            return
        await self._commit(self._engine.reload(city, self._clock.now_us()))
        _log.info("city %s reloaded: catalogue version %d", city.catalogue.city.code, city.version)

    async def _report(self) -> None:
        while True:
            self._status.publish(self._reporting.frame(self._clock.now_us()))
            await asyncio.sleep(STATUS_S)

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._stop_now)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)

    def _stop_now(self) -> None:
        """Stop; the same signal again kills."""
        self._stop.set()
        self._arrived.set()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(name)


def _brokers(settings: Settings, catalogue: Catalogue) -> list[Broker]:
    """The broker of the settings, else the city's sources, else the embedded one on this machine."""
    if settings.mqtt.url:
        return [Broker("broker", broker_address(settings.mqtt.url))]
    named = [Broker(source.name, broker_address(source.url)) for source in catalogue.city.sources]
    return named or [Broker("embedded", broker_address(f"mqtt://127.0.0.1:{settings.mqtt.port}"))]


def _client_id(log_id: str, source: str) -> str:
    """The same for the same log and source, at most 23 characters (MQTT 3.1.1, 3.1.3.1)."""
    return f"siaga{log_id[:10]}{zlib.crc32(source.encode()):08x}"


def _recovered_engine(settings: Settings, data_dir: Path, writer: LogWriter, clock: Clock) -> Engine:
    """The engine as it was after the log's last row, with the city's files as they are now."""
    began = time.monotonic()
    judge: Judge | None = None
    previous: Catalogue | None = None
    with LogReader(data_dir) as reader:
        judge, rows = recover(reader, writer.checkpoints())
        if judge is not None:
            previous = reader.catalogue(judge.catalogue_version)
    if judge is not None:
        _log.info("recovered in %.2f s, %d rows run again", time.monotonic() - began, rows)
    city = _city(settings.city, writer, judge, previous, clock.now_us())
    return Engine(city, judge, settings.log.dead_letter_bytes)


def _city(name: str, writer: LogWriter, judge: Judge | None, previous: Catalogue | None, now_us: int) -> CityInForce:
    """The city's files in force; where they cannot be used at all, the catalogue that the log was last written with."""
    try:
        return put_in_force(name, writer, previous, now_us)
    except CatalogueError as error:
        if judge is None or previous is None or isinstance(error, AnotherCity):
            raise
        _log.error("the city cannot be used, its last good catalogue stays in force: %s", error)
        return CityInForce(previous, judge.catalogue_version, (Fault("city.toml", 0, "", str(error)),))


@contextlib.contextmanager
def _exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the gateway's lock of the data directory; GatewayError if another gateway has it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "gateway.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise GatewayError(f"{data_dir}: another gateway is running on this data directory") from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())  # for `kill -HUP`
        yield
    finally:
        os.close(handle)
