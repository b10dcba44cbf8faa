"""Alarms in memory: the newest of every datastream, those closed last, and what operations.db does not hold yet."""

from collections import deque
from typing import Final

from command_center.actions.book import ActionBook
from command_center.alarms import store
from command_center.alarms.alarm import Alarm
from command_center.alarms.annunciation import Annunciation
from command_center.alarms.calls import heard_last
from command_center.alarms.orders import stored_orders
from command_center.alarms.pending import Pending
from command_center.incidents.flood_mode import AlarmLoad
from command_center.incidents.grouping import IncidentBook
from command_center.operations import Operations

CLOSED_SHOWN: Final = 50
LOAD_KEPT: Final = 1_000  # annunciations that are counted after a restart


class AlarmMemory:
    """What is known of alarms; who changes them is `command_center.alarms.desk`."""

    def __init__(self, operations: Operations) -> None:
        self._newest = {alarm.datastream: alarm for alarm in store.newest_of_each(operations)}
        self._closed = deque(reversed(store.newest_closed(operations, CLOSED_SHOWN)), maxlen=CLOSED_SHOWN)
        self._datastream_of = {alarm.id: name for name, alarm in self._newest.items()}
        self._changed: dict[str, Alarm] = {}  # since the wall was told
        self._incidents = IncidentBook()
        self.orders = stored_orders(operations)  # in force
        self.actions = ActionBook(operations)  # opened by steps of alarms
        self._pending = Pending(self.actions)
        self.load = AlarmLoad(heard_last(operations, LOAD_KEPT))
        self.calls = 0  # annunciations that were heard

    @property
    def pending(self) -> int:
        """Events that operations.db has not taken yet."""
        return len(self._pending.events)

    def open_of(self, datastream: str) -> Alarm | None:
        """The open alarm of `{station}:{property}`."""
        alarm = self._newest.get(datastream)
        return alarm if alarm is not None and alarm.is_open else None

    def newest(self, stored: Alarm) -> Alarm:
        """What is known in memory of a stored alarm; memory may be ahead of operations.db."""
        newest = self._newest.get(stored.datastream)
        known = newest if newest is not None and newest.id == stored.id else stored
        return self._pending.alarms.get(stored.id, known)

    def _in_memory(self, alarm_id: str) -> Alarm | None:
        newest = self._newest.get(self._datastream_of.get(alarm_id, ""))
        return self._pending.alarms.get(alarm_id, newest)

    def pending_ids(self) -> list[str]:
        """Alarms of which memory knows more than operations.db."""
        return list(self._pending.alarms)

    def unstored_alarms(self) -> list[Alarm]:
        """Alarms of which operations.db holds nothing yet, in the order in which they were born."""
        return [alarm for alarm in self._pending.alarms.values() if alarm.id in self._pending.unstored]

    def unstored_calls(self) -> list[tuple[Annunciation, Alarm]]:
        """Annunciations that operations.db has not taken, with their alarms as they are now."""
        known = self._pending.alarms
        return [(call, known[call.alarm_id]) for call in self._pending.calls if call.alarm_id in known]

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

    def _heard(self, call: Annunciation | None) -> None:
        if call is not None and not call.muted:
            self.calls += 1
            self.load.note(call.at_us)

    def _keep(self, before: Alarm | None, after: Alarm) -> None:
        """`after` takes the place of `before`; None: it is new."""
        if before is None:
            self._pending.unstored.add(after.id)
        self.actions.step(before, after)
        newest = self._newest.get(after.datastream)
        if before is None or newest is None or newest.id == after.id:
            if newest is not None:
                self._datastream_of.pop(newest.id, None)
            self._newest[after.datastream] = after
            self._datastream_of[after.id] = after.datastream
            if before is not None:
                self._incidents.remove(before)
            self._incidents.add(after)
        if not after.is_open and (before is None or before.is_open):
            self._closed.append(after)
        self._pending.alarms[after.id] = self._changed[after.id] = after
