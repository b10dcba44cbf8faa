"""The files of the history on the disk: written under another name, made durable, then renamed; and who reads them.

A file that does not count any more is removed when nobody reads the set of files that it was in.
"""

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb

from command_center.errors import HistoryError, HistoryFull
from command_center.history.database import Worker, told
from command_center.history.manifest import Place, SeriesKey, StoredFile
from command_center.history.provenance import KEY, Provenance
from gateway.log.transaction import free_bytes
from sensors.times import NEVER

NAME: Final = "history"  # in the data directory
SPILL: Final = "spill"  # of the history: what does not fit into memory
EXPORTS: Final = "exports"  # of the history: Parquet files while they are made and sent
UNFINISHED: Final = ".unfinished"
ROW_GROUP: Final = 61_440  # rows that are read together: one sensor's month of minutes is one group of these

_log = logging.getLogger("command_center.history")


@dataclass(frozen=True, slots=True)
class FileSet:
    """The files that count, and up to where they hold everything."""

    place: Place | None = None
    files: tuple[StoredFile, ...] = ()
    raw_from_us: int = NEVER  # raw rows before this went, to stay within bounds
    minutes_from_us: int = NEVER  # minutes before this went, too

    @property
    def provenance(self) -> Provenance:
        """Of a file that is written now, of the log."""
        assert self.place is not None  # noqa: S101  (a log is followed before anything is written)
        return Provenance(self.place, self.raw_from_us, self.minutes_from_us)


class Folder:
    """`<data>/history`.  One thread writes; any thread may read the set of files that count.

    `spilled`: where databases that read or write it put what does not fit into memory; None = in the folder itself.
    """

    def __init__(self, data_dir: Path, spilled: Path | None = None) -> None:
        self.path = data_dir / NAME
        self._spilled = spilled or self.path / SPILL
        self._spilling: set[str] = set()  # names of databases that were opened in this process
        self._spill_lock = threading.Lock()
        self._lock = threading.Lock()
        self._present = FileSet()
        self.series: Mapping[SeriesKey, int] = {}  # every series that ever had an observation, and its number
        self._read: list[FileSet] = []  # sets that somebody reads, each as often as it is read
        self._left: list[StoredFile] = []  # that do not count, and are still there
        self._suspects: dict[StoredFile, None] = {}  # that somebody could not read; at most those that count

    @property
    def present(self) -> FileSet:
        """The files that count now; `reading` also keeps them on the disk."""
        return self._present

    @property
    def free_bytes(self) -> int:
        """Room on the disk.  Raises HistoryError."""
        with told(f"{self.path} cannot be looked at"):
            return free_bytes(self.path)

    def path_of(self, file: StoredFile) -> str:
        """Where a file is."""
        return str(self.path / file.name)

    def spill(self, name: str) -> Path:
        """Where the one database of that name may put what does not fit into memory.  Raises HistoryError.

        What a killed process left there goes.
        """
        path = self._spilled / name
        with self._spill_lock, told(f"{path} cannot be cleared"):
            self._spilling.add(name)
            if path.exists():
                shutil.rmtree(path)
        return path

    @contextlib.contextmanager
    def reading(self) -> Iterator[FileSet]:
        """The files that count now; none of them is removed within."""
        with self._lock:
            files = self._present
            self._read.append(files)
        try:
            yield files
        finally:
            with self._lock:
                del self._read[next(k for k, one in enumerate(self._read) if one is files)]

    @contextlib.contextmanager
    def suspecting(self, files: Sequence[StoredFile]) -> Iterator[None]:
        """Where these cannot be read, they are to be looked at (`command_center.history.inspection`)."""
        try:
            yield
        except HistoryError as error:
            is_ours = isinstance(error.__cause__, duckdb.OutOfMemoryException | duckdb.InterruptException)
            if not is_ours and not isinstance(error, HistoryFull):
                self.suspect(files)
            raise

    def suspect(self, files: Sequence[StoredFile]) -> None:
        """Have files looked at."""
        with self._lock:
            counting = set(self._present.files)
            self._suspects |= {file: None for file in files if file in counting}

    def suspected(self) -> StoredFile | None:
        """The next to be looked at, as long as it counts; None where none is."""
        with self._lock:
            counting = set(self._present.files)
            self._suspects = {file: None for file in self._suspects if file in counting}
            return next(iter(self._suspects), None)

    def cleared(self, file: StoredFile) -> None:
        """It was looked at."""
        with self._lock:
            self._suspects.pop(file, None)

    def show(self, files: FileSet, removed: Sequence[StoredFile] = ()) -> None:
        """From now on these files count, and `removed` ones of the set before do not."""
        with self._lock:
            self._present = files
            self._left += removed
        self.sweep()

    def sweep(self) -> None:
        """Remove what does not count and nobody reads any more."""
        with self._lock:
            in_use = {file for files in self._read for file in files.files}
            gone = [file for file in self._left if file not in in_use]
            self._left = [file for file in self._left if file in in_use]
        for file in gone:
            with told(f"{file.name} cannot be removed"):
                (self.path / file.name).unlink(missing_ok=True)

    def clear_up(self, files: Sequence[StoredFile]) -> list[StoredFile]:
        """Remove what a kill left behind; which of `files` are not there."""
        names = {file.name for file in files}
        with told("the folder cannot be cleared up"):
            for path in self.path.iterdir():
                if path.name not in names and (path.suffix == ".parquet" or path.name.endswith(UNFINISHED)):
                    _log.info("history: %s was left unfinished: it is written again", path.name)
                    path.unlink()
            for path in (self.path / EXPORTS).glob("*.parquet"):
                path.unlink()
            with self._spill_lock:
                for path in self._spilled.glob("*"):
                    if path.name not in self._spilling and path.is_dir():  # at a retry exports may be at work
                        shutil.rmtree(path)
            return [file for file in files if not (self.path / file.name).exists()]

    def of_another_size(self, files: Sequence[StoredFile]) -> list[StoredFile]:
        """Those that are not as long as they were written."""
        with told("the folder cannot be looked at"):
            return [file for file in files if (self.path / file.name).stat().st_size != file.bytes]

    def write(self, worker: Worker, statement: str, file: StoredFile, said: str) -> StoredFile:
        """Write the rows of `statement` as this file, not durable under its name before `settle`; its size filled in.

        `statement` is ours, as are the names within; it has an order.  `said`: the text of its `Provenance`.
        """
        path = self.path / file.name
        unfinished = path.with_name(path.name + UNFINISHED)
        with told(f"{file.name} cannot be written"):
            quoted, about = (text.replace("'", "''") for text in (str(unfinished), said))
            worker.run(
                f"COPY ({statement}) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2,"
                f" ROW_GROUP_SIZE {ROW_GROUP}, KV_METADATA {{{KEY}: '{about}'}})"
            )
            handle = os.open(unfinished, os.O_RDONLY)
            try:
                os.fsync(handle)
                size = os.fstat(handle).st_size
            finally:
                os.close(handle)
            unfinished.rename(path)
        return replace(file, bytes=size)

    def settle(self) -> None:
        """Make the names of the written files durable."""
        with told("the folder cannot be made durable"):
            handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def drop_unfinished(self, files: Sequence[StoredFile]) -> None:
        """Remove what was written and will not count: the step failed."""
        for file in files:
            path = self.path / file.name
            for one in (path, path.with_name(path.name + UNFINISHED)):
                with contextlib.suppress(OSError):  # the next start clears up
                    one.unlink(missing_ok=True)


def made(folder: Folder) -> None:
    """Make the folder if it is missing.  Raises HistoryError."""
    with told(f"{folder.path} cannot be made"):
        folder.path.mkdir(parents=True, exist_ok=True)
