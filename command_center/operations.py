"""operations.db: what only the command center writes (alarms and their events, users, sessions, audit, its cursor).

SQLite in WAL mode, `synchronous=FULL`: what an operator was told is done is on disk.  One connection behind a lock;
calls wait for the disk, so they are made from threads.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from command_center import audit
from command_center.errors import NotStored, OperationsError
from command_center.schema import SCHEMA, SCHEMA_VERSION

FILE: Final = "operations.db"

Write = Callable[[sqlite3.Connection], None]  # a part of a transaction


class Operations:
    """The open database.  Usable from several threads; each call is one short transaction.

    Raises OperationsError where the file cannot be opened, is no operations.db or is one of another schema version.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._lock = threading.Lock()
        self.error = ""  # why the newest write failed; empty = it did not
        try:
            self._connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0, check_same_thread=False)
        except sqlite3.Error as error:
            raise OperationsError(f"{self._path}: cannot be opened: {error}") from error
        try:
            self._prepare()
        except (sqlite3.Error, OperationsError) as error:
            self._connection.close()
            raise OperationsError(f"{self._path}: {error}") from error

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk when the block is left; NotStored, and nothing of it kept, where that fails."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                self.error = str(error)
                raise NotStored(f"{self._path}: cannot be written: {error}") from error
            except BaseException:
                self._roll_back()
                raise
            self.error = ""

    def read(self, statement: str, *values: object) -> list[Any]:
        """The rows of a SELECT, copied out."""
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise OperationsError(f"{self._path}: cannot be read: {error}") from error

    def audit_head(self) -> audit.Head:
        """The newest record of the audit chain.  Raises OperationsError."""
        rows = self.read(audit.HEAD)
        return audit.Head(*rows[0]) if rows else audit.Head(0, audit.GENESIS)

    def audit_after(self, after: int, limit: int) -> list[audit.Record]:
        """The audit records behind number `after`, oldest first.  Raises OperationsError."""
        return [audit.record(row) for row in self.read(audit.BEHIND, after, limit)]

    def audit_before(self, before: int, limit: int, who: str = "", search: str = "") -> list[audit.Record]:
        """The audit records below number `before`, newest first; of one user, and with a text, where such is given."""
        return [audit.record(row) for row in self.read(audit.BEFORE, before, who, who, search, search, search, limit)]

    def audit_verified(self) -> audit.Verdict:
        """Do the chain's sum again, on a connection of its own: it may take seconds.  Raises OperationsError."""
        with reading(self._path.parent) as connection:
            connection.execute("BEGIN")  # one state of the file, whatever is added meanwhile
            return audit.verify(audit.records_after(connection, 0), audit.newest_given(connection))

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Several reads that see the same; OperationsError where one fails."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise OperationsError(f"{self._path}: cannot be read: {error}") from error

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        try:
            self._connection.execute("BEGIN IMMEDIATE")  # before the version is read: another process may be at it
            _bring_up_to_date(self._connection)
            self._connection.execute("COMMIT")
        finally:
            self._roll_back()


def note_audit(connection: sqlite3.Connection, at_us: int, who: str, what: str, detail: str = "") -> None:
    """Put an act on record, in the transaction that does it."""
    audit.append(connection, at_us, who, what, detail)


@contextlib.contextmanager
def reading(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """The file for reading only, beside whoever writes it.  Raises OperationsError, of what is read inside, too."""
    path = data_dir / FILE
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)) as found:
            (version,) = found.execute("PRAGMA user_version").fetchone()
            if version != SCHEMA_VERSION:
                raise OperationsError(
                    f"{path}: expected schema version {SCHEMA_VERSION}, got {version};"
                    " a start of the command center brings an older file up to date"
                )
            yield found
    except sqlite3.Error as error:
        raise OperationsError(f"{path}: cannot be read: {error}") from error


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise OperationsError(f"schema version: expected at most {SCHEMA_VERSION}, got {version}")
    for step in SCHEMA[version:]:
        if isinstance(step, str):
            for statement in _statements(step):
                connection.execute(statement)
        else:
            step(connection)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _statements(text: str) -> Iterator[str]:
    """The statements of a step, one by one: `executescript` would commit what is open."""
    statement = ""
    for part in text.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
