"""The gateway's wiring, once: sources → flow (ingest, detector, log, acknowledgement), doorbell, status, signals."""

import asyncio
import logging
import os
import signal
import time
from pathlib import Path
from typing import Final

from msgspec import structs

from gateway.center_watch import READER, CenterWatch
from gateway.city_in_force import CityInForce, kept_in_force, put_in_force, reread
from gateway.clock import Clock
from gateway.committer import Committer
from gateway.engine import Engine
from gateway.errors import LogDamaged, LogError
from gateway.flow import Flow
from gateway.frame_size import fitting
from gateway.hearing import Hearing
from gateway.lock import exclusive
from gateway.log.reader import LogReader
from gateway.log.set_aside import open_log, replace_log
from gateway.log.upkeep import bounded
from gateway.log.writer import LogWriter
from gateway.pull.pulls import Pulls
from gateway.recovery import Judge, recover
from gateway.reporting import Reporting
from gateway.retrying import Retrying
from gateway.source_memory import SourceMemory
from gateway.sources import Sources
from gateway.status import CommitFrame, StatusServer
from sensors.catalogue import Catalogue
from sensors.detector import DETECTOR_VERSION
from sensors.errors import AnotherCity, CatalogueError
from sensors.running_pace import note_pace
from sensors.settings import Settings

STATUS_S: Final = 1.0
RELOAD_AGAIN_S: Final = 2.0  # while the log cannot take the new catalogue
STOP_S: Final = 1.0  # what is under way may take so long to reach the disk; `siaga run` waits 1.5 s

_log = logging.getLogger("gateway")


async def serve(settings: Settings) -> None:
    """Run the gateway of a data directory until SIGTERM or SIGINT.

    Raises LogError, CatalogueError or BrokerError for what waiting cannot mend.
    """
    data_dir = Path(settings.data_dir)
    os.umask(0o077)  # readings, alarms and passwords' hashes are for the user who runs Siaga
    with exclusive(data_dir):
        clock = Clock()
        log_settings = bounded(settings.log, data_dir)
        writer = open_log(data_dir, log_settings, DETECTOR_VERSION, clock.now_us())
        committer = Committer(writer, data_dir, log_settings)
        try:
            engine = _recovered_engine(settings, data_dir, committer, clock)
            await Gateway(settings, data_dir, committer, engine, clock).run()
        finally:
            committer.close()


class Gateway:
    """The running gateway: one task per broker, one for the flow, one for the status, one for the log's upkeep."""

    def __init__(self, settings: Settings, data_dir: Path, committer: Committer, engine: Engine, clock: Clock) -> None:
        self._settings, self._committer, self._engine, self._clock = settings, committer, engine, clock
        self._data_dir = data_dir
        self._arrived, self._stop, self._reload = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._status = StatusServer(data_dir)
        self._status.reload = self._reload_now
        committer.begin_anew = engine.begin_anew
        key = committer.writer.session_key
        self._memory = SourceMemory(committer)
        self._sources = Sources(settings, key, self._memory, self._arrived)
        self._flow = Flow(settings, engine, committer, self._sources, clock, self._arrived)
        self._reporting = Reporting(committer, engine, clock, self._sources, self._status)
        self._retrying = Retrying(data_dir, engine, self._status, lambda: committer.writer.log_id)
        self._hearing = Hearing(engine, self._status)
        self._status.on_request = self._arrived.set
        self._reload_error, self._reload_at = "", 0.0  # why the city is not reloaded yet, and when it is tried again
        self._pulls = Pulls(settings.city, data_dir, self._sources, lambda: engine.city.catalogue, clock.now_us)
        self._center = CenterWatch(engine.city.catalogue.city.code, time.monotonic())
        self._flow.before_tick = self._between_ticks
        self._flow.on_messages = self._reporting.note_messages
        self._flow.measured = self._reporting.measured
        self._reporting.also_counted = lambda: {"requests_unsent": self._flow.requests_unsent}
        self._reporting.limits = {"unacknowledged_limit": settings.mqtt.max_unacknowledged}
        self._flow.doorbell = lambda seq: self._status.publish(CommitFrame(seq=seq))

    async def run(self) -> None:
        """Work until told to stop: what was taken is made durable and acknowledged, then the sessions end."""
        self._watch_signals()
        self._note_pace()
        await self._status.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                sessions = self._sources.run(self._engine.city.catalogue.city)
                upkeep = self._committer.keep_house(self._status.present, self._clock.now_us)
                others = [
                    tasks.create_task(sessions, name="gateway.sources"),
                    tasks.create_task(self._report(), name="gateway.status"),
                    tasks.create_task(self._pulls.run(), name="gateway.pulls"),
                    tasks.create_task(self._watch_center(), name="gateway.center"),
                    tasks.create_task(upkeep, name="gateway.upkeep"),
                    tasks.create_task(self._memory.run(), name="gateway.memory"),
                ]
                flow = tasks.create_task(self._flow.run(self._stop), name="gateway.flow")
                await self._stop.wait()
                await asyncio.wait({flow}, timeout=STOP_S)
                for task in (flow, *others):
                    task.cancel()
        finally:
            began = time.monotonic()
            self._retrying.close()
            await self._sources.close()
            await self._memory.flush(within_s=STOP_S)
            await self._status.stop()
            _log.info("stopped in %.3f s, log at row %d", time.monotonic() - began, self._committer.last_seq)

    async def _between_ticks(self) -> None:
        holds_live = self._committer.holds_live
        if self._engine.city.catalogue.pace != _pace(self._settings, self._committer):
            self._reload.set()  # the field is heard for the first time: a real river moves at its own pace
        if self._reload.is_set() and time.monotonic() >= self._reload_at:
            await self._reload_city()
        await self._hearing.serve(self._flow.now_us, self._flow.commit, holds_live=holds_live)
        await self._retrying.serve(self._flow.now_us, self._flow.commit, holds_live=holds_live)

    async def _reload_city(self) -> None:
        """SIGHUP, or the water's pace: a city that cannot be used at all leaves the present one in force, and is shown.

        A log that cannot be written just now keeps the wish pending.
        """
        await self._flow.settled()  # a commit that meets damage begins a new log, which would lack the new catalogue
        self._reload.clear()
        present, now_us = self._engine.city, self._clock.now_us()
        writer, pace = self._committer.writer, _pace(self._settings, self._committer)
        try:
            city = await self._committer.call(reread, self._settings.city, writer, present, now_us, pace)
        except LogError as error:
            if not self._reload_error:
                _log.error("the city is not reloaded yet, it is tried again: %s", error)
            self._reload_error, self._reload_at = str(error), time.monotonic() + RELOAD_AGAIN_S
            self._reload.set()
            return
        self._reload_error = ""
        if city.catalogue is present.catalogue:  # kept, since its files cannot be used
            self._engine.city = city
            return
        await self._flow.commit(lambda: self._engine.reload(city, self._clock.now_us()))
        self._note_pace()
        await self._sources.follow(city.catalogue.city)
        _log.info("city %s reloaded: catalogue version %d", city.catalogue.city.code, city.version)

    def _note_pace(self) -> None:
        """For `siaga replay`: nothing of ours depends on it."""
        try:
            note_pace(self._data_dir, self._engine.city.catalogue.pace)
        except OSError as error:
            _log.warning("the pace of the rivers is not noted for siaga replay: %s", error)

    async def _report(self) -> None:
        while True:
            frame = self._reporting.frame(self._clock.now_us())
            frame = structs.replace(frame, pulls=self._pulls.status(), reload_error=self._reload_error)
            self._status.publish(fitting(frame))
            await asyncio.sleep(STATUS_S)

    async def _watch_center(self) -> None:
        try:
            while True:
                self._center.look(self._status.heard_s.get(READER), time.monotonic(), self._clock.now_us())
                self._center.tell(self._sources)
                await asyncio.sleep(STATUS_S)
        finally:
            self._center.close()

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._stop_now)
        loop.add_signal_handler(signal.SIGHUP, self._reload_now)

    def _stop_now(self) -> None:
        """Stop; the same signal again kills."""
        self._stop.set()
        self._arrived.set()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(name)

    def _reload_now(self) -> None:
        self._reload.set()
        self._arrived.set()


def _pace(settings: Settings, committer: Committer) -> float:
    """How many times as fast as life the rivers move: as set, until a reading is of the field."""
    return 1.0 if committer.holds_live else settings.ingest.pace


def _recovered_engine(settings: Settings, data_dir: Path, committer: Committer, clock: Clock) -> Engine:
    """The engine as it was after the log's last row, with the city's files as they are now."""
    began, writer = time.monotonic(), committer.writer
    judge: Judge | None = None
    previous: Catalogue | None = None
    rows = 0
    try:
        with LogReader(data_dir) as reader:
            judge, rows = recover(reader, writer.checkpoints())
            if judge is not None:
                previous = reader.catalogue(judge.catalogue_version)
    except LogDamaged as error:
        replace_log(writer, str(error), None, 0, clock.now_us())
    except LogError as error:  # a catalogue that cannot be read: the rows stay, the detector starts from nothing
        _log.error("the detector's state cannot be recovered, it starts from nothing: %s", error)
        judge = None
    if judge is not None:
        _log.info("recovered in %.2f s, %d rows run again", time.monotonic() - began, rows)
    previous_city = None if judge is None or previous is None else CityInForce(previous, judge.catalogue_version, ())
    city = _city(settings.city, writer, previous_city, clock.now_us(), _pace(settings, committer))
    return Engine(city, judge, settings.log.dead_letter_bytes)


def _city(name: str, writer: LogWriter, previous: CityInForce | None, now_us: int, pace: float) -> CityInForce:
    """The city's files in force; where they cannot be used at all, the catalogue that the log was last written with."""
    try:
        return put_in_force(name, writer, None if previous is None else previous.catalogue, now_us, pace)
    except CatalogueError as error:
        if previous is None or isinstance(error, AnotherCity):
            raise
        _log.error("the city cannot be used, its last good catalogue stays in force: %s", error)
        return kept_in_force(previous, error, writer, now_us, pace)
