"""Alarms as the API and the wall show them (the contract's `Alarm`)."""

from typing import Any

import msgspec

from command_center.alarms.alarm import Alarm, Change
from command_center.alarms.store import AlarmEvent
from command_center.alarms.text import sentence
from command_center.observation_view import ORIGIN_WORDS
from sensors.catalogue import Catalogue, Text
from sensors.times import rfc3339


class LevelChange(msgspec.Struct, frozen=True, kw_only=True):
    """A step in the history of an alarm's levels."""

    event: str
    kind: str
    cause: str
    level: str
    rank: int
    limit: float | None
    value: float | None
    time: str
    at: str
    historical: bool


class AlarmView(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm."""

    id: str
    datastream: str
    station: str
    property: str
    level: str
    rank: int
    severity: int
    priority: str
    state: str
    value: float | None
    limit: float | None
    unit: str
    raised_at: str
    detected_at: str
    acknowledged_at: str | None
    acknowledged_by: str | None
    returned_at: str | None
    closed_at: str | None
    since: str  # when the level shown was reached
    silent: bool
    historical: bool
    projected: bool
    exercise: bool
    quality: int
    origin: str
    levels: list[LevelChange]
    text: Text


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an alarm; `by` is empty for the detector."""

    at: str
    event: str
    by: str
    comment: str
    change: LevelChange | None


def alarm_view(alarm: Alarm, catalogue: Catalogue, now_us: int) -> AlarmView:
    """An alarm as it stands; `now_us` tells which times of its text need their day."""
    shown = alarm.shown
    station, _, observed = alarm.datastream.partition(":")
    return AlarmView(
        id=alarm.id,
        datastream=alarm.datastream,
        station=station,
        property=observed,
        level=shown.level,
        rank=shown.rank,
        severity=alarm.severity,
        priority=alarm.priority,
        state=alarm.state,
        value=shown.value,
        limit=shown.limit,
        unit=alarm.unit,
        raised_at=rfc3339(alarm.raised_us),
        detected_at=rfc3339(alarm.detected_us),
        acknowledged_at=_time(alarm.acknowledged_us),
        acknowledged_by=alarm.acknowledged_by,
        returned_at=_time(alarm.returned_us),
        closed_at=_time(alarm.closed_us),
        since=rfc3339(shown.time_us),
        silent=alarm.silence is not None,
        historical=alarm.historical,
        projected=False,
        exercise=shown.exercise,
        quality=shown.quality,
        origin=ORIGIN_WORDS[shown.origin],
        levels=[_level_change(change) for change in alarm.changes],
        text=sentence(alarm, catalogue, now_us),
    )


def alarm_with_events(view: AlarmView, events: list[AlarmEvent]) -> dict[str, Any]:
    """An alarm and everything that happened to it."""
    return {**msgspec.structs.asdict(view), "events": [_event(event) for event in events]}


def _event(event: AlarmEvent) -> EventView:
    change = None if event.change is None else _level_change(event.change)
    return EventView(at=rfc3339(event.at_us), event=event.event, by=event.by, comment=event.comment, change=change)


def _level_change(change: Change) -> LevelChange:
    return LevelChange(
        event=change.event,
        kind=change.kind,
        cause=change.cause,
        level=change.level,
        rank=change.rank,
        limit=change.limit,
        value=change.value,
        time=rfc3339(change.time_us),
        at=rfc3339(change.at_us),
        historical=change.historical,
    )


def _time(time_us: int | None) -> str | None:
    return None if time_us is None else rfc3339(time_us)
