"""Commands to actuators in operations.db: the newest of each, and when each was proven last."""

import sqlite3
from typing import Final

import msgspec

from command_center.actuators.command import Command
from command_center.operations import Operations, note_audit

_COMMAND: Final = msgspec.json.Decoder(Command)


def put(connection: sqlite3.Connection, command: Command, *, new: bool) -> None:
    """One command as it is now; with its audit record when it is given."""
    body = msgspec.json.encode(command).decode()
    connection.execute(
        "INSERT INTO actuation (id, actuator, why, is_on, confirmed_us, body) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET confirmed_us = excluded.confirmed_us, body = excluded.body",
        (command.id, command.actuator, command.why, command.on, command.confirmed_us, body),
    )
    if new:
        what = f"actuator {command.word}: {command.why}"
        note_audit(connection, command.issued_us, command.by, what, command.id)


def newest(operations: Operations, why: str = "") -> dict[str, Command]:
    """The newest command of each actuator; `why`: of those given for that reason."""
    rows = operations.read(
        "SELECT body FROM actuation WHERE number IN"
        " (SELECT max(number) FROM actuation WHERE ? IN ('', why) GROUP BY actuator)",
        why,
    )
    commands = [_COMMAND.decode(body) for (body,) in rows]
    return {command.actuator: command for command in commands}


def proven_us(operations: Operations) -> dict[str, int]:
    """When each actuator last said that it sounds after it was told to."""
    rows = operations.read(
        "SELECT actuator, max(confirmed_us) FROM actuation WHERE is_on AND confirmed_us IS NOT NULL GROUP BY actuator"
    )
    return dict(rows)


def in_order(operations: Operations, actuator: str, before: int, limit: int) -> list[tuple[int, Command]]:
    """(number, command) of an actuator, the newest first, before `before`."""
    rows = operations.read(
        "SELECT number, body FROM actuation WHERE actuator = ? AND number < ? ORDER BY number DESC LIMIT ?",
        actuator,
        before,
        limit,
    )
    return [(number, _COMMAND.decode(body)) for number, body in rows]
