"""A recording as columns, one series a station, variable and unit."""

import math
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.errors import RecordingError
from sensors.recording import Sample, Skipped, read_recording
from sensors.times import SECOND_US

MAX_NAMED: Final = 20  # rows that cannot be read are named up to so many, the rest counted
MAX_SERIES: Final = 2_000  # of one file: more stations than that are no recording of gauges
MAX_ROWS: Final = 20_000_000  # of one file, 16 bytes each while it is read: 200 years of 5 minutes


@dataclass(slots=True)
class Series:
    """One station's variable in one unit, in the order of the file; NaN in `value` is a missing value."""

    station: str
    variable: str
    unit: str
    time_us: "array[int]" = field(default_factory=lambda: array("q"))
    value: "array[float]" = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.time_us)

    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Times (n,) int64 microseconds UTC and values (n,) float64, sorted by time; equal times as they stood."""
        time_us = np.array(self.time_us, np.int64)
        order = np.argsort(time_us, kind="stable")
        return time_us[order], np.array(self.value, np.float64)[order]

    def step_s(self) -> float | None:
        """The median step between its distinct times, seconds; None where there is but one."""
        steps = np.diff(np.sort(np.array(self.time_us, np.int64), kind="stable"))
        steps = np.sort(steps[steps > 0])
        return float(steps[(len(steps) - 1) // 2]) / SECOND_US if len(steps) else None


@dataclass(slots=True)
class RecordedSeries:
    """A file's series, in the order of their first rows, and the rows that could not be read."""

    file: str
    series: list[Series]
    refused: list[str] = field(default_factory=list)
    refused_count: int = 0

    def refuse(self, line: int, reason: str) -> None:
        """Name or count a row that cannot be read."""
        self.refused_count += 1
        if len(self.refused) < MAX_NAMED:
            self.refused.append(f"{self.file}:{line}: {reason}")


def read_series(path: Path) -> RecordedSeries:
    """The series of a file; RecordingError for a file that is no recording, or one too large to judge at once."""
    read = RecordedSeries(path.name.encode("utf-8", "replace").decode(), [])
    found: dict[tuple[str, str, str], Series] = {}
    rows = 0
    for row in read_recording(path):
        reason = row.reason if isinstance(row, Skipped) else _why_not(row, found)
        if isinstance(row, Skipped) or reason:
            read.refuse(row.line, reason)
            continue
        rows += 1
        if rows > MAX_ROWS:
            raise RecordingError(f"{path}: more than {MAX_ROWS} observations: cut it into several files")
        series = _series_of(row, found)
        series.time_us.append(row.time_us)
        series.value.append(math.nan if row.value is None else row.value)
    read.series = list(found.values())
    return read


def _why_not(row: Sample, found: dict[tuple[str, str, str], Series]) -> str:
    """Why an observation belongs to no series; empty where it does."""
    if not row.station or not row.variable:
        return "the station or the variable is missing"
    if len(found) >= MAX_SERIES and (row.station, row.variable, row.unit) not in found:
        return f"one series more than {MAX_SERIES}"
    return ""


def _series_of(row: Sample, found: dict[tuple[str, str, str], Series]) -> Series:
    key = (row.station, row.variable, row.unit)
    series = found.get(key)
    if series is None:
        series = found[key] = Series(*key)
    return series
