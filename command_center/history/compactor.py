"""Compaction: the log's closed hours, row by row behind a cursor of its own, into files of the history.

An hour is closed when the log's newest row is of another one, by the rows' `now`.  Where no log is there yet it waits.
Another log in its place, rows that retention has taken, a log that is an older copy of itself: each is said, counted,
and followed from where it can be.
"""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from command_center.history.chunk import chunk_of
from command_center.history.database import Worker
from command_center.history.folder import Folder
from command_center.history.manifest import Manifest, Place, SeriesKey
from command_center.history.writing import ChunkWriter, Written
from gateway.errors import LogError
from gateway.log.reader import LogReader
from gateway.log.rows import LogRow
from gateway.log.schema import FILE
from sensors.times import HOUR_US

ROWS_AT_ONCE: Final = 64
CHUNK_OBSERVATIONS: Final = 1_000_000  # of one hour that are written together: 60 MB of columns

_log = logging.getLogger("command_center.history")


class Compactor:
    """`step` compacts a piece.  For one thread.  Raises HistoryError, LogError (LogMissing: there is no log yet)."""

    def __init__(self, data_dir: Path, folder: Folder, manifest: Manifest, worker: Worker) -> None:
        self._data_dir, self._folder, self._manifest = data_dir, folder, manifest
        self._writer = ChunkWriter(worker, folder)
        self._reader: LogReader | None = None
        self._inode = 0
        self._numbers: NDArray[np.int32] = np.empty(0, np.int32)  # series by the log's datastream numbers
        self._lost_seq = 0  # rows up to here that are gone were counted
        self.behind_rows = 0  # of the log, that are not compacted; those of the open hour among them
        self.closed_since_us = 0  # `now` of the oldest row that is due; 0 = nothing is

    def close(self) -> None:
        """Close the log; safe to call twice."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def step(self) -> bool:
        """Compact the next piece of a closed hour.  False: there is none."""
        place = self._opened()
        assert self._reader is not None  # noqa: S101
        last = self._reader.last_seq()
        self.behind_rows = max(0, last - place.seq)
        self.closed_since_us = 0
        rows = self._closed_rows(self._reader, place, last)
        if not rows:
            return False
        self.closed_since_us = rows[0].now_us
        self._store(place, rows)
        return True

    def _closed_rows(self, reader: LogReader, place: Place, last: int) -> list[LogRow]:
        """Rows of one closed hour after the cursor, up to CHUNK_OBSERVATIONS and what their last read brings."""
        rows: list[LogRow] = reader.read_after(place.seq, 1)
        if not rows:
            return []
        hour = rows[0].now_us // HOUR_US
        newest = reader.read_after(last - 1, 1)
        if not newest or newest[-1].now_us // HOUR_US == hour:
            return []
        size = len(rows[0].batch)
        while size < CHUNK_OBSERVATIONS:
            more = reader.read_after(rows[-1].seq, ROWS_AT_ONCE)
            same = next((k for k, row in enumerate(more) if row.now_us // HOUR_US != hour), len(more))
            rows += more[:same]
            size += sum(len(row.batch) for row in more[:same])
            if same < len(more) or not more:
                break
        return rows

    def _store(self, place: Place, rows: list[LogRow]) -> None:
        now_us = max(row.now_us for row in rows)
        new_place = Place(place.generation, place.log_id, rows[-1].seq, rows[-1].now_us)
        filled = [row for row in rows if len(row.batch)]
        written = Written([], 0, 0)
        present = self._folder.present
        if filled:
            self._learn(filled, place)
            chunk = chunk_of(filled, self._numbers, place.generation)
            number = self._manifest.next_number()
            written = self._writer.write(chunk, now_us, present, self._folder.series, number)
        try:
            if written.files:
                self._folder.settle()
            self._manifest.commit(written.files, place=new_place, counted=self._counted(place, rows, written))
        except BaseException:
            self._folder.drop_unfinished(written.files)
            raise
        for row in rows:
            if row.damage:
                _log.error("history: %s; its observations are lost", row.damage)
        self._folder.show(replace(present, place=new_place, files=(*present.files, *written.files)))

    def _counted(self, place: Place, rows: list[LogRow], written: Written) -> dict[str, int]:
        missing = rows[-1].seq - max(place.seq, self._lost_seq) - len(rows)
        if missing > 0:
            _log.warning("history: %d rows after row %d were no longer in the log", missing, place.seq)
        return {
            "rows_missing": max(0, missing),
            "rows_damaged": sum(1 for row in rows if row.damage),
            "observations": sum(file.rows for file in written.files if file.kind == "raw"),
            "repeats": written.repeats,
            "conflicts": written.conflicts,
        }

    def _learn(self, rows: list[LogRow], place: Place) -> None:
        """Know the series of every datastream of the rows.

        One that the log gives no name, by damage, is kept under its number.
        """
        highest = max(int(row.batch.datastream.max()) for row in rows)
        used = np.unique(np.concatenate([row.batch.datastream for row in rows]))
        if highest < len(self._numbers) and (self._numbers[used] >= 0).all():
            return
        names = self._names({row.catalogue_version for row in rows})
        for number in used.tolist():
            if number not in names:
                _log.error("history: the log names no datastream %d: kept under its number", number)
                names[number] = (f"#{number}", place.log_id, "")
        known = self._folder.series
        new = [key for key in names.values() if key not in known]
        if new:
            known = self._manifest.add_series(new)
            self._folder.series = known
        self._numbers = np.full(max(highest, *names) + 1, -1, np.int32)
        for number, key in names.items():
            self._numbers[number] = known[key]

    def _names(self, versions: set[int]) -> dict[int, SeriesKey]:
        """Station, property and unit of every number: as the log gave it, and as these catalogues have it."""
        assert self._reader is not None  # noqa: S101
        names = {number: key for key, number in self._reader.numbers().items()}
        for version in sorted(versions):
            try:
                datastreams = self._reader.catalogue(version).datastream_by_number
            except LogError as error:
                _log.error("history: %s", error)
                continue
            names |= {number: (d.station, d.property, d.unit) for number, d in datastreams.items()}
        return names

    def _opened(self) -> Place:
        """The place in the log that is there now.  Raises LogMissing, LogError."""
        path = self._data_dir / FILE
        inode = path.stat().st_ino if path.exists() else 0
        place = self._folder.present.place
        is_same = self._reader is not None and inode in (0, self._inode)
        if is_same and self._reader is not None and place is not None and self._reader.last_seq() >= place.seq:
            return place
        self.close()
        reader = LogReader(self._data_dir)
        self._reader, self._inode, self._numbers, self._lost_seq = reader, inode, np.empty(0, np.int32), 0
        return self._placed(reader, place)

    def _placed(self, reader: LogReader, place: Place | None) -> Place:
        last = reader.last_seq()
        if place is not None and place.log_id == reader.log_id and place.seq <= last:
            return place
        seq, at_us = self._manifest.seq_of(reader.log_id)
        if seq > last:
            _log.error("history: log %s ends at row %d, compacted to %d: an older copy", reader.log_id, last, seq)
            seq = last
        if place is not None and place.log_id != reader.log_id:
            self._say_what_is_missing(reader, place)
        found = self._manifest.follow(reader.log_id, seq, at_us)
        present = self._folder.present
        self._folder.show(replace(present, place=found))
        _log.info("history: compacting log %s after row %d of %d", reader.log_id, seq, last)
        return found

    def _say_what_is_missing(self, reader: LogReader, place: Place) -> None:
        """Another log is there than the one that was compacted."""
        _log.warning("history: log %s takes the place of %s, row %d", reader.log_id, place.log_id, place.seq)
        before = reader.predecessor()
        if before is not None and before.log_id == place.log_id and before.last_seq > place.seq:
            missing = before.last_seq - place.seq
            self._manifest.count({"rows_missing": missing})
            _log.error("history: %d rows of log %s are not in it; see %s", missing, place.log_id, before.file)
