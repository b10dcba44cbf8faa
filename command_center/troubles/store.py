"""Troubles in operations.db, each change with its audit record."""

import sqlite3
from typing import Final

import msgspec

from command_center.operations import Operations, note_audit
from command_center.troubles.trouble import REOPEN_US, Trouble

_TROUBLE: Final = msgspec.json.Decoder(Trouble)


def put(connection: sqlite3.Connection, trouble: Trouble) -> None:
    """One trouble as it is now."""
    connection.execute(
        "INSERT INTO trouble (id, subject, kind, raised_us, cleared_us, body) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET cleared_us = excluded.cleared_us, body = excluded.body",
        (
            trouble.id,
            *trouble.condition.key,
            trouble.raised_us,
            trouble.cleared_us,
            msgspec.json.encode(trouble).decode(),
        ),
    )


def record(connection: sqlite3.Connection, before: Trouble | None, after: Trouble, now_us: int) -> None:
    """What happened between two states of it, in the audit."""
    kind, detail = after.condition.kind, f"{after.id} {after.condition.subject}"
    is_called = before is None or before.calls != after.calls
    if is_called:
        note_audit(connection, now_us, "", f"trouble {kind} called", detail)
    if after.acknowledged_by is not None and (is_called or before is None or before.acknowledged_by is None):
        note_audit(connection, now_us, after.acknowledged_by, f"trouble {kind} acknowledged", detail)
    was_open = is_called or before is None or before.is_open
    if was_open is not after.is_open:
        note_audit(connection, now_us, "", f"trouble {kind} {'back' if after.is_open else 'cleared'}", detail)


def tidy(connection: sqlite3.Connection, before_us: int) -> None:
    """Forget those that were over before then; the audit keeps what happened."""
    connection.execute("DELETE FROM trouble WHERE cleared_us < ?", (before_us,))


def known(operations: Operations, now_us: int) -> list[Trouble]:
    """Those that are open, or may come back as the same."""
    rows = operations.read(
        "SELECT body FROM trouble WHERE cleared_us IS NULL OR cleared_us > ? ORDER BY number", now_us - REOPEN_US
    )
    return [_TROUBLE.decode(body) for (body,) in rows]


def find(operations: Operations, trouble_id: str) -> Trouble | None:
    """The trouble of that id."""
    rows = operations.read("SELECT body FROM trouble WHERE id = ?", trouble_id)
    return _TROUBLE.decode(rows[0][0]) if rows else None


def newest(operations: Operations, before: int, limit: int) -> list[tuple[int, Trouble]]:
    """(number, trouble), the newest first, with a number below `before`."""
    rows = operations.read(
        "SELECT number, body FROM trouble WHERE number < ? ORDER BY number DESC LIMIT ?", before, limit
    )
    return [(number, _TROUBLE.decode(body)) for number, body in rows]
