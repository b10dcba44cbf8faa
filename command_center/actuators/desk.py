"""The actuator desk: the one place where sirens and lamps are told something, and where it is known whether they did.

Every command is on disk before the broker gets it, so that a restart neither repeats it nor forgets it.  What an alarm
asks for follows the alarm's edges: on when it begins to ask, off when it ends; what people do between stays.
"""

import asyncio
import logging
from typing import Final

from msgspec.structs import replace

from command_center.actuators import store
from command_center.actuators.command import (
    ALARM,
    FAILED,
    MAX_ATTEMPTS,
    TEST,
    TEST_LASTS_US,
    Command,
    Order,
    Standing,
    command_of,
    state_in,
)
from command_center.actuators.counts import Counts
from command_center.actuators.sounding import asking
from command_center.actuators.trouble import Seen, Trouble, troubles
from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.bell import Bell
from command_center.errors import NotAllowed, NotStored
from command_center.operations import Operations
from command_center.picture.picture import Picture
from command_center.troubles.trouble import Condition
from sensors.actuator import Actuator
from sensors.catalogue import Catalogue

MAX_UNRECORDED: Final = 1_000  # commands; the oldest make room, and that is said

_log = logging.getLogger("command_center.actuators")


class ActuatorDesk:
    """Read by API, wall and health; told by people, by the beat of alarms, and by the brokers."""

    def __init__(self, desk: AlarmDesk, operations: Operations, picture: Picture, news: Bell) -> None:
        self._desk, self._operations, self._picture, self._news = desk, operations, picture, news
        self.newest = store.newest(operations)
        self.proven_us = store.proven_us(operations)
        self._number = 0
        self._unrecorded: dict[str, Command] = {}  # went out while operations.db took no writes
        self._automatic = store.newest(operations, ALARM)
        self._failed: dict[str, Standing] = {}  # by actuator: what became of the try before the newest one
        self.outgoing: dict[str, Command] = {}  # by actuator: what is newer takes the place of what was not sent
        self.doorbell = Bell()  # something is to be sent
        self.said: dict[str, tuple[bool, int]] = {}  # by actuator: whether it sounds, and when it said so (µs UTC)
        self.broker_troubles: list[Trouble] = []  # of the links
        self.counts = Counts()
        self.unread = 0  # messages of actuators that say neither on nor off

    @property
    def catalogue(self) -> Catalogue | None:
        """The one in force."""
        return None if self._picture.directory is None else self._picture.directory.catalogue

    @property
    def actuators(self) -> tuple[Actuator, ...]:
        """Those of the catalogue in force."""
        return () if self.catalogue is None else self.catalogue.actuators

    def troubles(self, now_us: int) -> list[Trouble]:
        """What is wrong with them: for wall, health and notification."""
        if self.catalogue is None:
            return []
        seen = Seen(self.newest, self._failed, self.said, self._desk.open_alarms())
        return [*troubles(self.catalogue, seen, now_us), *self.broker_troubles]

    def conditions(self, now_us: int) -> list[Condition]:
        """The same, as a source of the trouble desk."""
        return [trouble.condition for trouble in self.troubles(now_us)]

    def find(self, name: str) -> Actuator | None:
        """The actuator of that name."""
        return next((one for one in self.actuators if one.actuator == name), None)

    async def order(self, actuator: Actuator, order: Order, now_us: int) -> Command:
        """Tell an actuator something: on disk first, then on its way.

        Raises NotAllowed where it cannot be told or its row is made up, NotStored.
        """
        if actuator.is_autonomous:
            raise NotAllowed(f"{actuator.actuator} sounds by a switch of its own: it cannot be told anything")
        if actuator.is_illustrative:
            raise NotAllowed(f"{actuator.actuator} is made up (its source says illustrative): nothing is sent to it")
        self._number = max(self._number + 1, now_us // 1000)  # never one that is on record, whatever was not stored
        command = command_of(actuator, order, self._number, now_us)
        await self._put_on_record(command)
        before = self.newest.get(command.actuator)
        if before is not None and command.attempt > 1:
            self._failed[command.actuator] = before.standing(now_us)
        self.newest[command.actuator] = command
        self.counts.given[command.actuator] += 1
        if command.why == ALARM:
            self._automatic[command.actuator] = command
        self.outgoing[command.actuator] = command
        self.doorbell.ring()
        self._news.ring()
        _log.warning("%s: %s (%s %s)", actuator.actuator, command.word, command.why, command.by or command.alarm_id)
        return command

    async def sent(self, command: Command, now_us: int) -> None:
        """The broker has taken a command.  It is confirmed where the actuator said so before its receipt came."""
        await self._change(replace(command, sent_us=now_us))
        said = self.said.get(command.actuator)
        if said is not None and said[0] is command.on and said[1] >= command.issued_us and said[1] <= now_us:
            await self._confirm(command.actuator, said[1])

    async def hear(self, actuator: Actuator, payload: bytes, now_us: int, *, retained: bool) -> None:
        """An actuator says how it stands; what a broker kept (`retained`) says how it stood, and confirms nothing."""
        on = state_in(actuator, payload)
        if on is None:
            self.unread += 1
            return
        if retained and actuator.actuator in self.said:
            return
        self.said[actuator.actuator] = (on, now_us)
        self._news.ring()
        command = self.newest.get(actuator.actuator)
        if command is not None and command.on is on and command.sent_us is not None and not retained:
            await self._confirm(actuator.actuator, now_us)

    async def beat(self, now_us: int) -> None:
        """Once a second: what alarms ask for, what is tried again, tests that are over; what is not on record yet."""
        await self._record()
        catalogue, alarms = self.catalogue, self._desk.open_alarms()
        self.counts.look(self.newest.values(), now_us)
        for actuator in () if catalogue is None else catalogue.actuators:
            alarm = None if catalogue is None else asking(actuator, alarms, catalogue)
            order = self._due(actuator, alarm, now_us)
            if order is None:
                continue
            try:
                await self.order(actuator, order, now_us)
            except (NotStored, NotAllowed) as error:  # a row that became made up, or autonomous, since it was told
                self._automatic.pop(actuator.actuator, None)
                _log.error("%s is not told %s: %s", actuator.actuator, "on" if order.on else "off", error)

    def _due(self, actuator: Actuator, alarm: Alarm | None, now_us: int) -> Order | None:
        """What is to be told without anybody's hand.

        What a person did in between stays, but not for what is graver, or was called, since it was told last.
        """
        last, newest = self._automatic.get(actuator.actuator), self.newest.get(actuator.actuator)
        alarm_id, severity = ("", 0) if alarm is None else (alarm.id, alarm.severity)
        was_on = last is not None and last.on
        if bool(alarm_id) != was_on or (alarm is not None and last is not None and _is_news(alarm, last)):
            known = "" if last is None else last.alarm_id
            return Order(on=bool(alarm_id), why=ALARM, alarm_id=alarm_id or known, severity=severity)
        if newest is None:
            return None
        is_over = now_us >= newest.issued_us + TEST_LASTS_US
        if newest.why == TEST and newest.on and is_over:
            # A siren that an alarm wants goes on sounding: the test has shown that it does.
            return None if alarm_id else Order(on=False, why=TEST, by=newest.by, comment="end of the test")
        is_ours = newest is last and newest.on is bool(alarm_id)
        if is_ours and newest.standing(now_us) in FAILED and newest.attempt < MAX_ATTEMPTS:
            return Order(
                on=newest.on, why=ALARM, alarm_id=newest.alarm_id, attempt=newest.attempt + 1, severity=severity
            )
        return None

    async def _put_on_record(self, command: Command) -> None:
        """On disk before it is sent; but no full disk keeps a siren from sounding for an alarm."""
        try:
            await asyncio.to_thread(self._store, command, new=True)
        except NotStored as error:
            if command.why != ALARM:
                raise
            if len(self._unrecorded) >= MAX_UNRECORDED:
                oldest = next(iter(self._unrecorded))
                del self._unrecorded[oldest]
                _log.error("%s will never be on record: %d others wait for operations.db", oldest, MAX_UNRECORDED)
            self._unrecorded[command.id] = command
            _log.error("%s: %s goes out unrecorded: %s", command.actuator, command.id, error)

    async def _record(self) -> None:
        """What went out while operations.db took no writes."""
        for command in list(self._unrecorded.values()):
            try:
                await asyncio.to_thread(self._store, command, new=True)
            except NotStored:
                return  # said when it went out; tried again a second later
            if self._unrecorded.get(command.id) is command:  # else it was sent or confirmed meanwhile: once more
                del self._unrecorded[command.id]

    async def _confirm(self, name: str, at_us: int) -> None:
        command = self.newest[name]
        if command.confirmed_us is None:
            await self._change(replace(command, confirmed_us=at_us))
            self.counts.confirmed[name] += 1
            if command.on:
                self.proven_us[name] = at_us

    async def _change(self, after: Command) -> None:
        """A command as it is now.  Where it cannot be stored it is so in memory: what was sent is not sent again."""
        newest = self.newest.get(after.actuator)
        if newest is not None and newest.id == after.id:
            self.newest[after.actuator] = after
        last = self._automatic.get(after.actuator)
        if last is not None and last.id == after.id:
            self._automatic[after.actuator] = after
        if after.id in self._unrecorded:
            self._unrecorded[after.id] = after
            return
        try:
            await asyncio.to_thread(self._store, after, new=False)
        except NotStored as error:
            _log.error("%s: what became of %s is not on record: %s", after.actuator, after.id, error)
        self._news.ring()

    def _store(self, command: Command, *, new: bool) -> None:
        with self._operations.transaction() as connection:
            store.put(connection, command, new=new)


def _is_news(alarm: Alarm, last: Command) -> bool:
    """Whether an alarm wants the actuator for more than it was told last: it is graver, or was called since."""
    if not last.on:
        return False  # told by the edge itself
    is_new = alarm.id != last.alarm_id and alarm.called_us is not None and alarm.called_us > last.issued_us
    return is_new or alarm.severity > last.severity
