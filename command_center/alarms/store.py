"""Alarms, their events and the command center's cursor in operations.db."""

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Final

import msgspec

from command_center.alarms.alarm import Alarm, Change, Event, State
from command_center.alarms.annunciation import Annunciation
from command_center.alarms.orders import Order
from command_center.operations import Operations, Write, note_audit
from sensors.times import rfc3339

READER: Final = "command-center"
_log = logging.getLogger("command_center.alarms")
_ALARM: Final = msgspec.json.Decoder(Alarm)
_CHANGE: Final = msgspec.json.Decoder(Change)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to row `seq` of log `log_id` is applied."""

    log_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """What happened to an alarm, by the detector (`change`) or by a person (`by`, `comment`)."""

    alarm_id: str
    at_us: int
    event: Event
    by: str = ""
    comment: str = ""
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What is stored together: alarms and orders as they are now, what happened, and who was called."""

    alarms: Sequence[Alarm] = ()
    events: Sequence[AlarmEvent] = ()
    annunciations: Sequence[Annunciation] = ()
    orders: Sequence[Order] = ()  # those without a number are new
    also: Sequence[Write] = ()  # of others, who need these alarms on record


def store(operations: Operations, changes: Changes, cursor: Cursor) -> list[Order]:
    """The changes and the cursor in one transaction; the orders with their numbers.  Raises NotStored."""
    with operations.transaction() as connection:
        for alarm in changes.alarms:
            _put(connection, alarm)
        for event in changes.events:
            _put_event(connection, event)
        connection.executemany(
            "INSERT INTO annunciation (alarm_id, call, at_us, datastream, level, rank, severity, why, muted)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            map(astuple, changes.annunciations),
        )
        orders = [_put_order(connection, order) for order in changes.orders]
        for write in changes.also:
            write(connection)
        connection.execute(
            "INSERT INTO cursor VALUES (?, ?, ?) ON CONFLICT (reader) DO UPDATE SET log_id = excluded.log_id,"
            " seq = excluded.seq",
            (READER, cursor.log_id, cursor.seq),
        )
    return orders


def stored_cursor(operations: Operations) -> Cursor | None:
    """The cursor; None before the first row was applied."""
    rows = operations.read("SELECT log_id, seq FROM cursor WHERE reader = ?", READER)
    return Cursor(*rows[0]) if rows else None


def newest_of_each(operations: Operations) -> list[Alarm]:
    """The newest alarm of every datastream that ever had one, open or closed."""
    rows = operations.read("SELECT body FROM alarm WHERE number IN (SELECT max(number) FROM alarm GROUP BY datastream)")
    return [_ALARM.decode(body) for (body,) in rows]


def ids_after(operations: Operations, cursor: Cursor) -> set[str]:
    """Ids of the alarms born of rows behind `cursor` in its log: the log holds other rows there by now, or will."""
    rows = operations.read("SELECT id FROM alarm WHERE log_id = ? AND seq > ?", cursor.log_id, cursor.seq)
    return {alarm_id for (alarm_id,) in rows}


def find(operations: Operations, alarm_id: str) -> Alarm | None:
    """The alarm of that id."""
    rows = operations.read("SELECT body FROM alarm WHERE id = ?", alarm_id)
    return _ALARM.decode(rows[0][0]) if rows else None


def of_incident(operations: Operations, incident: str, limit: int) -> list[Alarm]:
    """The alarms of one incident, in the order in which they were born."""
    rows = operations.read("SELECT body FROM alarm WHERE incident = ? ORDER BY number LIMIT ?", incident, limit)
    return [_ALARM.decode(body) for (body,) in rows]


def newest_closed(operations: Operations, limit: int) -> list[Alarm]:
    """The newest `limit` alarms that are normal, newest first."""
    rows = operations.read("SELECT body FROM alarm WHERE state = ? ORDER BY number DESC LIMIT ?", State.NORMAL, limit)
    return [_ALARM.decode(body) for (body,) in rows]


def in_order(
    operations: Operations, states: Sequence[State] | None, also: Sequence[str], after: int, limit: int
) -> list[tuple[int, Alarm]]:
    """(number, alarm) in the order in which they were born, after `after`; `states` None = all, empty = none.

    `also` names alarms that are wanted whatever their stored state is.
    """
    named = "TRUE" if states is None else f"(state IN ({_marks(states)}) OR id IN ({_marks(also)}))"
    rows = operations.read(
        f"SELECT number, body FROM alarm WHERE {named} AND number > ? ORDER BY number LIMIT ?",  # noqa: S608 (marks only)
        *(() if states is None else (*states, *also)),
        after,
        limit,
    )
    return [(number, _ALARM.decode(body)) for number, body in rows]


def number_at(operations: Operations, log_id: str, seq: int, ordinal: int) -> int | None:
    """The number of the last alarm born at or before a place of a log; None where no alarm is of that log."""
    rows = operations.read(
        "SELECT max(number) FILTER (WHERE (seq, ordinal) <= (?, ?)), min(number) FROM alarm WHERE log_id = ?",
        seq,
        ordinal,
        log_id,
    )
    last, first = rows[0]
    return int(last) if last is not None else int(first) - 1 if first is not None else None


def events_of(operations: Operations, alarm_id: str) -> list[AlarmEvent]:
    """Everything that happened to an alarm, oldest first."""
    rows = operations.read(
        "SELECT at_us, event, by, comment, change FROM alarm_event WHERE alarm_id = ? ORDER BY number", alarm_id
    )
    return [
        AlarmEvent(alarm_id, at_us, Event(event), by, comment, None if change is None else _CHANGE.decode(change))
        for at_us, event, by, comment, change in rows
    ]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)


def _put(connection: sqlite3.Connection, alarm: Alarm) -> None:
    """One alarm as it is now.  The record of an alarm of another datastream is left alone, whatever its id."""
    done = connection.execute(
        "INSERT INTO alarm (id, log_id, seq, ordinal, datastream, state, incident, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, incident = excluded.incident, body = excluded.body"
        " WHERE datastream = excluded.datastream",
        (
            alarm.id,
            alarm.log_id,
            alarm.born.seq,
            alarm.born.ordinal,
            alarm.datastream,
            alarm.state,
            alarm.incident,
            msgspec.json.encode(alarm).decode(),
        ),
    )
    if not done.rowcount:
        _log.error("%s of %s is not stored: another datastream's alarm has that id", alarm.id, alarm.datastream)


def _put_order(connection: sqlite3.Connection, order: Order) -> Order:
    body = msgspec.json.encode(order).decode()
    if order.number:
        connection.execute(
            "UPDATE service_order SET ended_us = ?, body = ? WHERE number = ?", (order.ended_us, body, order.number)
        )
        note_audit(connection, order.ended_us or 0, order.ended_by, f"{order.aside} ended", order.scope)
        return order
    done = connection.execute(
        "INSERT INTO service_order (scope, ended_us, body) VALUES (?, ?, ?)", (order.scope, order.ended_us, body)
    )
    note_audit(connection, order.since_us, order.by, f"{order.aside} until {rfc3339(order.until_us)}", order.scope)
    return msgspec.structs.replace(order, number=done.lastrowid)


def _put_event(connection: sqlite3.Connection, event: AlarmEvent) -> None:
    change = None if event.change is None else msgspec.json.encode(event.change).decode()
    connection.execute(
        "INSERT INTO alarm_event (alarm_id, at_us, event, by, comment, change) VALUES (?, ?, ?, ?, ?, ?)",
        (event.alarm_id, event.at_us, event.event, event.by, event.comment, change),
    )
    if event.by:
        note_audit(connection, event.at_us, event.by, f"alarm {event.event}", event.alarm_id)
