"""A recording as columns, one series a station, variable and unit; and the thresholds beside it."""

import csv
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from gateway.errors import GatewayError
from sensors.recording import Skipped, read_recording

MAX_NAMED: Final = 20  # rows that cannot be read are named up to so many, the rest counted


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """A row of thresholds.csv."""

    station: str
    level: str
    rank: int
    value: float
    unit: str


@dataclass(slots=True)
class Series:
    """One station's variable in one unit; NaN in `value` is a missing value."""

    station: str
    variable: str
    unit: str
    time_us: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)


@dataclass(slots=True)
class RecordedSeries:
    """A file's series, in the order of their first rows, and the rows that could not be read."""

    file: str
    series: list[Series]
    refused: list[str] = field(default_factory=list)
    refused_count: int = 0


def read_series(path: Path) -> RecordedSeries:
    """The series of a file; RecordingError for a file that is no recording."""
    read = RecordedSeries(path.name, [])
    found: dict[tuple[str, str, str], Series] = {}
    for row in read_recording(path):
        if isinstance(row, Skipped):
            read.refused_count += 1
            if len(read.refused) < MAX_NAMED:
                read.refused.append(f"{path.name}:{row.line}: {row.reason}")
            continue
        key = (row.station, row.variable, row.unit)
        series = found.setdefault(key, Series(*key))
        series.time_us.append(row.time_us)
        series.value.append(math.nan if row.value is None else row.value)
    read.series = list(found.values())
    return read


def read_thresholds(folder: Path) -> list[Threshold]:
    """The rows of `thresholds.csv` beside a recording, [] where there is none; GatewayError names line and reason."""
    path = folder / "thresholds.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        try:
            return [_threshold(row) for row in reader]
        except (ValueError, csv.Error) as error:
            raise GatewayError(f"{path}:{reader.line_num}: {error}") from error


def _threshold(row: dict[str, str]) -> Threshold:
    """ValueError for a row that is none."""
    threshold = msgspec.convert(row, Threshold, strict=False)
    if not math.isfinite(threshold.value):
        raise ValueError(f"value: expected a finite number, got {threshold.value}")
    return threshold
