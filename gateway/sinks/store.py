"""sinks.db: how far a sink has come, and the lines that its server refused.

SQLite in WAL mode, `synchronous=FULL`: written after the server has acknowledged, so that after a crash lines are sent
again and never left out.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from gateway.errors import SinkError

FILE: Final = "sinks.db"
SCHEMA_VERSION: Final = 1

SCHEMA: Final = """
CREATE TABLE cursor (sink TEXT PRIMARY KEY, log_id TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE refused_line (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sink TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    reason TEXT NOT NULL,        -- what the server said
    line BLOB NOT NULL
);
CREATE TABLE counter (sink TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (sink, name))
WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Position:
    """Everything up to this row of that log is handed on."""

    log_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that the server does not want, and why."""

    line: bytes
    reason: str


class SinkStore:
    """One sink's part of the file; for one thread at a time.  SinkError where it cannot be opened or written."""

    def __init__(self, data_dir: Path, sink: str, max_refused: int) -> None:
        self._path, self._sink, self._max_refused = data_dir / FILE, sink, max_refused
        try:
            self._connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0, check_same_thread=False)
        except sqlite3.Error as error:
            raise SinkError(f"{self._path}: cannot be opened: {error}") from error
        try:
            self._prepare()
        except (sqlite3.Error, SinkError) as error:
            self._connection.close()
            raise SinkError(f"{self._path}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._connection.close()

    def position(self) -> Position | None:
        """How far the sink has come; None before its first batch."""
        rows = self._read("SELECT log_id, seq FROM cursor WHERE sink = ?", self._sink)
        return Position(*rows[0]) if rows else None

    def counters(self) -> dict[str, int]:
        """What was counted since the file was made."""
        return dict(self._read("SELECT name, value FROM counter WHERE sink = ?", self._sink))

    def refused_lines(self) -> list[RefusedLine]:
        """The lines that are kept, oldest first."""
        return [
            RefusedLine(bytes(line), reason)
            for line, reason in self._read(
                "SELECT line, reason FROM refused_line WHERE sink = ? ORDER BY id", self._sink
            )
        ]

    def advance(
        self, position: Position, counted: dict[str, int], refused: tuple[RefusedLine, ...] = (), now_us: int = 0
    ) -> None:
        """Move the cursor, count, keep refused lines (the newest `max_refused`); all of it or nothing."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)", (self._sink, position.log_id, position.seq)
            )
            connection.executemany(
                "INSERT INTO counter VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = value + ?3",
                [(self._sink, name, value) for name, value in counted.items() if value],
            )
            if refused:
                connection.executemany(
                    "INSERT INTO refused_line (sink, at_us, reason, line) VALUES (?, ?, ?, ?)",
                    [
                        (self._sink, now_us, r.reason, r.line)
                        for r in refused[-self._max_refused :]
                        if self._max_refused
                    ],
                )
                connection.execute(
                    "DELETE FROM refused_line WHERE sink = ?1 AND id NOT IN"
                    " (SELECT id FROM refused_line WHERE sink = ?1 ORDER BY id DESC LIMIT ?2)",
                    (self._sink, self._max_refused),
                )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise SinkError(f"{self._path}: cannot be written: {error}") from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _read(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise SinkError(f"{self._path}: cannot be read: {error}") from error

    def _prepare(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA_VERSION):
            raise SinkError(f"schema version: expected {SCHEMA_VERSION}, got {version}")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        if version == 0:
            self._connection.executescript(f"BEGIN;{SCHEMA}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
