"""The alarm desk: the one place where alarms change, by the detector's transitions or by people, and are stored.

What the log says is shown at once and stored in the same breath; should operations.db not take it (disk full), it stays
pending and is tried again every second, and a restart derives it from the log again.  What a person does counts only
once it is stored.  Pending events are bounded: at 10,000 the desk takes no more of the log until they are stored.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from command_center import alarm_store, alarms
from command_center.alarm import Alarm, Event, Position
from command_center.alarm_store import AlarmEvent, Cursor
from command_center.alarms import Context
from command_center.bell import Bell
from command_center.directory import Directory
from command_center.errors import NotStored
from command_center.operations import Operations
from gateway.log.rows import LogRow
from sensors.transition import Transition

MAX_PENDING: Final = 10_000
CLOSED_SHOWN: Final = 50
RETRY_S: Final = 1.0
PROVE_EVERY_BEATS: Final = 10  # that operations.db can be written is proved so often
COMPLAIN_EVERY: Final = 60  # failed writes

_log = logging.getLogger("command_center.alarms")


class AlarmDesk:
    """Alarms in memory: the newest of every datastream, and those closed last."""

    def __init__(self, operations: Operations, news: Bell) -> None:
        self._operations = operations
        self._news = news
        self._lock = asyncio.Lock()
        self._newest = {alarm.datastream: alarm for alarm in alarm_store.newest_of_each(operations)}
        self._closed = deque(reversed(alarm_store.newest_closed(operations, CLOSED_SHOWN)), maxlen=CLOSED_SHOWN)
        self.cursor = alarm_store.stored_cursor(operations)  # applied
        self.stored = self.cursor  # applied and on disk
        self._pending: dict[str, Alarm] = {}
        self._pending_events: list[AlarmEvent] = []
        self._changed: dict[str, Alarm] = {}  # since the wall was told
        self._beats = 0
        self._failures = 0  # in a row
        self.calls = 0  # times the operator was called: raised or worse
        self.unnamed = 0  # transitions of datastreams that no catalogue names

    @property
    def pending(self) -> int:
        """Events that operations.db has not taken yet."""
        return len(self._pending_events)

    def open_of(self, datastream: str) -> Alarm | None:
        """The open alarm of `{station}:{property}`."""
        alarm = self._newest.get(datastream)
        return alarm if alarm is not None and alarm.is_open else None

    def newest(self, stored: Alarm) -> Alarm:
        """What is known in memory of a stored alarm; memory may be ahead of operations.db."""
        alarm = self._newest.get(stored.datastream)
        return alarm if alarm is not None and alarm.id == stored.id else stored

    def open_alarms(self) -> list[Alarm]:
        """Every open alarm, the one raised last first."""
        found = [alarm for alarm in self._newest.values() if alarm.is_open]
        return sorted(found, key=lambda alarm: alarm.raised_us, reverse=True)

    def closed_alarms(self) -> list[Alarm]:
        """The alarms that became normal last, the newest first."""
        return list(reversed(self._closed))

    def drain_changed(self) -> list[Alarm]:
        """The alarms that changed since the last call."""
        changed = list(self._changed.values())
        self._changed.clear()
        return changed

    async def take(self, rows: Sequence[LogRow], directory: Directory) -> None:
        """Apply the rows' transitions; rows up to the cursor change nothing.

        `directory` names the datastreams; a transition of one that it cannot name is told and counted.
        """
        async with self._lock:
            while self.pending >= MAX_PENDING:
                if not await self._store():
                    await asyncio.sleep(RETRY_S)
            cursor = self._applied()
            for row in rows:
                if row.seq > cursor.seq:
                    self._take_row(row, cursor.log_id, directory)
            self.cursor = Cursor(cursor.log_id, max(cursor.seq, rows[-1].seq))
            if self.pending:
                await self._store()

    async def switch(self, log_id: str, now_us: int) -> None:
        """Follow another log from its beginning: it raises again what is still held."""
        async with self._lock:
            for before in list(self._newest.values()):
                after = alarms.let_go(before, log_id, now_us)
                if after is not before:
                    self._pending_events.append(_event(after))
                    self._put(before, after)
            self.cursor = Cursor(log_id, 0)
            await self._store()

    async def rewind(self, seq: int) -> None:
        """Follow the same log from `seq`: it is an older copy of itself, and its next rows will be new ones."""
        async with self._lock:
            for before in list(self._newest.values()):
                if before.last.seq > seq:
                    self._put(before, replace(before, last=Position(seq, 0)))
            self.cursor = Cursor(self._applied().log_id, seq)
            await self._store()

    async def find(self, alarm_id: str) -> Alarm | None:
        """The alarm of that id, however old."""
        newest = next((alarm for alarm in self._newest.values() if alarm.id == alarm_id), None)
        return newest or await asyncio.to_thread(alarm_store.find, self._operations, alarm_id)

    async def acknowledge(self, alarm_id: str, by: str, comment: str, now_us: int) -> Alarm | None:
        """Acknowledge; None where there is no such alarm.  Raises NotStored."""
        return await self._act(
            alarm_id, alarms.acknowledge, AlarmEvent(alarm_id, now_us, Event.ACKNOWLEDGED, by, comment)
        )

    async def close(self, alarm_id: str, by: str, comment: str, now_us: int) -> Alarm | None:
        """Close; None where there is no such alarm.  Raises AlarmActive, NotStored."""
        return await self._act(alarm_id, alarms.close, AlarmEvent(alarm_id, now_us, Event.CLOSED, by, comment))

    async def note(self, alarm_id: str, by: str, comment: str, now_us: int) -> Alarm | None:
        """Put a note on record; None where there is no such alarm.  Raises NotStored."""
        return await self._act(alarm_id, alarms.unchanged, AlarmEvent(alarm_id, now_us, Event.NOTE, by, comment))

    async def beat(self) -> None:
        """Once a second: store what is pending; now and then only to prove that it can be done."""
        async with self._lock:
            self._beats += 1
            due = self.pending or self.cursor != self.stored or self._beats % PROVE_EVERY_BEATS == 0
            if self.cursor is not None and due:
                await self._store()

    async def _act(self, alarm_id: str, change: Callable[[Alarm, str, int], Alarm], act: AlarmEvent) -> Alarm | None:
        async with self._lock:
            before = await self.find(alarm_id)
            if before is None:
                return None
            after = change(before, act.by, act.at_us)
            if after is before and act.event is not Event.NOTE:
                return before
            await asyncio.to_thread(self._write, [*self._pending.values(), after], [*self._pending_events, act])
            self._put(before, after)
            self._stored_all()
            _log.info("%s: %s => %s, %s by %s", after.datastream, before.state, after.state, act.event, act.by)
            return after

    def _take_row(self, row: LogRow, log_id: str, directory: Directory) -> None:
        for ordinal, transition in enumerate(row.transitions):
            if directory.knows(transition.datastream):
                self._apply(transition, _context(log_id, row, ordinal, directory))
            else:
                self.unnamed += 1
                _log.error(
                    "row %d: transition of datastream %d, which no catalogue names", row.seq, transition.datastream
                )

    def _apply(self, transition: Transition, context: Context) -> None:
        before = self._newest.get(context.datastream)
        after = alarms.apply(before, transition, context)
        if after is None or after is before:
            return
        if before is not None and before.id != after.id:
            before = None
        event = _event(after)
        self._pending_events.append(event)
        self._put(before, after)
        self.calls += event.event in (Event.RAISED, Event.WORSE)
        was = "normal" if before is None else before.state
        _log.info("%s: %s => %s, %s %s", after.datastream, was, after.state, event.event, transition.level)

    def _put(self, before: Alarm | None, after: Alarm) -> None:
        """`after` takes the place of `before`; None: it is new."""
        newest = self._newest.get(after.datastream)
        if before is None or newest is None or newest.id == after.id:
            self._newest[after.datastream] = after
        if not after.is_open and (before is None or before.is_open):
            self._closed.append(after)
        self._pending[after.id] = self._changed[after.id] = after
        self._news.ring()

    async def _store(self) -> bool:
        try:
            await asyncio.to_thread(self._write, list(self._pending.values()), list(self._pending_events))
        except NotStored as error:
            if self._failures % COMPLAIN_EVERY == 0:
                _log.error("%s; %d alarm events wait in memory, and the log has them", error, self.pending)
            self._failures += 1
            return False
        if self._failures:
            _log.info("operations.db takes writes again, after %d failed ones", self._failures)
        self._stored_all()
        return True

    def _write(self, changed: list[Alarm], events: list[AlarmEvent]) -> None:
        alarm_store.store(self._operations, changed, events, self._applied())

    def _stored_all(self) -> None:
        self._failures = 0
        self._pending.clear()
        self._pending_events.clear()
        self.stored = self.cursor

    def _applied(self) -> Cursor:
        assert self.cursor is not None, "`switch` comes first"  # noqa: S101 - a mistake of ours, not of the data
        return self.cursor


def _event(alarm: Alarm) -> AlarmEvent:
    """The newest change of an alarm, as an event."""
    change = alarm.changes[-1]
    return AlarmEvent(alarm.id, change.at_us, change.event, change=change)


def _context(log_id: str, row: LogRow, ordinal: int, directory: Directory) -> Context:
    transition = row.transitions[ordinal]
    datastream = directory.name(transition.datastream)
    return Context(
        log_id=log_id,
        position=Position(row.seq, ordinal),
        now_us=row.now_us,
        datastream=datastream.id,
        unit=datastream.unit,
        illustrative=directory.is_illustrative(transition),
    )
