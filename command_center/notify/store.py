"""Notices and attempts in operations.db: the durable outbox."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from typing import Any, Final

import msgspec

from command_center.alarms.alarm import Alarm, State
from command_center.alarms.calls import annunciation_of_row
from command_center.alarms.store import ANNUNCIATION
from command_center.notify.notice import Attempt, Call, Calling, Notice, Progress, Result, Told, Waiting, Why
from command_center.operations import Operations
from sensors.times import HOUR_US

DAY_US: Final = 24 * HOUR_US
MAX_AT_ONCE: Final = 500  # rows read for one target
MAX_PLANNED_AT_ONCE: Final = 2_000  # calls
PLANNED_UNKNOWN: Final = -1  # what `planned_up_to` says is not known yet
MAX_ATTEMPTS_KEPT: Final = 100  # of one notice, the newest; `attempts` counts all
_ALARM: Final = msgspec.json.Decoder(Alarm)
_NOTICE: Final = (
    "alarm_id, call, target, ordinal, contact, severity, why, planned_us, not_before_us, late, exercise, datastream,"
    " level, rank, called_us"
)
_ANNUNCIATION: Final = ", ".join(f"a.{column}" for column in ANNUNCIATION.split(", "))


def planned_up_to(connection: sqlite3.Connection) -> int:
    """All annunciations up to this number are planned.  Looks at all of them: asked for once."""
    [first] = connection.execute(
        "SELECT min(a.number) FROM annunciation a"
        " WHERE NOT EXISTS (SELECT 1 FROM planned_call p WHERE p.annunciation = a.number)"
    ).fetchone()
    return last_annunciation(connection) if first is None else int(first) - 1


def last_annunciation(connection: sqlite3.Connection) -> int:
    """The newest annunciation's number; 0 where there is none."""
    [last] = connection.execute("SELECT coalesce(max(number), 0) FROM annunciation").fetchone()
    return int(last)


def unplanned(connection: sqlite3.Connection, behind: int) -> list[tuple[int, Call]]:
    """The annunciations behind number `behind` that are not planned: the worst first, none waits for a lesser one."""
    rows = connection.execute(
        f"SELECT a.number, alarm.body, {_ANNUNCIATION} FROM annunciation a JOIN alarm ON alarm.id = a.alarm_id"  # noqa: S608 (names only)
        " WHERE a.number > ? AND NOT EXISTS (SELECT 1 FROM planned_call p WHERE p.annunciation = a.number)"
        " ORDER BY a.severity DESC, a.number LIMIT ?",
        (behind, MAX_PLANNED_AT_ONCE),
    ).fetchall()
    return [
        (number, Call(annunciation_of_row(values), _ALARM.decode(body), planned_us=None))
        for number, body, *values in rows
    ]


def open_calls(connection: sqlite3.Connection) -> list[Call]:
    """The newest call of each alarm that is open, once its first notices are planned."""
    rows = connection.execute(
        f"SELECT alarm.body, p.planned_us, {_ANNUNCIATION} FROM alarm"  # noqa: S608 (names only)
        " JOIN annunciation a ON a.alarm_id = alarm.id JOIN planned_call p ON p.annunciation = a.number"
        " WHERE alarm.state != ? AND a.call = (SELECT max(call) FROM annunciation WHERE alarm_id = alarm.id)"
        " ORDER BY a.severity DESC, a.number DESC LIMIT ?",
        (State.NORMAL, MAX_PLANNED_AT_ONCE),
    ).fetchall()
    return [Call(annunciation_of_row(values), _ALARM.decode(body), planned_us) for body, planned_us, *values in rows]


def told_of(connection: sqlite3.Connection, calls: Iterable[Calling]) -> dict[tuple[str, int], list[Told]]:
    """The newest notice of each call to each target."""
    return {call.key: _told(connection, call.key) for call in calls}


def _told(connection: sqlite3.Connection, key: tuple[str, int]) -> list[Told]:
    rows = connection.execute(
        "SELECT target, max(ordinal), planned_us, progress FROM notice WHERE alarm_id = ? AND call = ? GROUP BY target",
        key,
    )
    return [Told(target, n, planned_us, progress == Progress.WAITING) for target, n, planned_us, progress in rows]


def mark_planned(connection: sqlite3.Connection, numbered: Iterable[tuple[int, Call]], now_us: int) -> None:
    """The first notices of these calls are planned."""
    connection.executemany(
        "INSERT INTO planned_call VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        ((number, *call.key, now_us) for number, call in numbered),
    )


def put(connection: sqlite3.Connection, notices: Iterable[Notice]) -> None:
    """New notices; one that is known stays as it is."""
    connection.executemany(
        f"INSERT INTO notice ({_NOTICE}, progress, attempts, perhaps_received)"  # noqa: S608 (names only)
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, 0) ON CONFLICT DO NOTHING",
        map(astuple, notices),
    )


def next_test(connection: sqlite3.Connection) -> int:
    """The number of the next test."""
    [number] = connection.execute("SELECT coalesce(max(call), 0) + 1 FROM notice WHERE alarm_id = ''").fetchone()
    return int(number)


def newest_test_us(operations: Operations, contact: str) -> int | None:
    """When a contact was last sent a test; None: never."""
    [[planned_us]] = operations.read("SELECT max(planned_us) FROM notice WHERE alarm_id = '' AND contact = ?", contact)
    return None if planned_us is None else int(planned_us)


def waiting_targets(operations: Operations) -> list[str]:
    """The targets for which notices wait."""
    return [target for (target,) in operations.read("SELECT DISTINCT target FROM notice WHERE progress = 'waiting'")]


def waiting(operations: Operations, target: str) -> list[Waiting]:
    """What waits for a target: the worst first, then the oldest."""
    rows = operations.read(
        f"SELECT number, attempts, perhaps_received, {_NOTICE} FROM notice"  # noqa: S608 (names only)
        " WHERE target = ? AND progress = 'waiting' ORDER BY severity DESC, number LIMIT ?",
        target,
        MAX_AT_ONCE,
    )
    return [Waiting(_notice(values), number, n, bool(perhaps)) for number, n, perhaps, *values in rows]


def begun_since(operations: Operations, target: str, since_us: int) -> list[int]:
    """When attempts for a target began, after `since_us`, oldest first; those of one message began together."""
    rows = operations.read(
        "SELECT DISTINCT at_us FROM notice_attempt JOIN notice ON notice.number = notice_attempt.notice"
        " WHERE target = ? AND at_us > ? AND notice.planned_us > ? ORDER BY at_us",
        target,
        since_us,
        since_us - DAY_US,
    )
    return [int(at_us) for (at_us,) in rows]


def begin(connection: sqlite3.Connection, numbers: Sequence[int], at_us: int) -> None:
    """An attempt begins; should it never end, nobody knows whether it was received."""
    for number in numbers:
        _put_attempt(connection, number, Attempt(at_us, Result.BEGUN))
        connection.execute("UPDATE notice SET perhaps_received = 1 WHERE number = ?", (number,))


def end(connection: sqlite3.Connection, one: Waiting, attempt: Attempt) -> None:
    """The attempt that began last has ended; `one` is the notice as it was before."""
    connection.execute(
        "UPDATE notice_attempt SET ended_us = ?, outcome = ?, detail = ? WHERE number ="
        " (SELECT max(number) FROM notice_attempt WHERE notice = ?)",
        (attempt.ended_us, attempt.result, attempt.detail, one.number),
    )
    _settle(connection, one, attempt)


def record(connection: sqlite3.Connection, one: Waiting, attempts: Sequence[Attempt]) -> None:
    """What was planned or tried while nothing could be written."""
    put(connection, [one.notice])
    [number] = connection.execute(
        "SELECT number FROM notice WHERE alarm_id = ? AND call = ? AND target = ? AND ordinal = ?", one.notice.key
    ).fetchone()
    for attempt in attempts:
        _put_attempt(connection, number, attempt)
        _settle(connection, replace(one, number=number), attempt)


def withdraw(connection: sqlite3.Connection, one: Waiting, now_us: int, reason: str) -> None:
    """It is not to be sent any more."""
    connection.execute(
        "UPDATE notice SET progress = ?, done_us = ?, reason = ? WHERE number = ?",
        (Progress.WITHDRAWN, now_us, reason, one.number),
    )


def _put_attempt(connection: sqlite3.Connection, number: int, attempt: Attempt) -> None:
    connection.execute("UPDATE notice SET attempts = attempts + 1 WHERE number = ?", (number,))
    connection.execute(
        "INSERT INTO notice_attempt (notice, at_us, ended_us, outcome, unrecorded, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (number, attempt.at_us, attempt.ended_us, attempt.result, attempt.unrecorded, attempt.detail),
    )
    connection.execute(
        "DELETE FROM notice_attempt WHERE notice = ? AND number <="
        " (SELECT number FROM notice_attempt WHERE notice = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
        (number, number, MAX_ATTEMPTS_KEPT),
    )


def _settle(connection: sqlite3.Connection, one: Waiting, attempt: Attempt) -> None:
    if attempt.result is Result.SENT:
        connection.execute(
            "UPDATE notice SET progress = ?, done_us = ?, perhaps_received = 1 WHERE number = ?",
            (Progress.SENT, attempt.ended_us, one.number),
        )
        return
    perhaps = one.perhaps_received or attempt.result is not Result.REFUSED
    connection.execute("UPDATE notice SET perhaps_received = ? WHERE number = ?", (perhaps, one.number))


def _notice(values: Sequence[Any]) -> Notice:
    alarm_id, call, target, ordinal, contact, severity, why, planned, not_before, late, exercise, *rest = values
    return Notice(
        *(alarm_id, call, target, ordinal, contact, severity),
        *(Why(why), planned, not_before, bool(late), bool(exercise), *rest),
    )


def tidy(connection: sqlite3.Connection, before_us: int) -> None:
    """Drop what was done before a time, of alarms that are normal; what waits stays."""
    old = (
        "SELECT number FROM notice WHERE done_us < ? AND progress != 'waiting'"
        " AND alarm_id NOT IN (SELECT id FROM alarm WHERE state != 'normal') LIMIT 10000"
    )
    connection.execute(f"DELETE FROM notice_attempt WHERE notice IN ({old})", (before_us,))  # noqa: S608 (constant)
    connection.execute(f"DELETE FROM notice WHERE number IN ({old})", (before_us,))  # noqa: S608 (constant)
