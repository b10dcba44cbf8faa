"""Annunciations in operations.db, as they are read."""

from collections.abc import Sequence
from typing import Any

from command_center.alarms.alarm import Aside, Event
from command_center.alarms.annunciation import Annunciation
from command_center.alarms.life_cycle import CHATTER_COUNT
from command_center.alarms.store import ANNUNCIATION
from command_center.operations import Operations


def heard_last(operations: Operations, limit: int) -> list[int]:
    """When the last annunciations that were heard were made, newest first."""
    rows = operations.read("SELECT at_us FROM annunciation WHERE muted = '' ORDER BY number DESC LIMIT ?", limit)
    return [at_us for (at_us,) in rows]


def begun_us(operations: Operations) -> int:
    """When the record began (the first entry of the audit, made at the first start), microseconds UTC."""
    return int(operations.read("SELECT at_us FROM audit ORDER BY number LIMIT 1")[0][0])


def heard_between(operations: Operations, begin_us: int, end_us: int, limit: int) -> list[Annunciation]:
    """Those that were heard in [begin, end), by time; of more than `limit` the newest."""
    rows = operations.read(
        f"SELECT {ANNUNCIATION} FROM annunciation WHERE muted = '' AND at_us >= ? AND at_us < ?"  # noqa: S608 (ours)
        " ORDER BY at_us DESC, number DESC LIMIT ?",
        begin_us,
        end_us,
        limit,
    )
    return [annunciation_of_row(row) for row in reversed(rows)]


def acknowledged_between(operations: Operations, begin_us: int, end_us: int) -> dict[str, list[int]]:
    """When alarms were acknowledged in [begin, end), by their ids."""
    rows = operations.read(
        "SELECT alarm_id, at_us FROM alarm_event WHERE event = ? AND at_us >= ? AND at_us < ? ORDER BY at_us",
        Event.ACKNOWLEDGED,
        begin_us,
        end_us,
    )
    found: dict[str, list[int]] = {}
    for alarm_id, at_us in rows:
        found.setdefault(alarm_id, []).append(at_us)
    return found


def chattering(operations: Operations, begin_us: int, end_us: int) -> int:
    """How many datastreams chattered in [begin, end)."""
    rows = operations.read(
        "SELECT count(DISTINCT alarm.datastream) FROM alarm_event JOIN alarm ON alarm.id = alarm_event.alarm_id"
        " WHERE at_us >= ? AND at_us < ? AND json_extract(change, '$.count') >= ?",
        begin_us,
        end_us,
        CHATTER_COUNT,
    )
    return int(rows[0][0])


def annunciation_of_row(row: Sequence[Any]) -> Annunciation:
    """The annunciation of a row with the columns `ANNUNCIATION`."""
    alarm_id, call, at_us, datastream, level, rank, severity, why, muted, exercise = row
    return Annunciation(
        alarm_id=alarm_id,
        call=call,
        at_us=at_us,
        datastream=datastream,
        level=level,
        rank=rank,
        severity=severity,
        why=Event(why),
        muted=muted,
        exercise=bool(exercise),
    )


def kept_quiet(operations: Operations, since_us: int, limit: int) -> list[Annunciation]:
    """Those since a time that maintenance or out of service muted, by time; of more than `limit` the newest."""
    rows = operations.read(
        f"SELECT {ANNUNCIATION} FROM annunciation WHERE muted IN (?, ?) AND at_us >= ?"  # noqa: S608 (ours)
        " ORDER BY at_us DESC, number DESC LIMIT ?",
        Aside.SUPPRESSED,
        Aside.OUT_OF_SERVICE,
        since_us,
        limit,
    )
    return [annunciation_of_row(row) for row in reversed(rows)]
