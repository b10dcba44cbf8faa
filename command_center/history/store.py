"""Reading the history: observations or minutes of one series in a range, from the files that count.

Questions are asked from threads, `READERS` at once; each has a DuckDB cursor of its own over one database within its
bound of memory.  Every value is bound, never put into a statement.
"""

import asyncio
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple, TypeVar

import duckdb
import numpy as np
from numpy.typing import NDArray

from command_center.errors import HistoryBusy
from command_center.history.columns import Kind
from command_center.history.database import opened, told
from command_center.history.folder import FileSet, Folder
from command_center.history.manifest import SeriesKey
from command_center.picture.series import ROW, Rows
from sensors.quality import Reason
from sensors.times import MINUTE_US, NEVER
from sensors.units import IDENTITY, Conversion, conversion

READERS: Final = 2
WAITING: Final = 30  # questions; one more is told to come back
GENERATION_ROWS: Final = 2**44  # a log's rows are fewer: orders rows of several logs
MAX_MINUTES: Final = 100_000  # of one answer; where a range has more, several minutes are one

_RAW: Final = """
SELECT time_us, value, quality, origin, reasons, generation, seq FROM read_parquet(?)
WHERE series = ? AND time_us >= ? AND time_us < ? ORDER BY time_us LIMIT ?
"""
# As `columns.COMBINED`, but in a third of its time: of equal extremes any may be told.
_MINUTES: Final = """
SELECT {bucket} AS minute_us, min(low) AS low, max(high) AS high,
    arg_min(low_us, low) AS low_us, arg_max(high_us, high) AS high_us, max(quality) AS quality, max(origin) AS origin,
    min(failed_us) AS failed_us, arg_min_null(failed_value, failed_us) AS failed_value,
    arg_min(failed_quality, failed_us) AS failed_quality
FROM read_parquet(?) WHERE series = ? AND minute_us >= ? AND minute_us < ? GROUP BY {bucket} ORDER BY 1
"""
_MORE_THAN_ANY: Final = 2**62

T = TypeVar("T")


class Minutes(NamedTuple):
    """Minutes of a sensor, or spans of several, by time; columns of shape (m,), in the sensor's unit."""

    minute_us: NDArray[np.int64]  # begin
    low: NDArray[np.float64]  # of what has a value and did not fail; NaN = there is nothing
    high: NDArray[np.float64]
    low_us: NDArray[np.int64]
    high_us: NDArray[np.int64]
    quality: NDArray[np.uint8]  # the worst of those
    origin: NDArray[np.uint8]  # the greatest of all
    failed_us: NDArray[np.int64]  # the first that failed or has no value; `NEVER` = there is none
    failed_value: NDArray[np.float64]
    failed_quality: NDArray[np.uint8]

    def rows(self) -> Rows:
        """The lowest, the highest and the first that failed of each span, as observations by time."""
        known, failed = ~np.isnan(self.low), self.failed_us != NEVER
        two = known & (self.high_us != self.low_us)
        rows = np.concatenate(
            [
                _as_rows(self.low_us[known], self.low[known], self.quality[known], self.origin[known]),
                _as_rows(self.high_us[two], self.high[two], self.quality[two], self.origin[two]),
                _as_rows(
                    self.failed_us[failed], self.failed_value[failed], self.failed_quality[failed], self.origin[failed]
                ),
            ]
        )
        ordered: Rows = rows[np.argsort(rows["time_us"], kind="stable")]
        return ordered


class HistoryStore:
    """`ask` from the loop; what is asked reads by `raw` and `minutes`.  Raises HistoryError, HistoryBusy."""

    def __init__(self, folder: Folder, memory_mib: int) -> None:
        self.folder = folder
        self.memory_mib = memory_mib
        self._executor = ThreadPoolExecutor(READERS, thread_name_prefix="history-reader")
        self._lock = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None
        self._asked = 0

    async def ask(self, question: Callable[[], T]) -> T:
        """What `question` finds, in a thread for readers."""
        if self._asked >= READERS + WAITING:
            raise HistoryBusy(f"more than {WAITING} questions about the history wait already: ask again in a while")
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, question)
        finally:
            self._asked -= 1

    def interrupt(self) -> None:
        """End what runs; it raises."""
        with self._lock:
            if self._database is not None:
                self._database.interrupt()

    def close(self) -> None:
        """Wait for what runs, and close everything; safe to call twice."""
        self._executor.shutdown(cancel_futures=True)
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def raw(self, files: FileSet, sensor: SeriesKey, from_us: int, to_us: int, limit: int = _MORE_THAN_ANY) -> Rows:
        """The first `limit` observations of a sensor in [from, to), by time, one a time.

        `seq` orders rows of several logs: those of the present one have their own.
        """
        generation = 0 if files.place is None else files.place.generation
        found = []
        for series, conversion_of in self.series_of(sensor):
            columns = self._read(files, "raw", _RAW, (series, from_us, to_us, limit), from_us, to_us)
            if columns is None:
                continue
            rows: Rows = np.empty(len(columns["time_us"]), ROW)
            for name in ("time_us", "quality", "origin", "reasons"):
                rows[name] = columns[name]
            rows["value"] = _converted(_filled(columns["value"]), conversion_of)
            if conversion_of != IDENTITY:
                rows["reasons"] |= np.uint16(Reason.UNIT_CONVERTED)
            rows["seq"] = (columns["generation"].astype(np.int64) - generation) * GENERATION_ROWS + columns["seq"]
            rows["spike"] = False
            found.append(rows)
        return _merged(found)[:limit]

    def minutes(
        self, files: FileSet, sensor: SeriesKey, from_us: int, to_us: int, at_most: int = MAX_MINUTES
    ) -> Minutes:
        """The minutes of a sensor that begin in [from, to), or spans of several: `at_most` and one."""
        inside = [f for f in files.files if f.kind == "minute" and f.first_us < to_us and f.last_us >= from_us]
        first_us = max(from_us, min((f.first_us for f in inside), default=0) // MINUTE_US * MINUTE_US)
        last_us = min(to_us, max((f.last_us for f in inside), default=0))
        width_us = max(1, -(-(last_us - first_us) // (min(at_most, MAX_MINUTES) * MINUTE_US))) * MINUTE_US
        statement = _MINUTES.format(bucket=f"minute_us // {width_us} * {width_us}")
        parts = []
        for series, conversion_of in self.series_of(sensor):
            columns = self._read(files, "minute", statement, (series, from_us, to_us), from_us, to_us)
            if columns is not None:
                parts.append(_minutes(columns, conversion_of))
        joined = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else _NO_MINUTES
        return Minutes(*joined)

    def series_of(self, sensor: SeriesKey) -> list[tuple[int, Conversion]]:
        """The series that are of a sensor, in its unit or in one that can be converted to it."""
        station, name, unit = sensor
        found = []
        for (of_station, of_name, of_unit), number in self.folder.series.items():
            if (of_station, of_name) == (station, name):
                converted = IDENTITY if of_unit == unit else conversion(of_unit, unit, name)
                if converted is not None:
                    found.append((number, converted))
        return found

    def _read(
        self, files: FileSet, kind: Kind, statement: str, values: Sequence[int], from_us: int, to_us: int
    ) -> dict[str, NDArray[Any]] | None:
        """The columns of an answer; None where no file has anything of that time."""
        # A minute begins before the observations in it, and a file's times are those of observations.
        early_us = from_us - MINUTE_US if kind == "minute" else from_us
        wanted = [f for f in files.files if f.kind == kind and f.first_us < to_us and f.last_us >= early_us]
        if not wanted:
            return None
        paths = [self.folder.path_of(file) for file in wanted]
        with self.folder.suspecting(wanted), told(f"{len(paths)} files cannot be read"):
            cursor = self._opened().cursor()
            try:
                columns: dict[str, NDArray[Any]] = cursor.execute(statement, [paths, *values]).fetchnumpy()
            finally:
                cursor.close()
        return columns

    def _opened(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._database is None:
                spill = self.folder.spill("reading")
                self._database = opened(self.folder.path, self.memory_mib, READERS, spill)
            return self._database


def _minutes(columns: dict[str, NDArray[Any]], conversion_of: Conversion) -> Minutes:
    failed_us = np.ma.filled(columns["failed_us"].astype(np.int64), NEVER)
    filled = {name: _filled(column) for name, column in columns.items()}
    low, high = (_converted(filled[name].astype(np.float64), conversion_of) for name in ("low", "high"))
    low_us, high_us = filled["low_us"].astype(np.int64), filled["high_us"].astype(np.int64)
    return Minutes(
        filled["minute_us"].astype(np.int64),
        low,
        high,
        low_us,
        high_us,
        filled["quality"].astype(np.uint8),
        filled["origin"].astype(np.uint8),
        failed_us,
        _converted(filled["failed_value"].astype(np.float64), conversion_of),
        filled["failed_quality"].astype(np.uint8),
    )


def _filled(column: NDArray[Any]) -> NDArray[Any]:
    """A column with NaN, or 0, where it is NULL."""
    if not isinstance(column, np.ma.MaskedArray):
        return column
    filled: NDArray[Any] = column.filled(np.nan if column.dtype.kind == "f" else 0)
    return filled


def _converted(values: NDArray[np.float64], conversion_of: Conversion) -> NDArray[np.float64]:
    if conversion_of == IDENTITY:
        return values
    return np.array(
        [value if math.isnan(value) else conversion_of.apply(value) for value in values.tolist()], np.float64
    )


def _merged(parts: Sequence[Rows]) -> Rows:
    """Rows of several series of one sensor by time; of one time the first stored."""
    if not parts:
        return np.empty(0, ROW)
    if len(parts) == 1:
        return parts[0]
    rows = np.concatenate(parts)
    rows = rows[np.lexsort((rows["seq"], rows["time_us"]))]
    first: Rows = rows[np.r_[True, np.diff(rows["time_us"]) > 0]]
    return first


def _as_rows(
    time_us: NDArray[np.int64], value: NDArray[np.float64], quality: NDArray[np.uint8], origin: NDArray[np.uint8]
) -> Rows:
    rows: Rows = np.zeros(len(time_us), ROW)
    rows["time_us"], rows["value"], rows["quality"], rows["origin"] = time_us, value, quality, origin
    return rows


_OF_VALUES: Final = frozenset({"low", "high", "failed_value"})
_NO_MINUTES: Final = [np.empty(0, np.float64 if name in _OF_VALUES else np.int64) for name in Minutes._fields]
