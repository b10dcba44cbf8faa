"""Charts of the history on disk: 2 days, 7 days and a year of one sensor among many that speak once a minute.

The files are laid out as compaction and merging leave them after a year: months, the days of the present month, the
hours of the present day; with their true columns, written by DuckDB at once instead of by a year of compaction.  Then
`Record.chart` is asked as the API asks it, for another sensor each time, of which nothing is in memory.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

import duckdb

from command_center.history.columns import KINDS, MINUTE, RAW, Kind
from command_center.history.folder import FileSet, Folder, made
from command_center.history.manifest import Manifest, StoredFile
from command_center.history.periods import DAY_US, Period, period_at
from command_center.history.record import Asked, Record
from command_center.history.store import HistoryStore
from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture
from sensors.settings import HistorySettings
from sensors.times import HOUR_US, MINUTE_US
from tests.bench.machine import machine

NOW_US: Final = 1_763_823_600_000_000  # 2025-11-22T15:00:00Z
POINTS: Final = 1_000
ASKED: Final = 7
MEMORY_MIB: Final = 256  # the default
# A river and its noise, a minute apart; one in 500 failed its tests.
_VALUE: Final = "100 + 50 * sin(m / 700.0 + s) + (hash(s * 1000003 + m) % 1000) / 500.0"
_COMMON: Final = "CAST(s AS INTEGER) AS series, 'S' || s AS station, 'level' AS property, 'cm' AS unit"
_RAW: Final = f"""
SELECT {_COMMON}, m * {MINUTE_US} AS time_us, {_VALUE} AS value, CAST(1 AS UTINYINT) AS quality,
    CAST(0 AS USMALLINT) AS reasons, CAST(0 AS UTINYINT) AS origin, m * {MINUTE_US} + 300000 AS receive_us,
    m * {MINUTE_US} AS device_us, 1 AS generation, m AS seq
FROM range({{sensors}}) a(s), range({{first}}, {{end}}) b(m)
"""  # noqa: S608
_MINUTE: Final = f"""
SELECT {_COMMON}, m * {MINUTE_US} AS minute_us, 1 AS n, {_VALUE} AS low, {_VALUE} AS high, {_VALUE} AS mean,
    m * {MINUTE_US} AS low_us, m * {MINUTE_US} AS high_us, CAST(1 AS UTINYINT) AS quality,
    CAST(0 AS UTINYINT) AS origin, 0 AS failed, CAST(NULL AS BIGINT) AS failed_us, CAST(NULL AS DOUBLE) AS failed_value,
    CAST(NULL AS UTINYINT) AS failed_quality
FROM range({{sensors}}) a(s), range({{first}}, {{end}}) b(m)
"""  # noqa: S608


def periods(months: int) -> Iterator[Period]:
    """What there is after so many months and a little: whole months, then days, then hours."""
    this_month = period_at("month", NOW_US)
    start_us = this_month.start_us
    older = []
    for _ in range(months):
        older.append(period_at("month", start_us - 1))
        start_us = older[-1].start_us
    yield from reversed(older)
    today_us = NOW_US // DAY_US * DAY_US
    yield from (period_at("day", day_us) for day_us in range(this_month.start_us, today_us, DAY_US))
    yield from (period_at("hour", hour_us) for hour_us in range(today_us, NOW_US, HOUR_US))


def laid_out(folder: Folder, sensors: int, months: int) -> None:
    """Write the files, and show them."""
    made(folder)
    manifest = Manifest(folder.path)
    folder.series = manifest.add_series([(f"S{s}", "level", "cm") for s in range(sensors)])
    number = {key[0]: n for key, n in folder.series.items()}
    assert number["S0"] == 1
    files: list[StoredFile] = []
    with duckdb.connect(config={"memory_limit": "1GiB", "temp_directory": str(folder.path / "spill")}) as database:
        for period in periods(months):
            files += [
                _written(database, folder, kind, period, len(files) + 1 + k, sensors) for k, kind in enumerate(KINDS)
            ]
    place = manifest.follow("a log", 0, 0)
    manifest.commit(files, place=place)
    folder.show(FileSet(place, tuple(files)))
    manifest.close()


def _written(
    database: duckdb.DuckDBPyConnection, folder: Folder, kind: Kind, period: Period, number: int, sensors: int
) -> StoredFile:
    first, end = period.start_us // MINUTE_US, period.end_us // MINUTE_US
    rows = sensors * (end - first)
    file = StoredFile(number, kind, *period[:2], first * MINUTE_US, (end - 1) * MINUTE_US, rows, 0)
    source = (_RAW if kind == "raw" else _MINUTE).format(sensors=sensors, first=first, end=end)
    source = source.replace("CAST(s AS INTEGER)", "CAST(s + 1 AS INTEGER)")
    columns = ", ".join(RAW if kind == "raw" else MINUTE)
    if kind == "raw" and period.level == "month":
        source += " LIMIT 1"  # charts of months ask for minutes: the observations of so long ago are not needed here
    path = folder.path_of(file)
    options = "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, ROW_GROUP_SIZE 61440"
    database.execute(f"COPY (SELECT {columns} FROM ({source})) TO '{path}' ({options})").fetchall()  # noqa: S608
    size = Path(path).stat().st_size
    return StoredFile(number, kind, *period[:2], file.first_us, file.last_us, rows, size)


async def measured(folder: Folder, sensors: int, days: float) -> tuple[float, float, int]:
    """The first and the median of the others, in milliseconds, and how many points came."""
    with tempfile.TemporaryDirectory() as empty:
        store = HistoryStore(folder, MEMORY_MIB)
        record = Record(Picture(HistorySettings()), LogThread(Path(empty)), store)
        took = []
        rows = 0
        for k in range(ASKED):
            sensor = k * (sensors - 1) // (ASKED - 1)
            began = time.perf_counter()
            from_us = NOW_US - round(days * DAY_US)
            found = await record.chart(Asked((f"S{sensor}", "level", "cm"), sensor, from_us, NOW_US), POINTS)
            took.append((time.perf_counter() - began) * 1000)
            rows = len(found.rows)
        store.close()
    return took[0], median(took[1:]), rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=500)
    parser.add_argument("--months", type=int, default=12)
    it = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as directory:
        folder = Folder(Path(directory))
        began = time.perf_counter()
        laid_out(folder, it.sensors, it.months)
        of = [file for file in folder.present.files if file.kind == "minute"]
        rows, size = sum(file.rows for file in of), sum(file.bytes for file in of)
        print(f"{it.sensors} sensors, {it.months} months: {len(of)} files of {rows:,} minutes, {size / 1e6:,.0f} MB")
        print(f"({time.perf_counter() - began:.0f} s to write them)")
        for name, days in (("2 days", 2), ("7 days", 7), ("30 days", 30), ("a year", 365)):
            first, others, points = asyncio.run(measured(folder, it.sensors, days))
            print(f"{name:>8}: the first {first:5.0f} ms, then {others:5.0f} ms, {points} points")


if __name__ == "__main__":
    main()
