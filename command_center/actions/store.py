"""Standing actions and their events in operations.db."""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from command_center.actions.action import Action, ActionAct, ActionEvent, ActionState
from command_center.operations import Operations, note_audit

_ACTION: Final = msgspec.json.Decoder(Action)


def put(connection: sqlite3.Connection, action: Action) -> None:
    """One action as it is now."""
    body = msgspec.json.encode(action).decode()
    connection.execute(
        "INSERT INTO action (id, alarm_id, state, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
        (action.id, action.alarm_id, action.state, body),
    )


def put_event(connection: sqlite3.Connection, event: ActionEvent) -> None:
    """What happened; with its audit record where a person did it."""
    connection.execute(
        "INSERT INTO action_event (action_id, at_us, act, by, comment) VALUES (?, ?, ?, ?, ?)",
        (event.action_id, event.at_us, event.act, event.by, event.comment),
    )
    if event.by:
        note_audit(connection, event.at_us, event.by, f"action {event.act}", event.action_id)


def open_actions(operations: Operations) -> list[Action]:
    """Every action that nobody has taken back, in the order in which they were opened."""
    rows = operations.read("SELECT body FROM action WHERE state != ? ORDER BY number", ActionState.UNDONE)
    return [_ACTION.decode(body) for (body,) in rows]


def ids_under_open_alarms(operations: Operations) -> list[str]:
    """Ids of all actions, taken back or not, of alarms that are not closed: they are not given again."""
    rows = operations.read("SELECT id FROM action WHERE alarm_id IN (SELECT id FROM alarm WHERE state != 'normal')")
    return [action_id for (action_id,) in rows]


def find(operations: Operations, action_id: str) -> Action | None:
    """The action of that id."""
    rows = operations.read("SELECT body FROM action WHERE id = ?", action_id)
    return _ACTION.decode(rows[0][0]) if rows else None


def in_order(operations: Operations, states: Sequence[ActionState], after: int, limit: int) -> list[tuple[int, Action]]:
    """(number, action) in the order in which they were opened, after `after`."""
    marks = ", ".join("?" for _ in states)
    rows = operations.read(
        f"SELECT number, body FROM action WHERE state IN ({marks}) AND number > ? ORDER BY number LIMIT ?",  # noqa: S608 (marks only)
        *states,
        after,
        limit,
    )
    return [(number, _ACTION.decode(body)) for number, body in rows]


def events_of(operations: Operations, action_id: str) -> list[ActionEvent]:
    """Everything that happened to an action, oldest first."""
    rows = operations.read(
        "SELECT at_us, act, by, comment FROM action_event WHERE action_id = ? ORDER BY number", action_id
    )
    return [
        ActionEvent(action_id=action_id, at_us=at_us, act=ActionAct(act), by=by, comment=comment)
        for at_us, act, by, comment in rows
    ]
