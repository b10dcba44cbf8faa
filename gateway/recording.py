"""Recordings: CSV files with the columns time, station, variable, value, unit, as columns of numbers."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from gateway.errors import GatewayError
from sensors.times import parse_rfc3339

COLUMNS: Final = ("time", "station", "variable", "value", "unit")
MAX_NAMED: Final = 20  # rows that cannot be read are named up to so many, the rest counted


class NotARecording(GatewayError):
    """The file has not the columns of a recording."""


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
class Recording:
    """A file's series, in the order of their first rows, and the rows that could not be read."""

    file: str
    series: list[Series]
    refused: list[str] = field(default_factory=list)
    refused_count: int = 0


def read_recording(path: Path) -> Recording:
    """The series of a file; NotARecording for a file with other columns."""
    recording = Recording(path.name, [])
    found: dict[tuple[str, str, str], Series] = {}
    for line, row in _rows(path):
        try:
            time_us, value = _time(row["time"]), _number(row["value"])
        except ValueError as error:
            recording.refused_count += 1
            if len(recording.refused) < MAX_NAMED:
                recording.refused.append(f"{path.name}:{line}: {error}")
            continue
        key = (row["station"], row["variable"], row["unit"])
        series = found.setdefault(key, Series(*key))
        series.time_us.append(time_us)
        series.value.append(value)
    recording.series = list(found.values())
    return recording


def read_thresholds(folder: Path) -> list[Threshold]:
    """The rows of `thresholds.csv` beside a recording, [] where there is none; GatewayError names line and reason."""
    path = folder / "thresholds.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        thresholds = []
        for row in reader:
            try:
                thresholds.append(msgspec.convert(row, Threshold, strict=False))
            except msgspec.ValidationError as error:
                raise GatewayError(f"{path}:{reader.line_num}: {error}") from error
    return thresholds


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise NotARecording(f"{path.name}: no column {', '.join(missing)}")
        for row in reader:
            yield reader.line_num, {name: (row[name] or "").strip() for name in COLUMNS}


def _time(text: str) -> int:
    time_us = parse_rfc3339(text)
    if time_us is None:
        raise ValueError(f"time {text!r}: expected an offset or Z")
    return time_us


def _number(text: str) -> float:
    if not text:
        return math.nan
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"value {text!r}: expected a finite number, or nothing for a missing one")
    return value
