"""DuckDB within bounds: so much memory, so many threads, no files but the history's, no network, no extensions."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb

from command_center.errors import HistoryError, HistoryFull

_CONFIG: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "preserve_insertion_order": "false",  # what has an order says so
}
_NO_ROOM: Final = ("No space left", "max_temp_directory_size")  # how DuckDB says it


def opened(folder: Path, memory_mib: int, threads: int, spill: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory that may read and write files of `folder` alone.  Raises HistoryError, HistoryFull.

    What does not fit into memory goes to the folder `spill`, which no other uses.
    """
    with told(f"{spill.parent} cannot be made"):
        spill.parent.mkdir(parents=True, exist_ok=True)  # DuckDB makes the last one alone, when it needs it
    try:
        connection = duckdb.connect(
            ":memory:",
            config={
                **_CONFIG,
                "memory_limit": f"{memory_mib}MiB",
                "threads": str(threads),
                "temp_directory": str(spill),
            },
        )
        quoted = str(folder).replace("'", "''")
        for setting in (
            "GLOBAL parquet_metadata_cache = true",  # a name that was read is never given to another file
            f"allowed_directories = ['{quoted}/']",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.execute(f"SET {setting}").fetchall()
    except duckdb.Error as error:
        raise HistoryError(f"DuckDB cannot be opened: {error}") from error
    return connection


@contextlib.contextmanager
def told(doing: str) -> Iterator[None]:
    """What DuckDB and the disk say becomes a HistoryError, HistoryFull where there is no room on the disk."""
    try:
        yield
    except duckdb.Error as error:
        kind = HistoryFull if any(sign in str(error) for sign in _NO_ROOM) else HistoryError
        raise kind(f"history: {doing}: {error}") from error
    except OSError as error:
        kind = HistoryFull if error.errno in (28, 122) else HistoryError  # ENOSPC, EDQUOT
        raise kind(f"history: {doing}: {error}") from error


class Worker:
    """One database for one thread; `interrupt` may be called from another and ends what it is at, for good."""

    def __init__(self, folder: Path, memory_mib: int, threads: int, spill: Path) -> None:
        self.connection = opened(folder, memory_mib, threads, spill)
        self.busy = threading.Lock()  # for whoever uses it from a thread that it may be closed under
        self._stopped = threading.Event()

    def run(self, statement: str, *values: Any) -> None:
        """Run a statement whose rows nobody wants."""
        self._go_on()
        self.connection.execute(statement, list(values)).fetchall()  # to its end: another may follow

    def one(self, statement: str, *values: Any) -> tuple[Any, ...]:
        """The one row of a statement."""
        self._go_on()
        (row,) = self.connection.execute(statement, list(values)).fetchall()
        return tuple(row)

    def interrupt(self) -> None:
        """End the statement that runs; it raises."""
        self._stopped.set()
        self.connection.interrupt()

    def close(self) -> None:
        """Close it, when nobody is `busy` with it; safe to call twice."""
        with self.busy:
            self.connection.close()

    def _go_on(self) -> None:
        """Raises HistoryError where it was interrupted before this statement began."""
        if self._stopped.is_set():
            raise HistoryError("history: it is being stopped")
