"""Reading `actions.csv`: standing actions, each of a level that its datastream has, each with an end that can come."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from sensors.catalogue import Level, StandingAction
from sensors.errors import RowError
from sensors.tables import IDENTIFIER, Fault, Line, Unique, read_table, unknown

FILE: Final = "actions.csv"
MAX_ACTIONS: Final = 32  # of one datastream: more is no list that somebody works through at night
MAX_WORDS: Final = 200  # characters of one text on the wall
MAX_MINUTES: Final = 1_440  # a day


def read_actions(
    folder: Path, levels: Mapping[str, Sequence[Level]], faults: list[Fault]
) -> tuple[StandingAction, ...]:
    """The usable rows in the table's order; `levels` are those of each datastream by its id.  It may be absent."""
    names, count = Unique(), Counter[str]()

    def check(line: Line[StandingAction]) -> StandingAction:
        row = line.row
        if not IDENTIFIER.fullmatch(row.action):
            raise RowError("action", f"expected letters, digits, _ and -, at most 64, got {row.action!r}")
        if not levels.get(row.datastream):
            raise RowError("property", f"{unknown('datastream', row.datastream, levels)} with levels in levels.csv")
        _check_levels(row, levels[row.datastream])
        _check_words(row)
        _check_minutes(row)
        names.add(row.key, "action", line.number)
        count[row.datastream] += 1
        if count[row.datastream] > MAX_ACTIONS:
            raise RowError("action", f"expected at most {MAX_ACTIONS} actions of {row.datastream}, got one more")
        return row

    return tuple(read_table(folder / FILE, StandingAction, check, faults, required=False))


def _check_levels(row: StandingAction, levels: Sequence[Level]) -> None:
    """An action is taken back at its own level or at a milder one: at a worse one it would be before it began."""
    by_name = {level.level: level for level in levels}
    for column, name in (("level", row.level), ("undo_level", row.undo_level)):
        if name not in by_name and (name or column == "level"):
            raise RowError(column, f"{unknown('level', name, by_name)} of {row.datastream} in levels.csv")
    if not row.undo_level:
        return
    opens, undo = by_name[row.level], by_name[row.undo_level]
    if (undo.direction, undo.rank) != (opens.direction, min(undo.rank, opens.rank)):
        raise RowError("undo_level", f"expected {row.level} or a milder level of its direction, got {row.undo_level}")


def _check_words(row: StandingAction) -> None:
    for column, text in (("what_id", row.what_id), ("what_en", row.what_en), ("opd", row.opd)):
        if len(text) > MAX_WORDS:
            raise RowError(column, f"expected at most {MAX_WORDS} characters, got {len(text)}")


def _check_minutes(row: StandingAction) -> None:
    if not 0 <= row.takes_min <= MAX_MINUTES:
        raise RowError("takes_min", f"expected 0 to {MAX_MINUTES} (a day), got {row.takes_min:g}")
    if row.report_every_min is not None and not 1 <= row.report_every_min <= MAX_MINUTES:
        raise RowError("report_every_min", f"expected 1 to {MAX_MINUTES} (a day), got {row.report_every_min:g}")
