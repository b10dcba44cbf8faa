"""Recordings: CSV with columns time, station, variable, value, unit; others are ignored, an empty value is missing."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from sensors.errors import RecordingError
from sensors.times import parse_rfc3339

COLUMNS: Final = ("time", "station", "variable", "value", "unit")
MAX_LINE: Final = 65_536  # characters; a longer line is no row of a recording, and is not read into memory
EARLIEST_US: Final = -5_364_662_400_000_000  # 1800-01-01: the oldest river gauge records begin about then
LATEST_US: Final = 7_258_118_400_000_000  # 2200-01-01
_TOO_LONG: Final = f"longer than {MAX_LINE} characters"


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
            where = _columns(path, _cells(lines.readline(MAX_LINE)))
            for number, line in enumerate(_bounded(lines), start=2):
                if line is None:
                    yield Skipped(number, _TOO_LONG)
                elif line.strip():
                    yield _row(number, line, where)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path}: expected CSV in UTF-8: {error}") from error


def _bounded(lines: TextIO) -> Iterator[str | None]:
    """The lines that follow, None for each that is too long: it is passed over in pieces."""
    while line := lines.readline(MAX_LINE):
        if len(line) < MAX_LINE or line.endswith("\n"):
            yield line
            continue
        while (piece := lines.readline(MAX_LINE)) and not piece.endswith("\n"):
            pass
        yield None


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
    except (ValueError, OverflowError):
        return Skipped(line, "the time is not RFC 3339")
    if time_us is None:
        return Skipped(line, "the time has no offset")
    if not EARLIEST_US <= time_us < LATEST_US:
        return Skipped(line, "the time is before 1800 or after 2199")
    try:
        number = _number(value) if value else None
    except ValueError:
        return Skipped(line, "the value is not a number")
    if number is not None and not math.isfinite(number):
        return Skipped(line, "the value is not a finite number")
    return Sample(line, time_us, station, variable, number, unit)


def _number(text: str) -> float:
    """ValueError for what is no number; Python's own 1_000 is none."""
    if "_" in text:
        raise ValueError(text)
    return float(text)
