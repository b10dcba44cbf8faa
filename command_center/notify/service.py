"""Notification, wired: plans what falls due, keeps a worker per target, sends the canaries, and says how it goes."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from command_center.alarms.desk import AlarmDesk
from command_center.errors import OperationsError
from command_center.notify import store
from command_center.notify.desk_link import DeskLink
from command_center.notify.outbox import Outbox
from command_center.notify.targets import TargetState, TargetWorker
from command_center.operations import Operations
from sensors.catalogue import Catalogue
from sensors.contacts import minute_of_day
from sensors.times import HOUR_US, from_datetime, to_datetime

BEAT_S: Final = 1.0
PLAN_EVERY_BEATS: Final = 5  # reminders count in minutes; first notices are planned with their annunciation
TIDY_EVERY: Final = 3_600  # beats
KEEP_US: Final = 400 * 24 * HOUR_US  # notices that are done: who was told when is asked for after a season
MAX_TARGETS: Final = 1_000  # workers; more contacts than that has no city (contact_table.MAX_CONTACTS)
COMPLAIN_EVERY: Final = 60  # failed plans

_log = logging.getLogger("command_center.notify")


class Notifier:
    """`run` lives; the rest says how it goes."""

    def __init__(self, operations: Operations, desk: AlarmDesk, outbox: Outbox, link: DeskLink) -> None:
        self._operations, self._desk, self.outbox, self._link = operations, desk, outbox, link
        self._workers: dict[str, TargetWorker] = {}
        self._rung = asyncio.Event()
        self._failures = 0  # of planning, in a row
        self._beats = 0
        self.error = ""  # why planning fails; empty = it does not

    async def without_address(self) -> dict[str, str]:
        """Why nothing can be sent to targets whose address cannot be read, by target."""
        return await self._link.without_address()

    @property
    def states(self) -> list[TargetState]:
        """How it goes with each target since the start."""
        return [worker.state for worker in self._workers.values()]

    def faults(self) -> list[str]:
        """What does not work, in words."""
        faults = [
            f"a way out fails: {state.contact or 'nobody'} by {state.kind or state.target},"
            f" {state.failures} times in a row: {state.error}"
            for state in self.states
            if state.is_failing
        ]
        if self.error:
            faults.append(f"notification cannot plan: {self.error}")
        if self.outbox.mistake:
            faults.append(f"notification: calls are not planned yet, a mistake of Siaga's: {self.outbox.mistake}")
        if self.outbox.memory.left_out:
            faults.append(f"notification: {self.outbox.memory.left_out} messages found no room in memory")
        return faults

    async def run(self) -> None:
        """Notify for ever."""
        loop = asyncio.get_running_loop()

        def ring() -> None:
            loop.call_soon_threadsafe(self._rung.set)

        self.outbox.news = ring
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    self._rung.clear()
                    await self._beat(tasks)
                    await _until(self._rung, BEAT_S)
        finally:
            await self._link.close()

    async def _beat(self, tasks: asyncio.TaskGroup) -> None:
        now_us = self._link.now_us()
        try:
            if self._desk.pending:
                await asyncio.to_thread(self.outbox.plan_unstored, now_us, self._desk.unstored_calls())
            await asyncio.to_thread(self._plan, now_us)
            self._say("")
        except OperationsError as error:
            self._say(str(error))
        except Exception as error:  # noqa: BLE001 - ours; it must not cost the city its alarms
            _log.exception("a mistake of Siaga's")
            self.outbox.mistakes += 1
            self._say(f"a mistake of Siaga's: {type(error).__name__}: {error}")
        if self.outbox.book is not None:  # what waits since before a restart cannot be told without a catalogue
            self._wake(tasks, await self._targets())

    def _plan(self, now_us: int) -> None:
        """In a thread.  While nothing can be written, the highest severity is planned all the same."""
        try:
            self.outbox.record()
        finally:
            if self._beats % PLAN_EVERY_BEATS == 0:
                self.outbox.plan(now_us)
                self._send_canaries(now_us)
            self._beats += 1
        if self._beats % TIDY_EVERY == 0:
            with self._operations.transaction() as connection:
                store.tidy(connection, now_us - KEEP_US)

    async def _targets(self) -> set[str]:
        try:
            return await asyncio.to_thread(self.outbox.targets)
        except OperationsError:
            return self.outbox.memory.targets()  # `error` says so already

    def _wake(self, tasks: asyncio.TaskGroup, targets: set[str]) -> None:
        for target in targets:
            worker = self._workers.get(target)
            if worker is None and len(self._workers) < MAX_TARGETS:
                worker = self._workers[target] = TargetWorker(target, self.outbox, self._operations, self._link)
                tasks.create_task(worker.run(), name=f"command_center.notify[{target}]")
            if worker is not None:
                worker.ring()

    def _send_canaries(self, now_us: int) -> None:
        book = self.outbox.book
        due_us = None if book is None else canary_due_us(book.catalogue, now_us)
        if book is None or due_us is None:
            return
        for contact in book.catalogue.contacts:
            if contact.canary:
                newest_us = store.newest_test_us(self._operations, contact.contact)
                if newest_us is None or newest_us < due_us:
                    self.outbox.test(contact, "", now_us)

    def _say(self, error: str) -> None:
        """Log the first of some failures, and now and then another."""
        if error and self._failures % COMPLAIN_EVERY == 0:
            _log.error("notification: %s", error)
        elif not error and self._failures:
            _log.info("notification goes on, after %d failures", self._failures)
        self._failures = self._failures + 1 if error else 0
        self.error = error


def canary_due_us(catalogue: Catalogue, now_us: int) -> int | None:
    """When the newest canary was due; None where the city wants none."""
    minute = minute_of_day(catalogue.city.notify.canary_at)
    if minute is None:
        return None
    now = to_datetime(now_us).astimezone(ZoneInfo(catalogue.city.time_zone))
    due = _at(now, minute)
    return from_datetime(due if due <= now else due - timedelta(days=1))


def _at(day: datetime, minute: int) -> datetime:
    return day.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)


async def _until(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
