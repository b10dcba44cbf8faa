"""The alarm desk: the one place where alarms change, by the detector's transitions or by people, and are stored.

What the log says is shown at once and stored in the same breath; should operations.db not take it (disk full), it stays
pending and is tried again every second, and a restart derives it from the log again.  What a person does counts only
once it is stored.  Pending events are bounded: at 10,000 the desk takes no more of the log until they are stored.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from msgspec.structs import replace

from command_center.alarms import life_cycle, set_aside, store
from command_center.alarms.alarm import Alarm, Event, Position
from command_center.alarms.annunciation import Annunciation, annunciation_of
from command_center.alarms.memory import AlarmMemory
from command_center.alarms.orders import Order, aside_of, checked
from command_center.alarms.pending import Step, event_of
from command_center.alarms.step import Context
from command_center.alarms.store import AlarmEvent, Cursor, InSameBreath
from command_center.bell import Bell
from command_center.errors import NotStored
from command_center.incidents.grouping import is_fault
from command_center.operations import Operations, Write
from command_center.picture.directory import Directory
from gateway.log.rows import LogRow
from sensors.catalogue import Catalogue
from sensors.health_kinds import is_health
from sensors.transition import Kind, Transition

MAX_PENDING: Final = 10_000
RETRY_S: Final = 1.0
PROVE_EVERY_BEATS: Final = 10  # that operations.db can be written is proved so often
COMPLAIN_EVERY: Final = 60  # failed writes

_log = logging.getLogger("command_center.alarms")


class AlarmDesk(AlarmMemory):
    """Changes the alarms in memory, and stores them.

    `following` is what comes of changes and is stored with them, in one transaction.
    """

    def __init__(self, operations: Operations, news: Bell, following: Sequence[InSameBreath] = ()) -> None:
        super().__init__(operations)
        self._following = following
        self._operations = operations
        self._news = news
        self._lock = asyncio.Lock()
        self.cursor = store.stored_cursor(operations)  # applied
        self.stored = self.cursor  # applied and on disk
        self._taken_ids = set() if self.cursor is None else store.ids_after(operations, self.cursor)
        self._beats = 0
        self._failures = 0  # in a row
        self.rebased = 0  # datastreams whose newest time lay ahead of our clock
        self.unnamed = 0  # transitions of datastreams that no catalogue names
        self.twins = 0  # alarms born where a log that is gone had another one

    async def take(self, rows: Sequence[LogRow], directory: Directory) -> None:
        """Apply the rows' transitions; rows up to the cursor change nothing.

        `directory` names the datastreams; a transition of one that it cannot name is told and counted.  Waits while too
        much is pending, without the lock: who acknowledges meanwhile is told that it cannot be stored.
        """
        while True:
            if await self._took(rows, directory):
                return
            await asyncio.sleep(RETRY_S)

    def follow(self, catalogue: Catalogue) -> None:
        """Go by the catalogue in force; what falls due by time waits for the first one."""
        self.actions.follow(catalogue)

    async def _took(self, rows: Sequence[LogRow], directory: Directory) -> bool:
        """Apply the rows, if there is room for what they bring."""
        async with self._lock:
            if self.pending >= MAX_PENDING and not await self._store():
                return False
            cursor = self._applied()
            self.follow(directory.catalogue)
            for row in rows:
                if row.seq > cursor.seq:
                    self._take_row(row, cursor.log_id, directory)
            self.cursor = Cursor(cursor.log_id, max(cursor.seq, rows[-1].seq))
            if self.pending:
                await self._store()
            return True

    async def switch(self, log_id: str, now_us: int) -> None:
        """Follow another log from its beginning: it raises again what is still held."""
        async with self._lock:
            for before in list(self._newest.values()):
                after = life_cycle.let_go(before, log_id, now_us)
                if after is not before:
                    self._pending.events.append(event_of(after))
                    self._put(before, after)
            await self._follow(Cursor(log_id, 0))

    async def rewind(self, seq: int) -> None:
        """Follow the same log from `seq`: it is an older copy of itself, and its next rows will be new ones."""
        async with self._lock:
            for before in list(self._newest.values()):
                if before.last.seq > seq:
                    self._put(before, replace(before, last=Position(seq, 0)))
            await self._follow(Cursor(self._applied().log_id, seq))

    async def _follow(self, cursor: Cursor) -> None:
        """Go on from `cursor`.  Alarms born behind it belong to rows that are gone: their ids are not given again."""
        known = {
            alarm.id for alarm in (*self._newest.values(), *self._pending.alarms.values()) if _is_behind(alarm, cursor)
        }
        self._taken_ids = known | await asyncio.to_thread(store.ids_after, self._operations, cursor)
        self.cursor = cursor
        await self._store()

    async def find(self, alarm_id: str) -> Alarm | None:
        """The alarm of that id, however old."""
        return self._in_memory(alarm_id) or await asyncio.to_thread(store.find, self._operations, alarm_id)

    async def act(
        self, alarm_ids: Sequence[str], change: Callable[[Alarm], Alarm], act: AlarmEvent
    ) -> list[Alarm] | None:
        """What a person does about some alarms, all or none; None where one of them does not exist.

        `change` makes the alarm after it, or raises NotAllowed or AlarmActive; `act` says who, when and why.  Where it
        changes nothing (somebody did the same before) what was said is put on record as a note.  Raises NotStored.
        """
        async with self._lock:
            befores = [await self.find(alarm_id) for alarm_id in alarm_ids]
            if any(before is None for before in befores):
                return None
            steps = [Step(before, change(before), act) for before in befores if before is not None]
            news = [step for step in steps if step.is_news]
            if news:
                await self._commit(news)
            return [step.after for step in steps]

    @contextlib.asynccontextmanager
    async def acting(self) -> AsyncIterator[Callable[[Sequence[Write]], Awaitable[None]]]:
        """For what people do beside alarms: nothing changes meanwhile, and what is yielded stores their writes.

        It stores all that is pending with them, or raises NotStored.
        """

        async def store_also(writes: Sequence[Write]) -> None:
            await self._commit((), also=writes)

        async with self._lock:
            yield store_also

    async def begin(self, order: Order) -> Order:
        """Put an order in force, and set aside what it covers.  Raises NotAllowed, NotStored."""
        async with self._lock:
            order = checked(order, self.orders)
            steps = self._set_aside([*self.orders, order], order.since_us, order.by, order.reason)
            [order] = await self._commit(steps, [order])
            self.orders.append(order)
            return order

    async def end(self, number: int, by: str, now_us: int) -> Order | None:
        """End an order before its time; None where none of that number is in force.  Raises NotStored."""
        async with self._lock:
            order = next((one for one in self.orders if one.number == number), None)
            if order is None:
                return None
            left = [one for one in self.orders if one is not order]
            ended = replace(order, ended_us=now_us, ended_by=by)
            await self._commit(self._set_aside(left, now_us, by, ""), [ended])
            self.orders = left
            return ended

    async def beat(self, now_us: int) -> None:
        """Once a second: what falls due by time; what is pending is stored, now and then just to prove it."""
        async with self._lock:
            if self.cursor is not None and self.actions.is_ready:
                self._expire(now_us)
            self._beats += 1
            due = (
                self.pending
                or self._pending.orders
                or self.cursor != self.stored
                or self._beats % PROVE_EVERY_BEATS == 0
            )
            if self.cursor is not None and due:
                await self._store()

    async def _commit(
        self, steps: Sequence[Step], orders: Sequence[Order] = (), also: Sequence[Write] = ()
    ) -> list[Order]:
        """What people did: it counts once it is stored, with all that was pending."""
        changes = self._pending.changes(steps, orders, also)
        stored = await asyncio.to_thread(store.store, self._operations, changes, self._applied(), self._following)
        for step in steps:
            self._put(step.before, step.after)
            self._heard(step.annunciation)
            _log.info("%s: %s => %s, %s", step.after.datastream, step.before.state, step.after.state, step.event.event)
        self._stored_all()
        return stored[len(stored) - len(orders) :]

    def _set_aside(self, orders: Sequence[Order], now_us: int, by: str, reason: str) -> list[Step]:
        """What becomes of open alarms where these orders are in force."""
        steps = []
        for before in self._newest.values():
            aside = aside_of(orders, before.datastream)
            after = set_aside.put_aside(before, aside, now_us)
            if after is not before:
                event = Event.BACK if aside is None else Event.SET_ASIDE
                steps.append(Step(before, after, AlarmEvent(before.id, now_us, event, by, reason)))
        return steps

    async def find_out(self, steps: Sequence[tuple[Alarm, Alarm, AlarmEvent]]) -> None:
        """What was found out about open alarms, (before, after, event): shown at once, stored with what is pending.

        Where an alarm changed meanwhile, nothing is done about it: it is looked at again a second later.
        """
        async with self._lock:
            for before, after, event in steps:
                if self._newest.get(before.datastream) is before and after is not before:
                    self._step(Step(before, after, event))

    def _expire(self, now_us: int) -> None:
        """What ends by itself: shelves, refutations, chatter and orders."""
        for before in list(self._newest.values()):
            known = before
            for after, event in set_aside.expire(before, now_us) if before.is_open else ():
                self._step(Step(known, after, AlarmEvent(after.id, now_us, event)))
                known = after
        over = [order for order in self.orders if order.until_us <= now_us]
        if over:
            self.orders = [order for order in self.orders if order.until_us > now_us]
            self._pending.orders += [replace(order, ended_us=now_us) for order in over]
            for step in self._set_aside(self.orders, now_us, "", ""):
                self._step(step)

    def _step(self, step: Step) -> None:
        """What time did: shown at once, stored with what is pending."""
        self._pending.events.append(step.event)
        self._call(step.annunciation)
        self._put(step.before, step.after)
        _log.info("%s: %s => %s, %s", step.after.datastream, step.before.state, step.after.state, step.event.event)

    def _call(self, call: Annunciation | None) -> None:
        if call is not None:
            self._pending.calls.append(call)
            self._heard(call)

    def _take_row(self, row: LogRow, log_id: str, directory: Directory) -> None:
        for ordinal, transition in enumerate(row.transitions):
            if not directory.knows(transition.datastream):
                self.unnamed += 1
                _log.error(
                    "row %d: transition of datastream %d, which no catalogue names", row.seq, transition.datastream
                )
            elif not is_health(directory.name(transition.datastream).kind):  # that is the maintainer's (/maintenance)
                self._apply(transition, self._context(log_id, row, ordinal, directory), directory.catalogue)

    def _context(self, log_id: str, row: LogRow, ordinal: int, directory: Directory) -> Context:
        transition = row.transitions[ordinal]
        datastream = directory.name(transition.datastream)
        return Context(
            log_id=log_id,
            position=Position(row.seq, ordinal),
            now_us=row.now_us,
            datastream=datastream.id,
            unit=datastream.unit,
            illustrative=directory.is_illustrative(transition),
            aside=aside_of(self.orders, datastream.id),
        )

    def _apply(self, transition: Transition, context: Context, catalogue: Catalogue) -> None:
        if transition.kind is Kind.REBASED:
            self.rebased += 1
            _log.warning("%s is judged anew: its newest time lay ahead of our clock", context.datastream)
        before = self._newest.get(context.datastream)
        after = life_cycle.apply(before, transition, context)
        if after is None or after is before:
            return
        if before is None or not before.is_open:  # `after` is born of this transition
            before, after = None, self._with_own_id(after)
        if not after.incident or (before is not None and is_fault(before) and not is_fault(after)):
            self._incidents.under(catalogue, (alarm for alarm in self._newest.values() if alarm.is_open))
            incident, group = self._incidents.incident_of(after)
            after = replace(after, incident=incident, group=group)
        event = event_of(after)
        self._pending.events.append(event)
        self._call(annunciation_of(before, after, event.event))
        self._put(before, after)
        what = f"{event.event} {transition.level}".rstrip()
        _log.info("%s: %s => %s, %s", after.datastream, _standing(before), _standing(after), what)

    def _with_own_id(self, born: Alarm) -> Alarm:
        """`born` with an id that no alarm on record has: nothing of an earlier story is ever written over."""
        known = born.id
        while born.id in self._taken_ids:
            born = replace(born, twin=born.twin + 1)
        if born.twin:
            self._taken_ids.add(born.id)
            self.twins += 1
            _log.error("%s is the id of an alarm of rows that are gone: the new one is %s", known, born.id)
        return born

    def _put(self, before: Alarm | None, after: Alarm) -> None:
        """`after` takes the place of `before`; None: it is new."""
        self._keep(before, after)
        self._news.ring()

    async def _store(self) -> bool:
        try:
            await asyncio.to_thread(
                store.store, self._operations, self._pending.changes(), self._applied(), self._following
            )
        except NotStored as error:
            if self._failures % COMPLAIN_EVERY == 0:
                _log.error("%s; %d alarm events wait in memory, and the log has them", error, self.pending)
            self._failures += 1
            return False
        if self._failures:
            _log.info("operations.db takes writes again, after %d failed ones", self._failures)
        self._stored_all()
        return True

    def _stored_all(self) -> None:
        self._failures = 0
        self._pending.clear()
        self.stored = self.cursor

    def _applied(self) -> Cursor:
        assert self.cursor is not None, "`switch` comes first"  # noqa: S101 - a mistake of ours, not of the data
        return self.cursor


def _standing(alarm: Alarm | None) -> str:
    """The state in a line of our own log; history needs no acknowledgement and is told as what it is."""
    if alarm is None:
        return "normal"
    return "historical" if alarm.historical and alarm.is_open else alarm.state


def _is_behind(alarm: Alarm, cursor: Cursor) -> bool:
    """Whether the alarm was born of a row of the cursor's log behind the cursor."""
    return alarm.log_id == cursor.log_id and alarm.born.seq > cursor.seq
