"""Messages to people, as their receivers have them, held against what Siaga has on record."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.unit.command_center.notify.receivers import Received

MARKS = ("PERHAPS A REPEAT", "MUNGKIN ULANGAN")


def recorded(data_dir: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a SELECT on operations.db, read beside whoever writes it."""
    with closing(sqlite3.connect(data_dir / "operations.db")) as connection:
        return connection.execute(statement, values).fetchall()


def annunciated(data_dir: Path) -> set[str]:
    """Every annunciation that nobody muted, as `{alarm}/{call}`."""
    rows = recorded(data_dir, "SELECT alarm_id || '/' || call FROM annunciation WHERE muted = ''")
    return {name for (name,) in rows}


def told(received: Sequence[Received]) -> set[str]:
    """The annunciations that messages name; a trouble of the means of warning (no screen shows an alarm) is none."""
    return {"/".join(one.split("/")[:2]) for message in received for one in message.ids if not is_trouble(one)}


def is_trouble(message_id: str) -> bool:
    """Whether it tells of the means of warning, not of an alarm."""
    return message_id.startswith("T")


def is_marked(message: Received) -> bool:
    """Whether it says of itself that it may have come before."""
    return any(mark in message.text for mark in MARKS)


def repeats_without_mark(received: Sequence[Received]) -> list[Received]:
    """Messages of which an id came before and that do not say so."""
    seen: set[str] = set()
    found = []
    for message in received:
        if seen & set(message.ids) and not is_marked(message):
            found.append(message)
        seen |= set(message.ids)
    return found
