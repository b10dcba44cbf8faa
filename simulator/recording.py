"""Recordings as CSV: time, station, variable, value, unit; other columns are ignored, an empty value is missing."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sensors.tables import IDENTIFIER
from sensors.times import parse_rfc3339
from simulator.errors import RecordingError

COLUMNS = ("time", "station", "variable", "value", "unit")


class Sample(NamedTuple):
    """One row of a recording."""

    line: int
    time_us: int
    station: str
    variable: str
    value: float | None
    unit: str


class Skipped(NamedTuple):
    """A row that cannot be replayed."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Renaming:
    """New names for stations and variables; `all_variables` is the new name of whatever variable there is."""

    stations: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    all_variables: str = ""

    def apply(self, sample: Sample) -> Sample | Skipped:
        """The sample under its new names, or why there is no topic for them."""
        station = self.stations.get(sample.station, sample.station)
        variable = self.all_variables or self.variables.get(sample.variable, sample.variable)
        for name, what in ((station, "station"), (variable, "variable")):
            if not IDENTIFIER.fullmatch(name):
                return Skipped(sample.line, f"the {what} is no id (letters, digits, _ and -, at most 64): rename it")
        return sample._replace(station=station, variable=variable)


@dataclass(slots=True)
class Contents:
    """What a first reading of the file found: rows that can be replayed, their newest time, their names."""

    samples: int = 0
    last_us: int | None = None
    stations: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)


def read_recording(path: Path) -> Iterator[Sample | Skipped]:
    """The rows of a recording, in the file's order; RecordingError if it is not one."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            where = _columns(path, next(rows, []))
            for cells in rows:
                if cells:
                    yield _row(rows.line_num, cells, where)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path}: expected CSV in UTF-8: {error}") from error


def survey(path: Path) -> Contents:
    """Read the whole recording once, to know its size, newest time and names; RecordingError if it is not one."""
    contents = Contents()
    for row in read_recording(path):
        if isinstance(row, Sample):
            contents.samples += 1
            contents.last_us = row.time_us if contents.last_us is None else max(contents.last_us, row.time_us)
            contents.stations.add(row.station)
            contents.variables.add(row.variable)
    return contents


def _columns(path: Path, header: list[str]) -> tuple[int, ...]:
    names = [name.strip() for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise RecordingError(
            f"{path}: expected the columns {', '.join(COLUMNS)}, missing {', '.join(missing)}, got {', '.join(names)}"
        )
    return tuple(names.index(name) for name in COLUMNS)


def _row(line: int, cells: list[str], where: tuple[int, ...]) -> Sample | Skipped:
    if len(cells) <= max(where):
        return Skipped(line, "cells are missing")
    time, station, variable, value, unit = (cells[i].strip() for i in where)
    try:
        time_us = parse_rfc3339(time)
    except ValueError:
        return Skipped(line, "the time is not RFC 3339")
    if time_us is None:
        return Skipped(line, "the time has no offset")
    try:
        number = float(value) if value else None
    except ValueError:
        return Skipped(line, "the value is not a number")
    if number is not None and not math.isfinite(number):
        return Skipped(line, "the value is not a finite number")
    return Sample(line, time_us, station, variable, number, unit)
