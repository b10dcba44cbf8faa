"""Warnings in operations.db.  Calls wait for the disk: they are made from threads."""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from command_center.alerts.record import OPEN, PUBLISHED, AlertAct, Record, State
from command_center.operations import Operations, note_audit
from sensors.times import HOUR_US

LONGEST_US: Final = 8 * 24 * HOUR_US  # no warning is valid for so long (`ValidMin`)
_RECORD: Final = msgspec.json.Decoder(Record)


class Step(msgspec.Struct, frozen=True):
    """A warning after an act; `xml`: the bytes that were issued by it."""

    record: Record
    act: AlertAct
    xml: bytes | None = None


def store(operations: Operations, steps: Sequence[Step]) -> None:
    """All of the steps or none, each with its act in the audit.  Raises NotStored."""
    with operations.transaction() as connection:
        for step in steps:
            act = step.act
            _put(connection, step.record, step.xml)
            connection.execute(
                "INSERT INTO cap_act (alert_id, at_us, act, by, revision, comment) VALUES (?, ?, ?, ?, ?, ?)",
                (act.alert_id, act.at_us, act.act, act.by, act.revision, act.comment),
            )
            note_audit(connection, act.at_us, act.by, f"alert {act.act}", _detail(act))


def find(operations: Operations, alert_id: str) -> Record | None:
    """The warning of that identifier."""
    return _first(operations.read("SELECT body FROM cap_alert WHERE id = ?", alert_id))


def was_made_for(operations: Operations, key: str) -> bool:
    """Whether something was ever made for that."""
    return bool(operations.read("SELECT 1 FROM cap_alert WHERE made_for = ?", key))


def open_by_hand(operations: Operations, key: str) -> Record | None:
    """The draft that a person made for that before, and that is still open."""
    rows = operations.read(
        "SELECT body FROM cap_alert WHERE substr(made_for, 1, ?) = ? AND state IN (?, ?)", len(key), key, *OPEN
    )
    return _first(rows)


def unfinished(operations: Operations, now_us: int) -> list[Record]:
    """Drafts, and issued warnings that may still hold and that nothing has taken the place of, the oldest first."""
    rows = operations.read(
        "SELECT body FROM cap_alert WHERE state IN (?, ?) OR (state = ? AND issued_us > ?) ORDER BY number",
        *OPEN,
        State.ISSUED,
        now_us - LONGEST_US,
    )
    return [_RECORD.decode(body) for (body,) in rows]


def of_chain(operations: Operations, chain: str) -> list[Record]:
    """Every message of a story, the oldest first."""
    rows = operations.read("SELECT body FROM cap_alert WHERE chain = ? ORDER BY number", chain)
    return [_RECORD.decode(body) for (body,) in rows]


def newest(operations: Operations, states: Sequence[State], before: int | None, limit: int) -> list[tuple[int, Record]]:
    """(number, warning), the newest first, of these states, before a number."""
    marks = ", ".join("?" for _ in states)
    rows = operations.read(
        f"SELECT number, body FROM cap_alert WHERE state IN ({marks}) AND number < ?"  # noqa: S608 (marks only)
        " ORDER BY number DESC LIMIT ?",
        *states,
        2**62 if before is None else before,
        limit,
    )
    return [(number, _RECORD.decode(body)) for number, body in rows]


def published(operations: Operations, limit: int) -> list[Record]:
    """The newest public messages that were issued, the newest first."""
    rows = operations.read(
        "SELECT body FROM cap_alert WHERE issued_us IS NOT NULL AND scope = 'Public'"
        " ORDER BY issued_us DESC, number DESC LIMIT ?",
        limit,
    )
    return [_RECORD.decode(body) for (body,) in rows]


def issued_xml(operations: Operations, alert_id: str) -> tuple[Record, bytes] | None:
    """An issued message and the very bytes that went out."""
    rows = operations.read("SELECT body, xml FROM cap_alert WHERE id = ? AND xml IS NOT NULL", alert_id)
    return (_RECORD.decode(rows[0][0]), bytes(rows[0][1])) if rows else None


def issued_since(operations: Operations, since_us: int, limit: int) -> list[tuple[Record, bytes]]:
    """The newest messages issued since a time, with their bytes, the oldest first."""
    rows = operations.read(
        "SELECT body, xml FROM cap_alert WHERE issued_us > ? ORDER BY issued_us DESC, number DESC LIMIT ?",
        since_us,
        limit,
    )
    return [(_RECORD.decode(body), bytes(xml)) for body, xml in reversed(rows)]


def acts_of(operations: Operations, alert_id: str) -> list[AlertAct]:
    """Everything that was done about a warning, the oldest first."""
    rows = operations.read(
        "SELECT alert_id, at_us, act, by, revision, comment FROM cap_act WHERE alert_id = ? ORDER BY number", alert_id
    )
    return [
        AlertAct(alert_id=alert_id, at_us=at_us, act=act, by=by, revision=revision, comment=comment)
        for alert_id, at_us, act, by, revision, comment in rows
    ]


def _detail(act: AlertAct) -> str:
    return f"{act.alert_id} revision {act.revision}" + (f": {act.comment}" if act.comment else "")


def _first(rows: list[tuple[str]]) -> Record | None:
    return _RECORD.decode(rows[0][0]) if rows else None


def _put(connection: sqlite3.Connection, record: Record, xml: bytes | None) -> None:
    """One warning as it is now; bytes that were issued are never written over."""
    connection.execute(
        "INSERT INTO cap_alert (id, made_for, chain, datastream, state, scope, issued_us, body, xml)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET made_for = excluded.made_for,"
        " state = excluded.state, scope = excluded.scope, issued_us = excluded.issued_us, body = excluded.body,"
        " xml = coalesce(cap_alert.xml, excluded.xml)",
        (
            record.id,
            record.made_for,
            record.chain,
            record.about.datastream,
            record.state,
            record.alert.scope,
            record.issued_us,
            msgspec.json.encode(record).decode(),
            xml,
        ),
    )


ALL_STATES: Final = (*OPEN, *PUBLISHED, State.DISCARDED)
