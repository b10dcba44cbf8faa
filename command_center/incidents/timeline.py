"""An incident's story: everything that happened to its alarms, by whom, in the order of time."""

from collections.abc import Iterable, Sequence

import msgspec

from command_center.alarms.alarm import Alarm
from command_center.alarms.store import AlarmEvent
from sensors.times import rfc3339


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened; `by` is empty for the detector and for what time did."""

    at: str
    alarm: str
    datastream: str
    event: str
    by: str
    comment: str
    level: str
    value: float | None
    unit: str
    time: str | None  # phenomenon time, of what the detector found


def timeline(alarms: Iterable[tuple[Alarm, Sequence[AlarmEvent]]]) -> list[Moment]:
    """The moments, oldest first; of one moment in the order in which they were put on record."""
    told = [(event.at_us, alarm, event) for alarm, events in alarms for event in events]
    told.sort(key=lambda one: one[0])
    return [_moment(alarm, event) for _, alarm, event in told]


def _moment(alarm: Alarm, event: AlarmEvent) -> Moment:
    change = event.change
    return Moment(
        at=rfc3339(event.at_us),
        alarm=alarm.id,
        datastream=alarm.datastream,
        event=event.event,
        by=event.by,
        comment=event.comment,
        level="" if change is None else change.level,
        value=None if change is None else change.value,
        unit=alarm.unit,
        time=None if change is None else rfc3339(change.time_us),
    )
