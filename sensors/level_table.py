"""Reading `levels.csv`: limits in the unit of their datastream, reachable, and in the order of their ranks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from sensors import units
from sensors.catalogue import MAX_LEVELS, City, DatastreamColumns, Level
from sensors.errors import RowError
from sensors.moments import moment
from sensors.tables import Fault, Line, Unique, read_table, unknown

FILE: Final = "levels.csv"
SHOWN_LEVELS: Final = 12  # of those that a city has, in an error
MAX_RANK: Final = 100
MAX_DELAY_S: Final = 86_400
NEVER_REACHED: Final = "never_reached"
NEVER_LEFT: Final = "never_left"


class LevelRow(Level, frozen=True, kw_only=True):
    """A row of levels.csv."""

    station: str
    property: str
    unit: str


class Placed(NamedTuple):
    """A level and where it is from."""

    line: int
    datastream: str
    level: Level


def read_levels(
    folder: Path, city: City, datastreams: Mapping[str, DatastreamColumns], faults: list[Fault]
) -> dict[str, tuple[Level, ...]]:
    """The usable levels of each datastream by its id, every version, by rank and time."""
    versions = Unique()

    def check(line: Line[LevelRow]) -> Placed:
        row = line.row
        name = f"{row.station}:{row.property}"
        if name not in datastreams:
            raise RowError("property", unknown("datastream", name, datastreams) + " in datastreams.csv or derived.csv")
        level = checked_level(row, city, datastreams[name])
        versions.add(f"{name}/{level.level} {level.effective_from}".rstrip(), "level", line.number)
        return Placed(line.number, name, level)

    by_datastream: dict[str, list[Placed]] = defaultdict(list)
    for placed in read_table(folder / FILE, LevelRow, check, faults):
        others = {other.level.level for other in by_datastream[placed.datastream]} - {placed.level.level}
        if len(others) >= MAX_LEVELS:
            reason = f"expected at most {MAX_LEVELS} levels of {placed.datastream}, got one more"
            faults.append(Fault(FILE, placed.line, "level", reason))
        else:
            by_datastream[placed.datastream].append(placed)
    return {name: _in_rank_order(placed, faults) for name, placed in by_datastream.items()}


def checked_level(row: LevelRow, city: City, datastream: DatastreamColumns) -> Level:
    """The level of a row, in the unit of its datastream.  Raises RowError for one that cannot be used."""
    if row.level not in city.levels:
        raise RowError("level", _not_named(row.level, city.levels))
    _check_row(row)
    effective_from = moment("effective_from", row.effective_from, ZoneInfo(city.time_zone))
    level = _in_unit_of(row, datastream, effective_from)
    _check_reachable(level, datastream)
    return level


def _check_row(row: LevelRow) -> None:
    if not 1 <= row.rank <= MAX_RANK:
        raise RowError("rank", f"expected 1 to {MAX_RANK} (normal is 0 and has no row), got {row.rank}")
    if not 1 <= row.severity <= 4:
        raise RowError("severity", f"expected 1 to 4, got {row.severity}")
    if row.hysteresis < 0:
        raise RowError("hysteresis", f"expected 0 or more, got {row.hysteresis}")
    for column, delay_s in (("on_delay_s", row.on_delay_s), ("off_delay_s", row.off_delay_s)):
        if not 0 <= delay_s <= MAX_DELAY_S:
            raise RowError(column, f"expected 0 to {MAX_DELAY_S} (a day), got {delay_s}")
    if row.severity == 4 and row.on_delay_s:
        raise RowError("on_delay_s", f"severity 4 has no on-delay: expected 0, got {row.on_delay_s}")


def _in_unit_of(row: LevelRow, datastream: DatastreamColumns, effective_from: str) -> Level:
    unit = datastream.unit
    to = units.conversion(row.unit, unit, datastream.property)
    if to is None:
        raise RowError("unit", f"expected a unit that converts to {unit}, got {row.unit!r}")
    level = {name: getattr(row, name) for name in Level.__struct_fields__}
    level["value"] = to.apply(row.value)
    level["hysteresis"] = to.apply_to_difference(row.hysteresis)
    return msgspec.convert(level | {"effective_from": effective_from}, Level)


def _not_named(level: str, known: Collection[str]) -> str:
    """Why a level is none of the city's, and what it takes to be one."""
    there = ", ".join(list(known)[:SHOWN_LEVELS]) or "none"
    more = f" and {len(known) - SHOWN_LEVELS} more" if len(known) > SHOWN_LEVELS else ""
    return (
        f"{unknown('level', level, known)} in city.toml (there are {there}{more}):"
        f" [levels.{level}] with name and colour names it"
    )


def _check_reachable(level: Level, datastream: DatastreamColumns) -> None:
    """A limit outside the valid range is never reached; one that is left only outside of it is never left."""
    bounds = (datastream.valid_min, datastream.valid_max, 1)
    low, high, sign = bounds if level.direction == "rising" else (datastream.valid_max, datastream.valid_min, -1)
    unit = datastream.unit
    if high is not None and sign * level.value > sign * high:
        reason = f"{level.value} {unit} is never reached: the valid range ends at {high}"
        raise RowError("value", reason, NEVER_REACHED)
    clear = level.value - sign * level.hysteresis
    if low is not None and sign * clear <= sign * low:
        back = f"{'less' if sign > 0 else 'more'} than {clear}"
        reason = f"{level.value} {unit} is never left: that takes {back}, the valid range ends at {low}"
        raise RowError("value", reason, NEVER_LEFT)


def _in_rank_order(placed: Iterable[Placed], faults: list[Fault]) -> tuple[Level, ...]:
    """The levels by rank and version; one whose limit contradicts those in force with it is a fault and left out."""
    moments: dict[str, list[Placed]] = defaultdict(list)
    for item in sorted(placed, key=lambda p: (p.level.effective_from, p.level.rank)):
        moments[item.level.effective_from].append(item)
    kept: list[Level] = []
    in_force: dict[str, Level] = {}
    for together in moments.values():
        before = {item.level.level: in_force.pop(item.level.level, None) for item in together}
        for line, _, level in together:
            reason = next(filter(None, (contradiction(level, other) for other in in_force.values())), "")
            stands = before[level.level] if reason else level
            if stands is not None:
                in_force[level.level] = stands
            if reason:
                faults.append(Fault(FILE, line, "value", reason))
            else:
                kept.append(level)
    return tuple(sorted(kept, key=lambda level: (level.rank, level.effective_from)))


def contradiction(level: Level, other: Level) -> str:
    """Why two levels cannot be in force together; empty where they can."""
    if level.direction != other.direction:
        return ""
    told = f"{other.level} (rank {other.rank}, {other.value})"
    if level.rank == other.rank:
        return f"rank {level.rank} is that of {told} already"
    sign = 1 if level.direction == "rising" else -1
    worse, milder = (level, other) if level.rank > other.rank else (other, level)
    if sign * worse.value <= sign * milder.value:
        return f"rank {level.rank} at {level.value} contradicts {told}"
    return ""
