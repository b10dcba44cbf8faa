"""thresholds.csv beside a recording: the levels of its stations; and those of a counterfactual, in the same shape."""

import csv
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec

from gateway.errors import GatewayError
from sensors import units
from sensors.catalogue import MAX_LEVELS, Level

FILE: Final = "thresholds.csv"
MAX_ERROR: Final = 400  # letters of an error that quotes a row
_HYSTERESIS_CM: Final = 3.0  # of a river level that states none: three times the noise of a gauge is 2–5 cm


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """A row: the level is reached at value >= `value`; it is left `hysteresis` below it (`unit` for both)."""

    station: str
    level: Annotated[str, msgspec.Meta(min_length=1)]
    rank: Annotated[int, msgspec.Meta(ge=1, le=100)]
    value: float
    unit: str
    hysteresis: float | None = None

    @property
    def canonical_unit(self) -> str:
        """The unit as Siaga spells it; as it stands where Siaga does not know it."""
        return units.canonical(self.unit) or self.unit


def read_thresholds(path: Path) -> list[Threshold]:
    """The rows of a file of thresholds, [] where there is none; GatewayError names line and reason."""
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            try:
                rows = [_threshold(row) for row in reader]
            except (ValueError, csv.Error) as error:
                raise GatewayError(f"{path}:{reader.line_num}: {error}") from error
    except OSError as error:
        raise GatewayError(f"{path}: cannot be read: {error.strerror}") from error
    _check_together(path, rows)
    return rows


def levels_of(thresholds: Sequence[Threshold], station: str, unit: str, *, river: bool) -> tuple[Level, ...]:
    """The levels for a station's series in `unit` (as Siaga spells it), by rank."""
    mine = [t for t in thresholds if t.station == station and t.canonical_unit == unit]
    default = _default_hysteresis(unit) if river else 0.0
    return tuple(
        Level(
            level=t.level,
            rank=t.rank,
            severity=min(t.rank, 4),
            direction="rising",
            value=t.value,
            hysteresis=default if t.hysteresis is None else t.hysteresis,
            source=FILE,
        )
        for t in sorted(mine, key=lambda t: (t.rank, t.value))
    )


def _default_hysteresis(unit: str) -> float:
    """3 cm in `unit`; 0 where that is no length."""
    conversion = units.conversion("cm", unit)
    return 0.0 if conversion is None else conversion.apply_to_difference(_HYSTERESIS_CM)


def _threshold(row: dict[str, str]) -> Threshold:
    """ValueError for a row that is none."""
    named = {name: (row.get(name) or "").strip() for name in Threshold.__struct_fields__ if row.get(name) is not None}
    if not named.get("hysteresis"):
        named.pop("hysteresis", None)
    try:
        threshold = msgspec.convert(named, Threshold, strict=False)
    except msgspec.ValidationError as error:
        got = ", ".join(f"{name} {value!r}" for name, value in named.items())
        raise ValueError(f"{error}; the row has {got or 'nothing'}"[:MAX_ERROR]) from error
    if not math.isfinite(threshold.value):
        raise ValueError(f"value: expected a finite number, got {threshold.value}")
    if threshold.hysteresis is not None and not 0 <= threshold.hysteresis < math.inf:
        raise ValueError(f"hysteresis: expected 0 or more, got {threshold.hysteresis}")
    return threshold


def _check_together(path: Path, rows: Sequence[Threshold]) -> None:
    """GatewayError where rows cannot stand beside each other."""
    for (station, level, unit), times in Counter((t.station, t.level, t.canonical_unit) for t in rows).items():
        if times > 1:
            raise GatewayError(f"{path}: {station} has the level {level} in {unit} {times} times")
    for (station, unit), levels in Counter((t.station, t.canonical_unit) for t in rows).items():
        if levels > MAX_LEVELS:
            raise GatewayError(f"{path}: {station}: expected {MAX_LEVELS} levels in {unit} at most, got {levels}")
