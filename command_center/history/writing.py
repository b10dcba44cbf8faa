"""A chunk of the log as files: what is stored already is left out, the rest goes to its hours, days or months."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from command_center.history.chunk import Chunk
from command_center.history.columns import MINUTE, RAW, ROLLED_UP, Kind
from command_center.history.database import Worker, told
from command_center.history.folder import FileSet, Folder
from command_center.history.manifest import SeriesKey, StoredFile
from command_center.history.periods import Period, split

# `chunk`: what is to be written of one period; `names`: of every series; `part`: the chunk with names, without what is
# stored; `rolled`: its minutes.
_RAW: Final = f"SELECT {', '.join(RAW)} FROM part ORDER BY series, time_us"  # noqa: S608 (names of ours)
_ROLL_UP: Final = f"CREATE TEMP TABLE rolled AS {ROLLED_UP.format(source='part')}"
_MINUTES: Final = f"SELECT {', '.join(MINUTE)} FROM rolled ORDER BY series, minute_us"  # noqa: S608
_PART_WITHOUT_STORED: Final = """
CREATE TEMP TABLE part AS SELECT c.* FROM (SELECT * FROM chunk JOIN names USING (series)) c
ANTI JOIN read_parquet(?) f ON c.series = f.series AND c.time_us = f.time_us
"""
_CONFLICTS: Final = """
SELECT count(*) FROM chunk c JOIN read_parquet(?) f ON c.series = f.series AND c.time_us = f.time_us
WHERE c.value IS DISTINCT FROM f.value
"""


@dataclass(slots=True)
class Written:
    """What came of a chunk."""

    files: list[StoredFile]
    repeats: int
    conflicts: int


class ChunkWriter:
    """Writes chunks with one DuckDB; for one thread.  Raises HistoryError; then nothing of the chunk counts."""

    def __init__(self, worker: Worker, folder: Folder) -> None:
        self._worker, self._folder = worker, folder

    def write(
        self, chunk: Chunk, now_us: int, present: FileSet, names: Mapping[SeriesKey, int], number: int
    ) -> Written:
        """Files of a chunk, the first with this number; not settled."""
        written = Written([], chunk.repeats, chunk.conflicts)
        if not len(chunk):
            return written
        try:
            with told("a chunk of the log cannot be written"):
                self._name(names)
                for period, index in split(chunk.columns["time_us"], now_us):
                    part = chunk.take(np.sort(index))
                    self._write_period(period, part, present, number + len(written.files), written)
        except BaseException:
            self._folder.drop_unfinished(written.files)
            raise
        return written

    def _write_period(self, period: Period, part: Chunk, present: FileSet, number: int, written: Written) -> None:
        times = part.columns["time_us"]
        first_us, last_us = int(times.min()), int(times.max())
        self._worker.connection.register("chunk", part.columns)
        try:
            rows = self._keep_new(_overlapping(present.files, "raw", first_us, last_us), len(part), written)
            if rows:
                self._worker.run(_ROLL_UP)
                (minutes,) = self._worker.one("SELECT count(*) FROM rolled")
                said = present.provenance.text()
                raw = StoredFile(number, "raw", *period[:2], first_us, last_us, rows, 0)
                self._add(raw, _RAW, said, written)
                self._add(replace(raw, number=number + 1, kind="minute", rows=minutes), _MINUTES, said, written)
        finally:
            self._worker.connection.unregister("chunk")
            self._worker.run("DROP TABLE IF EXISTS part")
            self._worker.run("DROP TABLE IF EXISTS rolled")

    def _add(self, file: StoredFile, statement: str, said: str, written: Written) -> None:
        written.files.append(file)  # before it is there: what fails halfway is removed by its name
        written.files[-1] = self._folder.write(self._worker, statement, file, said)

    def _keep_new(self, older: list[StoredFile], rows: int, written: Written) -> int:
        """Make the part, without what is stored; how many rows it has."""
        if not older:
            self._worker.run("CREATE TEMP TABLE part AS SELECT * FROM chunk JOIN names USING (series)")
            return rows
        paths = [self._folder.path_of(file) for file in older]
        with self._folder.suspecting(older), told("what is stored already cannot be read"):
            self._worker.run(_PART_WITHOUT_STORED, paths)
            (kept,) = self._worker.one("SELECT count(*) FROM part")
            if kept < rows:
                written.repeats += rows - int(kept)
                (conflicts,) = self._worker.one(_CONFLICTS, paths)
                written.conflicts += int(conflicts)
        return int(kept)

    def _name(self, names: Mapping[SeriesKey, int]) -> None:
        columns: dict[str, NDArray[Any]] = {"series": np.array(list(names.values()), np.int32)}
        for k, name in enumerate(("station", "property", "unit")):
            columns[name] = np.array([key[k] for key in names], object)
        self._worker.connection.register("new_names", columns)
        try:
            self._worker.run("CREATE OR REPLACE TEMP TABLE names AS SELECT * FROM new_names")
        finally:
            self._worker.connection.unregister("new_names")


def _overlapping(files: Iterable[StoredFile], kind: Kind, first_us: int, last_us: int) -> list[StoredFile]:
    return [f for f in files if f.kind == kind and f.first_us <= last_us and f.last_us >= first_us]
