"""Observations of chosen sensors and a range as a table that other programs read: CSV line by line, or a Parquet file.

The columns are those of `siaga log export`, with the reasons.  One row per (sensor, time), sensors one after the other,
each by time (UTC).
"""

import asyncio
import csv
import io
import math
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from command_center.errors import HistoryFull
from command_center.history.database import Worker, told
from command_center.history.folder import ROW_GROUP
from command_center.history.manifest import SeriesKey
from command_center.history.record import Asked
from command_center.history.store import HistoryStore
from command_center.observation_view import ORIGIN_WORDS, reason_words
from command_center.picture.series import Rows
from gateway.log.transaction import free_bytes
from sensors.sharing import Terms
from sensors.times import rfc3339

COLUMNS: Final = ("time", "station", "variable", "value", "unit", "quality", "origin", "reasons")
TERM_COLUMNS: Final = ("producer", "licence", "sharing")
LEAST_FREE_BYTES: Final = 1024**3  # an export never takes the last of the disk
_TABLE: Final = """
CREATE TABLE found (
    time TIMESTAMP, station TEXT, variable TEXT, value DOUBLE, unit TEXT, quality UTINYINT, origin TEXT, reasons TEXT,
    producer TEXT, licence TEXT, sharing TEXT
)
"""
_INSERT: Final = """
INSERT INTO found SELECT make_timestamp(time_us), ?, ?, value, ?, quality, origin, reasons, ?, ?, ? FROM piece
"""
_WRITE: Final = "COPY (SELECT {columns} FROM found ORDER BY station, variable, time)"
_FORMAT: Final = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}"  # a group is written from memory


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


TermsOf = Mapping[SeriesKey, Terms]  # by sensor


class Source(Protocol):
    """Whatever observations are read from."""

    def narrowed(self, asked: Asked) -> Asked:
        """The part of the range in which there may be anything."""

    def pieces(self, asked: Asked) -> AsyncIterator[Rows]:
        """Every observation of the range by time, a piece at a time.  Raises HistoryError."""


async def pieces_of(source: Source, asked: Sequence[Asked], progress: Progress) -> AsyncIterator[tuple[Asked, Rows]]:
    """Every observation that was asked for, a piece at a time, and how far that is.  Raises HistoryError."""
    for one in asked:
        span = source.narrowed(one)
        async for rows in source.pieces(one):
            yield one, rows
            progress.rows += len(rows)
            done_us, whole_us = int(rows["time_us"][-1]) - span.from_us, span.to_us - span.from_us
            progress.within = min(1.0, done_us / whole_us) if whole_us else 0.0
        progress.sensors_done, progress.within = progress.sensors_done + 1, 0.0


async def csv_lines(
    source: Source, asked: Sequence[Asked], progress: Progress, terms: TermsOf | None = None
) -> AsyncIterator[bytes]:
    """The table as CSV, a piece at a time; a missing value is empty.  With `terms` they stand in every row.

    Raises HistoryError.
    """
    yield _lines([COLUMNS if terms is None else COLUMNS + TERM_COLUMNS])
    async for one, rows in pieces_of(source, asked, progress):
        said = () if terms is None else _said(terms[one.sensor])
        yield await asyncio.to_thread(_csv_of, rows, one.sensor, said)  # a piece takes half a second


def _csv_of(rows: Rows, sensor: SeriesKey, terms: tuple[str, ...]) -> bytes:
    station, variable, unit = sensor
    return _lines(
        (rfc3339(t), station, variable, "" if math.isnan(v) else repr(v), unit, q, ORIGIN_WORDS[o], reasons, *terms)
        for t, v, q, o, reasons in _cells(rows)
    )


def _said(terms: Terms) -> tuple[str, ...]:
    return terms.producer, terms.licence, terms.sharing


class ParquetExport:
    """Makes one Parquet file at a time, in `folder`.

    Its table lies in DuckDB's memory up to its bound, then where the store's folder lets it spill.
    """

    def __init__(self, source: Source, store: HistoryStore, folder: Path) -> None:
        self._source, self._store, self._folder = source, store, folder
        self.is_busy = False
        self.progress = Progress(0)  # of the one that is made now, or was last

    async def make(
        self,
        asked: Sequence[Asked],
        progress: Progress,
        stay: Callable[[], Awaitable[None]],
        terms: TermsOf | None = None,
    ) -> Path:
        """The file, which the caller removes.  Raises HistoryError, HistoryFull, and what `stay` raises.

        Not while another is made.  `stay` raises where nobody waits for the file any more.
        """
        self.is_busy, self.progress = True, progress
        try:
            path = await self._store.ask(self._new_file)
            try:
                await self._fill(path, asked, progress, stay, terms)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        finally:
            self.is_busy = False
        return path

    async def _fill(
        self,
        path: Path,
        asked: Sequence[Asked],
        progress: Progress,
        stay: Callable[[], Awaitable[None]],
        terms: TermsOf | None,
    ) -> None:
        worker = await self._store.ask(self._new_table)
        try:
            async for one, rows in pieces_of(self._source, asked, progress):
                await stay()
                said = (None,) * len(TERM_COLUMNS) if terms is None else _said(terms[one.sensor])
                await self._store.ask(partial(insert, worker, (*one.sensor, *said), rows))
                keep_room(self._folder)
            columns = COLUMNS if terms is None else COLUMNS + TERM_COLUMNS
            await self._store.ask(partial(_write, worker, path, columns))
        finally:
            worker.interrupt()  # whoever asked may be gone, and a thread still at it
            worker.close()

    def _new_file(self) -> Path:
        with told(f"{self._folder} cannot be made"):
            self._folder.mkdir(parents=True, exist_ok=True)
            keep_room(self._folder)
            return new_file(self._folder, ".parquet")

    def _new_table(self) -> Worker:
        with told("a table to export cannot be made"):
            worker = Worker(self._folder, self._store.memory_mib, 1, self._store.folder.spill("export"))
            worker.run(_TABLE)
            return worker


def new_file(folder: Path, ending: str) -> Path:
    """An empty file of a name that nothing there has.  Raises OSError."""
    handle, name = tempfile.mkstemp(suffix=ending, dir=folder)
    os.close(handle)
    return Path(name)


def keep_room(folder: Path) -> None:
    """Raises HistoryFull where an export would take the last of the folder's disk."""
    with told(f"{folder} cannot be looked at"):
        left = free_bytes(folder)
    if left < LEAST_FREE_BYTES:
        raise HistoryFull(f"{folder}: less than {LEAST_FREE_BYTES // 1024**2} MiB are left on the disk: no export")


def insert(worker: Worker, cells: Sequence[str | None], rows: Rows) -> None:
    """Add rows of one sensor to the table.  Raises HistoryError, HistoryFull."""
    with worker.busy, told("rows cannot be exported"):
        worker.connection.register("piece", _columns(rows))
        try:
            worker.run(_INSERT, *cells)
        finally:
            worker.connection.unregister("piece")


def _write(worker: Worker, path: Path, columns: Sequence[str]) -> None:
    quoted = str(path).replace("'", "''")
    with worker.busy, told("the Parquet file cannot be written"):
        worker.run(f"{_WRITE.format(columns=', '.join(columns))} TO '{quoted}' ({_FORMAT})")


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
