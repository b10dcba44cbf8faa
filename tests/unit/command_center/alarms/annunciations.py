"""Annunciations on record, in the order in which they were made."""

from command_center.alarms.annunciation import Annunciation
from command_center.alarms.calls import annunciation_of_row
from command_center.alarms.store import ANNUNCIATION
from command_center.operations import Operations


def annunciations_after(operations: Operations, after: int, limit: int) -> list[tuple[int, Annunciation]]:
    """(number, annunciation) in the order in which they were made."""
    rows = operations.read(
        f"SELECT number, {ANNUNCIATION} FROM annunciation WHERE number > ? ORDER BY number LIMIT ?",  # noqa: S608 (ours)
        after,
        limit,
    )
    return [(number, annunciation_of_row(row)) for number, *row in rows]
