"""Files of the history that somebody could not read: looked at, and where they are damaged, set aside.

One damaged file must not hold up what lies beside it.  It is renamed (`.damaged`), named in the log, counted, and taken
off the manifest; what it held is told as missing from then on (`held_from`), and the rest goes on.
"""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import duckdb

from command_center.history.columns import MINUTE, RAW, Kind
from command_center.history.database import Worker, told
from command_center.history.folder import Folder
from command_center.history.manifest import Manifest, StoredFile

SET_ASIDE: Final = ".damaged"
# Reads every value of every row that is read for anything.
_LOOK: Final[dict[Kind, str]] = {
    "raw": f"SELECT count(*), sum(hash({', '.join(RAW)})) FROM read_parquet(?)",  # noqa: S608 (names of ours)
    "minute": f"SELECT count(*), sum(hash({', '.join(MINUTE)})) FROM read_parquet(?)",  # noqa: S608
}
_DISK_FAILS: Final = "Input/output error"

_log = logging.getLogger("command_center.history")


def read_or_damage(worker: Worker, statement: str, path: str, *more: str) -> tuple[Any, ...] | str:
    """The one row of a statement about a file, or what is wrong with the file.  `more`: it binds that, too.

    Raises HistoryError where nothing can be said of it.
    """
    with told(f"{Path(path).name} cannot be looked at"):
        try:
            return worker.one(statement, path, *more)
        except (duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except duckdb.IOException as error:
            if _DISK_FAILS not in str(error):
                raise
            return str(error)
        except duckdb.Error as error:
            return str(error)


class Inspector:
    """For one thread.  Raises HistoryError where nothing can be said of a file: it is looked at again."""

    def __init__(self, folder: Folder, manifest: Manifest, worker: Worker) -> None:
        self._folder, self._manifest, self._worker = folder, manifest, worker

    def step(self, now_us: int) -> None:
        """Look at every file that is suspected.  `now_us`: of the log's newest compacted row."""
        while (file := self._folder.suspected()) is not None:
            why = self._damage(file)
            if why:
                self._set_aside(file, why, now_us)
            self._folder.cleared(file)

    def _damage(self, file: StoredFile) -> str:
        """What is wrong with it; "" where nothing is."""
        path = self._folder.path_of(file)
        if not Path(path).exists():
            return "it is gone"
        found = read_or_damage(self._worker, _LOOK[file.kind], path)
        if isinstance(found, str):
            return found
        rows, _ = found
        return "" if rows == file.rows else f"expected {file.rows} rows, got {rows}"

    def _set_aside(self, file: StoredFile, why: str, now_us: int) -> None:
        path = Path(self._folder.path_of(file))
        counter = "files_missing"
        if path.exists():
            counter = "files_damaged"
            with told(f"{file.name} cannot be set aside"):
                path.rename(path.with_name(path.name + SET_ASIDE))  # first: a kill behind it leaves it to be looked at
        self._manifest.let_go([file], now_us)
        self._manifest.count({counter: 1})
        present = self._folder.present
        kept = tuple(one for one in present.files if one != file)
        raw_from_us, minutes_from_us = self._manifest.begins()
        self._folder.show(replace(present, files=kept, raw_from_us=raw_from_us, minutes_from_us=minutes_from_us))
        first_line = why.partition("\n")[0]
        _log.error("history: %s with %d rows is set aside: %s", file.name, file.rows, first_line)
