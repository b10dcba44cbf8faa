"""Observations of chosen sensors and a range as a table that other programs read: CSV line by line, or a Parquet file.

The columns are those of `siaga log export`, with the reasons.  One row per (sensor, time), sensors one after the other,
each by time (UTC).
"""

import asyncio
import contextlib
import csv
import io
import math
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from command_center.errors import HistoryFull
from command_center.history.database import Worker, told
from command_center.history.folder import EXPORTS, Folder
from command_center.history.record import Asked, Record
from command_center.observation_view import ORIGIN_WORDS, reason_words
from command_center.picture.series import Rows
from sensors.times import rfc3339

COLUMNS: Final = ("time", "station", "variable", "value", "unit", "quality", "origin", "reasons")
LEAST_FREE_BYTES: Final = 1024**3  # an export never takes the last of the disk
_TABLE: Final = """
CREATE TABLE found (
    time TIMESTAMP, station TEXT, variable TEXT, value DOUBLE, unit TEXT, quality UTINYINT, origin TEXT, reasons TEXT
)
"""
_INSERT: Final = """
INSERT INTO found SELECT make_timestamp(time_us), ?, ?, value, ?, quality, origin, reasons FROM piece
"""
_WRITE: Final = "COPY (SELECT * FROM found ORDER BY station, variable, time)"


@dataclass(slots=True)
class Progress:
    """How far an export is."""

    sensors: int  # that were asked for
    sensors_done: int = 0
    rows: int = 0
    within: float = 0.0  # of the range of the sensor under way, 0 to 1

    @property
    def share(self) -> float:
        """Of the whole, 0 to 1: of the sensors, and of the range of the one under way."""
        return min(1.0, (self.sensors_done + self.within) / self.sensors) if self.sensors else 1.0


async def pieces_of(record: Record, asked: Sequence[Asked], progress: Progress) -> AsyncIterator[tuple[Asked, Rows]]:
    """Every observation that was asked for, a piece at a time, and how far that is.  Raises HistoryError."""
    for one in asked:
        async for rows in record.pieces(one):
            yield one, rows
            progress.rows += len(rows)
            progress.within = (int(rows["time_us"][-1]) - one.from_us) / (one.to_us - one.from_us)
        progress.sensors_done, progress.within = progress.sensors_done + 1, 0.0


async def csv_lines(record: Record, asked: Sequence[Asked], progress: Progress) -> AsyncIterator[bytes]:
    """The table as CSV, a piece at a time; a missing value is empty.  Raises HistoryError."""
    yield _lines([COLUMNS])
    async for one, rows in pieces_of(record, asked, progress):
        yield await asyncio.to_thread(_csv_of, rows, *one.sensor)  # a piece takes half a second


def _csv_of(rows: Rows, station: str, variable: str, unit: str) -> bytes:
    return _lines(
        (rfc3339(t), station, variable, "" if math.isnan(v) else repr(v), unit, q, ORIGIN_WORDS[o], reasons)
        for t, v, q, o, reasons in _cells(rows)
    )


class ParquetExport:
    """Makes one Parquet file at a time.  Its table lies in DuckDB's memory up to its bound, then on the disk."""

    def __init__(self, record: Record) -> None:
        self._record, self._store = record, record.store
        self.is_busy = False
        self.progress = Progress(0)  # of the one that is made now, or was last

    async def make(self, asked: Sequence[Asked], progress: Progress, stay: Callable[[], Awaitable[None]]) -> Path:
        """The file, which the caller removes.  Raises HistoryError, HistoryFull, and what `stay` raises.

        Not while another is made.  `stay` raises where nobody waits for the file any more.
        """
        self.is_busy, self.progress = True, progress
        try:
            path = await self._store.ask(self._new_file)
            worker = await self._store.ask(lambda: self._new_table(path.parent))
            try:
                async for one, rows in pieces_of(self._record, asked, progress):
                    await stay()
                    await self._store.ask(lambda one=one, rows=rows: _insert(worker, one, rows))  # type: ignore[misc]
                    self._keep_room(path.parent)
                await self._store.ask(lambda: _write(worker, path))
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            finally:
                worker.interrupt()  # whoever asked may be gone, and a thread still at it
                worker.close()
        finally:
            self.is_busy = False
        return path

    def _new_file(self) -> Path:
        folder = self._store.folder.path / EXPORTS
        with told(f"{folder} cannot be made"):
            folder.mkdir(parents=True, exist_ok=True)
            self._keep_room(folder)
            handle, name = tempfile.mkstemp(suffix=".parquet", dir=folder)
            with contextlib.closing(open(handle, "wb")):  # noqa: PTH123 (a handle, closed here)
                return Path(name)

    def _new_table(self, folder: Path) -> Worker:
        with told("a table to export cannot be made"):
            worker = Worker(folder, self._store.memory_mib, 1, "export")
            worker.run(_TABLE)
            return worker

    def _keep_room(self, folder: Path) -> None:
        if Folder(folder.parent.parent).free_bytes < LEAST_FREE_BYTES:
            raise HistoryFull(f"{folder}: less than {LEAST_FREE_BYTES // 1024**2} MiB are left on the disk: no export")


def _insert(worker: Worker, asked: Asked, rows: Rows) -> None:
    station, variable, unit = asked.sensor
    with worker.busy, told("rows cannot be exported"):
        worker.connection.register("piece", _columns(rows))
        try:
            worker.run(_INSERT, station, variable, unit)
        finally:
            worker.connection.unregister("piece")


def _write(worker: Worker, path: Path) -> None:
    quoted = str(path).replace("'", "''")
    with worker.busy, told(f"{path.name} cannot be written"):
        worker.run(f"{_WRITE} TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)")


def _columns(rows: Rows) -> dict[str, NDArray[Any]]:
    cells = list(_cells(rows))
    return {
        "time_us": np.ascontiguousarray(rows["time_us"]),
        "value": np.ascontiguousarray(rows["value"]),
        "quality": np.ascontiguousarray(rows["quality"]),
        "origin": np.array([ORIGIN_WORDS[cell[3]] for cell in cells], object),
        "reasons": np.array([cell[4] for cell in cells], object),
    }


def _cells(rows: Rows) -> Iterator[tuple[int, float, int, int, str]]:
    """(time, value, quality, origin, reasons with blanks between) of each row."""
    columns = (rows[name].tolist() for name in ("time_us", "value", "quality", "origin", "reasons", "spike"))
    for time_us, value, quality, origin, reasons, spike in zip(*columns, strict=True):
        yield time_us, value, quality, origin, " ".join(reason_words(reasons, spike=spike)) if reasons or spike else ""


def _lines(rows: Iterator[tuple[Any, ...]] | list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
