"""Recordings: CSV with columns time, station, variable, value, unit; others are ignored, an empty value is missing."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from sensors.errors import RecordingError
from sensors.times import parse_rfc3339

COLUMNS: Final = ("time", "station", "variable", "value", "unit")


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


def read_recording(path: Path) -> Iterator[Sample | Skipped]:
    """The rows of a recording, in the file's order; RecordingError if it is not one."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            where = _columns(path, _cells(next(lines, "")))
            for number, line in enumerate(lines, start=2):
                if line.strip():
                    yield _row(number, line, where)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path}: expected CSV in UTF-8: {error}") from error


def _cells(line: str) -> list[str]:
    """The cells of one line; csv.Error where it is no CSV.  A quote that nobody closed costs its own line only."""
    return next(csv.reader([line], strict=True), [])


def _columns(path: Path, header: list[str]) -> tuple[int, ...]:
    names = [name.strip() for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise RecordingError(
            f"{path}: expected the columns {', '.join(COLUMNS)}, missing {', '.join(missing)}, got {', '.join(names)}"
        )
    return tuple(names.index(name) for name in COLUMNS)


def _row(line: int, text: str, where: tuple[int, ...]) -> Sample | Skipped:
    try:
        cells = _cells(text)
    except csv.Error as error:
        return Skipped(line, f"not CSV: {error}")
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
