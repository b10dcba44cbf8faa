"""A log, the history that is kept of it, and a slow and obvious loop that says what must be in it, for tests."""

import contextlib
import itertools
import math
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from command_center.history.folder import Folder
from command_center.history.keeper import HistoryKeeper
from gateway.log.reader import LogReader
from gateway.log.rows import Entry, LogRow
from gateway.log.set_aside import replace_log
from gateway.log.writer import LogWriter
from sensors.catalogue import Catalogue
from sensors.settings import HistorySettings, LogSettings
from sensors.times import HOUR_US, MINUTE_US, NEVER
from tests.unit.command_center.little_city import NOW_US, little_city

RAW = "station, property, unit, time_us, value, quality, reasons, origin, receive_us, device_us, generation, seq"


def write(data_dir: Path, entries: Iterable[Entry], city: Catalogue | None = None) -> str:
    """Append entries to the directory's log, the first time with the city's catalogue; its id."""
    with contextlib.closing(LogWriter(data_dir, LogSettings(), 1)) as writer:
        if not writer.connection.execute("SELECT count(*) FROM catalogue").fetchone()[0]:
            writer.install_catalogue(city or little_city(), NOW_US)
        for entry in entries:
            writer.append(entry)
        return str(writer.log_id)


def renew(data_dir: Path) -> None:
    """Set the directory's log aside as a damaged one, and begin another."""
    with contextlib.closing(LogWriter(data_dir, LogSettings(), 1)) as writer:
        replace_log(writer, "for a test", little_city(), 1, NOW_US)


@contextlib.contextmanager
def keeper_of(data_dir: Path, settings: HistorySettings | None = None) -> Iterator[HistoryKeeper]:
    """A keeper that takes its steps in this thread."""
    keeper = HistoryKeeper(data_dir, settings or HistorySettings())
    try:
        yield keeper
    finally:
        keeper.close()


def keep(data_dir: Path, settings: HistorySettings | None = None) -> HistoryKeeper:
    """Do everything that is due; the keeper, closed, with what it has to say."""
    with keeper_of(data_dir, settings) as keeper:
        while keeper.step():
            pass
        return keeper


def stored(folder: Folder, kind: str = "raw", columns: str = RAW) -> list[tuple[Any, ...]]:
    """Every row of the files that count, as any other program would read them."""
    paths = [folder.path_of(file) for file in folder.present.files if file.kind == kind]
    if not paths:
        return []
    time = "time_us" if kind == "raw" else "minute_us"
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT {columns} FROM read_parquet(?) ORDER BY station, property, unit, {time}",  # noqa: S608 (ours)
            [paths],
        ).fetchall()


def rows_of(data_dir: Path) -> list[LogRow]:
    """Every row of the log."""
    with LogReader(data_dir) as reader:
        found: list[LogRow] = []
        while more := reader.read_after(found[-1].seq if found else 0):
            found += more
        return found


def closed(rows: list[LogRow]) -> list[LogRow]:
    """The rows of closed hours: what follows the last change of hour is open."""
    hours = [row.now_us // HOUR_US for row in rows]
    last = max((k for k in range(1, len(rows)) if hours[k] != hours[k - 1]), default=0)
    return rows[:last]


def expected(logs: Iterable[tuple[int, list[LogRow]]]) -> list[tuple[Any, ...]]:
    """What must be stored of (generation, closed rows) of logs: the first stored of each (datastream, time)."""
    names = {d.number: (d.station, d.property, d.unit) for d in little_city().datastreams}
    first: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for generation, rows in logs:
        for row in rows:
            b = row.batch
            for k in range(len(b)):
                key = (*names[int(b.datastream[k])], int(b.time_us[k]))
                value = float(b.value[k])
                device_us = int(b.device_us[k])
                first.setdefault(
                    key,
                    (
                        *key,
                        None if math.isnan(value) else value,
                        *(int(column[k]) for column in (b.quality, b.reasons, b.origin, b.receive_us)),
                        None if device_us == NEVER else device_us,
                        generation,
                        row.seq,
                    ),
                )
    return [first[key] for key in sorted(first)]


def bits(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with their floats as bits: -0.0 is not 0.0."""
    return [tuple(struct.pack("<d", cell) if isinstance(cell, float) else cell for cell in row) for row in rows]


MINUTES = "station, property, minute_us, n, low, high, mean, low_us, high_us, quality, failed, failed_us, failed_value"


def expected_minutes(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rollups of raw rows, one minute after the other; the mean to ten digits."""
    found = []
    for key, group in itertools.groupby(rows, key=lambda row: (row[0], row[1], row[3] // MINUTE_US * MINUTE_US)):
        members = list(group)
        good = [row for row in members if row[4] is not None and row[5] != 4]
        bad = [row for row in members if row not in good]
        low = min(good, key=lambda row: (row[4], row[3]), default=None)
        high = max(good, key=lambda row: (row[4], -row[3]), default=None)
        found.append(
            (
                *key,
                len(good),
                None if low is None else low[4] + 0.0,  # a zero without its sign
                None if high is None else high[4] + 0.0,
                round(float(np.mean([row[4] for row in good])), 10) if good else None,
                None if low is None else low[3],
                None if high is None else high[3],
                max((row[5] for row in good), default=None),
                len(bad),
                bad[0][3] if bad else None,
                bad[0][4] if bad else None,
            )
        )
    return found


def stored_minutes(folder: Folder) -> list[tuple[Any, ...]]:
    """The minutes of files that hold no minute in two parts; the mean to ten digits."""
    rows = stored(folder, "minute", MINUTES)
    return [
        tuple(round(cell, 10) if k == 6 and cell is not None else cell for k, cell in enumerate(row)) for row in rows
    ]
