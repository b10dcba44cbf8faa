"""One transaction of the log, and what SQLite's errors mean."""

import contextlib
import os
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Final

from gateway.errors import LogDamaged, LogError, LogFull

_CORRUPT: Final = 11  # https://www.sqlite.org/rescode.html
_NOT_A_DATABASE: Final = 26
_FULL: Final = 13
_IO_ERROR: Final = 10
_IO_ERROR_READING: Final = (266, 522)  # IOERR_READ: a sector that cannot be read; IOERR_SHORT_READ: a file cut short
_NO_ROOM_BYTES: Final = 1_048_576  # an I/O error with so little left is a full disk (SQLite's -shm file says it so)


def failure(path: Path, error: sqlite3.Error, doing: str) -> LogError:
    """The LogError of an error of SQLite's, by its code.  `doing`: opened, read or written."""
    code = getattr(error, "sqlite_errorcode", 0)
    text = f"{path}: cannot be {doing}: {error}"
    if code & 0xFF in (_CORRUPT, _NOT_A_DATABASE) or code in _IO_ERROR_READING:
        return LogDamaged(text)
    if code & 0xFF == _FULL or (code & 0xFF == _IO_ERROR and free_bytes(path.parent) < _NO_ROOM_BYTES):
        return LogFull(text)
    return LogError(text)


def free_bytes(folder: Path) -> int:
    """What the disk of a folder has left for us."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


class Transaction:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK; SQLite's errors become LogError with the file's name."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self._path = connection, path

    def __enter__(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise failure(self._path, error, "written") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._connection.execute("COMMIT")
                return
        except sqlite3.Error as failed:
            error = failed
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):  # on a failing disk; SQLite then rolls back when it opens the file
                self._connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise failure(self._path, error, "written") from error
