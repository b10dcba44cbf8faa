"""The ground truth beside a recording: when each level was truly at or above its limit."""

import csv
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

from gateway.errors import GatewayError
from gateway.evaluation.spans import OPEN, Span
from sensors.times import parse_rfc3339

FILE: Final = "expected_excursions.csv"
COLUMNS: Final = ("file", "station", "level", "start", "first_below_after")
Truth = Mapping[tuple[str, str, str], list[Span]]  # (file, station, level): its excursions, none where it never was


def read_truth(folder: Path) -> Truth:
    """The excursions that `expected_excursions.csv` states; empty where there is no such file.

    A row without a `start` says that the level is never reached; one without `first_below_after` that it is still
    reached at the end.  GatewayError names line and reason.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise GatewayError(f"{path}: expected the columns {', '.join(COLUMNS)}, missing {', '.join(missing)}")
            try:
                truth = _grouped(reader)
            except (ValueError, OverflowError, csv.Error) as error:
                raise GatewayError(f"{path}:{reader.line_num}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise GatewayError(f"{path}: cannot be read: {error}") from error
    return {key: _apart(path, key, sorted(spans)) for key, spans in truth.items()}


def _grouped(rows: Iterable[dict[str, str]]) -> dict[tuple[str, str, str], list[Span]]:
    truth: dict[tuple[str, str, str], list[Span]] = {}
    for row in rows:
        spans = truth.setdefault((row["file"] or "", row["station"] or "", row["level"] or ""), [])
        if row["start"]:
            spans.append(_span(row))
    return truth


def _span(row: dict[str, str]) -> Span:
    """ValueError for times that are none."""
    start, end = _time_us(row, "start"), OPEN
    if row["first_below_after"]:
        end = _time_us(row, "first_below_after")
    if end <= start:
        raise ValueError(f"first_below_after: expected after {row['start']}, got {row['first_below_after']}")
    return Span(start, end)


def _time_us(row: dict[str, str], column: str) -> int:
    time_us = parse_rfc3339(row[column])
    if time_us is None:
        raise ValueError(f"{column}: expected a time with an offset, got {row[column]!r}")
    return time_us


def _apart(path: Path, key: tuple[str, str, str], spans: list[Span]) -> list[Span]:
    for one, other in pairwise(spans):
        if other.start_us < one.end_us:
            raise GatewayError(f"{path}: {', '.join(key)}: two excursions overlap")
    return spans
