"""Levels that somebody wants to try: checked as the catalogue checks them, and as the lines that would change them."""

import csv
import io
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from command_center.api.answers import ApiError
from sensors.catalogue import City, Datastream, Direction, Level
from sensors.errors import RowError
from sensors.level_table import NEVER_REACHED, LevelRow, checked_level, contradiction
from sensors.moments import moment_us
from sensors.rules import levels_in_force
from sensors.times import SECOND_US, rfc3339

MOST: Final = 1e9  # of a value, whatever its unit
NEVER_RIGHT: Final = "never_right"  # the code of a refusal that has none of its own
CONTRADICTS: Final = "contradicts"
_Value = Annotated[float, msgspec.Meta(ge=-MOST, le=MOST)]
_HEAD: Final = (
    "station", "property", "level", "rank", "severity", "direction", "value", "unit", "hysteresis", "on_delay_s",
    "off_delay_s", "effective_from", "author", "source",
)  # fmt: skip


class TriedLevel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A level as it would be; what is null is as in the level of that name in force."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    value: _Value
    direction: Direction | None = None
    rank: int | None = None
    severity: int | None = None
    hysteresis: _Value | None = None  # how far back past `value` before it is left
    on_delay_s: _Value | None = None
    off_delay_s: _Value | None = None


def levels_to_try(
    city: City, datastream: Datastream, wanted: Sequence[TriedLevel], unit: str, now_us: int
) -> tuple[Level, ...]:
    """The levels by rank, in the datastream's unit.  Raises ApiError 422 for what could never be in force."""
    in_force = {level.level: level for level in levels_in_force(datastream, now_us)}
    checked: list[Level] = []
    for place, one in enumerate(wanted):
        where = f"body.levels.{place}"
        row = _row(one, in_force.get(one.name), datastream, unit, where)
        try:
            level = checked_level(row, city, datastream)
        except RowError as error:
            raise _refused(error.column, error.reason, where, error.code or NEVER_RIGHT) from error
        _check_sensor_height(level, datastream, now_us, where)
        for other in checked:
            if other.level == level.level:
                raise _refused("level", f"{level.level} is named twice", where)
            if reason := contradiction(level, other):
                raise _refused("value", f"{level.level}: {reason}", where, CONTRADICTS)
        checked.append(level)
    return tuple(sorted(checked, key=lambda level: level.rank))


def _row(one: TriedLevel, like: Level | None, datastream: Datastream, unit: str, where: str) -> LevelRow:
    """What is not said is taken from the level in force, which is in the datastream's unit."""
    if like is None:
        if one.rank is None or one.severity is None:
            column = "rank" if one.rank is None else "severity"
            raise _refused(column, f"{one.name} is no level of {datastream.id} now: expected its {column}", where)
        like = Level(level=one.name, rank=one.rank, severity=one.severity, direction="rising", value=one.value)
    elif one.hysteresis is None and unit not in ("", datastream.unit):
        raise _refused("hysteresis", f"expected the margin of {one.name} in {unit}, as its value, got none", where)
    return LevelRow(
        station=datastream.station,
        property=datastream.property,
        unit=unit or datastream.unit,
        level=one.name,
        rank=like.rank if one.rank is None else one.rank,
        severity=like.severity if one.severity is None else one.severity,
        direction=like.direction if one.direction is None else one.direction,
        value=one.value,
        hysteresis=like.hysteresis if one.hysteresis is None else one.hysteresis,
        on_delay_s=like.on_delay_s if one.on_delay_s is None else one.on_delay_s,
        off_delay_s=like.off_delay_s if one.off_delay_s is None else one.off_delay_s,
    )


def _check_sensor_height(level: Level, datastream: Datastream, now_us: int, where: str) -> None:
    """A sensor that looks down at the water cannot see it higher than it hangs itself."""
    installed = next((i for i in reversed(datastream.installations) if moment_us(i.valid_from) <= now_us), None)
    if level.direction != "rising" or installed is None:
        return
    if installed.scale < 0 and level.value >= installed.zero:
        reason = f"{level.value:g} {datastream.unit} is never measured: the sensor hangs at {installed.zero:g}"
        raise _refused("value", reason, where, NEVER_REACHED)


def _refused(column: str, reason: str, where: str, code: str = NEVER_RIGHT) -> ApiError:
    name = "name" if column == "level" else column  # the only one that is not called as in levels.csv
    return ApiError(422, code, f"{name}: {reason}", "body.unit" if column == "unit" else f"{where}.{name}")


def level_lines(
    datastream: Datastream, in_force: Sequence[Level], tried: Sequence[Level], *, by: str, at_us: int
) -> list[str]:
    """The head of levels.csv and a new version of each level that differs from the one in force, from now on.

    What is made up stays so: the source of a level in force that begins with "illustrative" begins the new one's, and
    what it calls for stays an exercise.  A new level is as real as those beside it.
    """
    plain = {level.level: _essence(level) for level in in_force}
    changed = [level for level in tried if plain.get(level.level) != _essence(level)]
    made_up = {level.level: level.is_illustrative for level in in_force}
    since = rfc3339(at_us - at_us % SECOND_US)
    rows = [
        (
            datastream.station, datastream.property, level.level, level.rank, level.severity, level.direction,
            f"{level.value:.10g}", datastream.unit, f"{level.hysteresis:.10g}", f"{level.on_delay_s:.10g}",
            f"{level.off_delay_s:.10g}", since, by,
            f"{'illustrative ' if made_up.get(level.level, any(made_up.values())) else ''}counterfactual {since[:10]}",
        )
        for level in changed
    ]  # fmt: skip
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_HEAD, *rows])
    return text.getvalue().splitlines()


def _essence(level: Level) -> tuple[object, ...]:
    return (
        level.rank,
        level.severity,
        level.direction,
        level.value,
        level.hysteresis,
        level.on_delay_s,
        level.off_delay_s,
    )
