"""Writing the log: one transaction a row, on disk (fsync) before `append` returns."""

import contextlib
import secrets
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import zstandard

from gateway.errors import LogError, LogMissing
from gateway.log import columns
from gateway.log.rows import DeadLetter, Entry
from gateway.log.schema import FILE, SCHEMA, SCHEMA_VERSION, check_version
from sensors.batch import empty_batch
from sensors.catalogue import Catalogue
from sensors.settings import LogSettings

KEPT_CHECKPOINTS: Final = 2  # the one before the newest, should the newest be damaged
_MIB: Final = 1024 * 1024


class LogWriter:
    """The only writer of a data directory's log.  Usable from one thread at a time.

    Raises LogError where the file cannot be opened or written (disk full, read-only, damaged).
    """

    def __init__(self, data_dir: Path, settings: LogSettings, detector_version: int) -> None:
        self._path = data_dir / FILE
        self._settings = settings
        self._detector_version = detector_version
        self._dead_letter_bytes = 0
        try:
            self._connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0, check_same_thread=False)
        except sqlite3.Error as error:
            raise LogError(f"{self._path}: cannot be opened: {error}") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise LogError(f"{self._path}: {error}") from error
        except LogError:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._connection.close()

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of log.db and of its write-ahead log."""
        wal = self._path.with_name(FILE + "-wal")
        return self._path.stat().st_size, wal.stat().st_size if wal.exists() else 0

    def numbers(self, keys: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
        """The number of each (station, property, unit); a new one gets the next, numbers are never reused."""
        with _Transaction(self._connection, self._path):
            rows = self._connection.execute("SELECT station, property, unit, number FROM datastream_number").fetchall()
            known = {(station, prop, unit): int(number) for station, prop, unit, number in rows}
            following = max(known.values(), default=-1) + 1
            for key in keys:
                if key not in known:
                    known[key] = following
                    self._connection.execute("INSERT INTO datastream_number VALUES (?, ?, ?, ?)", (following, *key))
                    following += 1
        return known

    def install_catalogue(self, catalogue: Catalogue, now_us: int) -> int:
        """The version of a numbered catalogue; the newest one's where it is the same."""
        digest = catalogue.sha256()
        with _Transaction(self._connection, self._path):
            newest = self._connection.execute("SELECT version, sha256 FROM catalogue ORDER BY version DESC").fetchone()
            if newest is not None and newest[1] == digest:
                return int(newest[0])
            text = zstandard.ZstdCompressor(level=10).compress(catalogue.canonical())
            cursor = self._connection.execute(
                "INSERT INTO catalogue (sha256, now_us, text) VALUES (?, ?, ?)", (digest, now_us, text)
            )
        return int(cursor.lastrowid or 0)

    def append(self, entry: Entry) -> int:
        """Make an entry durable; its seq.  All of it or, on LogError, nothing."""
        blob = columns.encode(entry.batch) if len(entry.batch) else _EMPTY_BLOB
        kept_bytes = self._dead_letter_bytes
        with _Transaction(self._connection, self._path):
            cursor = self._connection.execute(
                "INSERT INTO batch (now_us, event, catalogue, detector, n, format, crc, columns)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    entry.now_us,
                    entry.event,
                    entry.catalogue_version,
                    self._detector_version,
                    len(entry.batch),
                    columns.FORMAT,
                    columns.checksum(blob),
                    blob,
                ),
            )
            seq = int(cursor.lastrowid or 0)
            self._connection.executemany(
                "INSERT INTO transition VALUES (?, ?, ?)",
                [(seq, i, msgspec.json.encode(t).decode()) for i, t in enumerate(entry.transitions)],
            )
            for letter in entry.dead_letters:
                kept_bytes += self._keep_dead_letter(seq, letter, kept_bytes)
            if entry.checkpoint is not None:
                self._keep_checkpoint(seq, entry.checkpoint)
        self._dead_letter_bytes = kept_bytes
        return seq

    def checkpoints(self) -> list[tuple[int, bytes]]:
        """(seq, body) of the checkpoints of this detector version that are intact, newest first."""
        rows = self._rows("SELECT seq, detector, crc, body FROM checkpoint ORDER BY seq DESC")
        return [
            (seq, body)
            for seq, detector, crc, body in rows
            if detector == self._detector_version and columns.checksum(body) == crc
        ]

    def recall(self, key: str) -> str:
        """What was noted under `key`; "" where nothing was."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else ""

    def remember(self, key: str, value: str) -> None:
        """Note `value` under `key`."""
        with _Transaction(self._connection, self._path):
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _rows(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise LogError(f"{self._path}: cannot be read: {error}") from error

    def _prepare(self) -> None:
        try:
            check_version(self._connection, self._path)
        except LogMissing:
            self._create()
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        (self._dead_letter_bytes,) = self._connection.execute(
            "SELECT coalesce(sum(kept_bytes), 0) FROM dead_letter_count"
        ).fetchone()
        (self.log_id,) = self._connection.execute("SELECT value FROM meta WHERE key = 'log_id'").fetchone()

    def _create(self) -> None:
        self._connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only an empty file takes it
        self._connection.execute("PRAGMA journal_mode = WAL")
        with _Transaction(self._connection, self._path):
            for statement in SCHEMA.split(";\n"):
                if statement.strip():
                    self._connection.execute(statement)
            self._connection.execute("INSERT INTO meta VALUES ('log_id', ?)", (secrets.token_hex(8),))
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _keep_dead_letter(self, seq: int, letter: DeadLetter, kept_bytes: int) -> int:
        """Count a dead letter, and keep it while its cause and the whole are within bounds; the bytes that it took."""
        row = self._connection.execute(
            "SELECT kept FROM dead_letter_count WHERE source = ? AND reason = ?", (letter.source, letter.reason)
        ).fetchone()
        room = kept_bytes + len(letter.payload) <= self._settings.dead_letter_total_mib * _MIB
        keep = room and (row is None or row[0] < self._settings.dead_letters_per_cause)
        size = len(letter.payload) if keep else 0
        if keep:
            values = msgspec.structs.asdict(letter) | {"id": None, "seq": seq, "retained": int(letter.retained)}
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            self._connection.execute(f"INSERT INTO dead_letter ({names}) VALUES ({marks})", values)  # noqa: S608 (names are ours)
        self._connection.execute(
            "INSERT INTO dead_letter_count VALUES (?, ?, 1, ?, ?, ?, ?) ON CONFLICT (source, reason) DO UPDATE SET"
            " count = count + 1, kept = kept + excluded.kept, kept_bytes = kept_bytes + excluded.kept_bytes,"
            " last_us = excluded.last_us",
            (letter.source, letter.reason, int(keep), size, letter.received_us, letter.received_us),
        )
        return size

    def _keep_checkpoint(self, seq: int, body: bytes) -> None:
        self._connection.execute(
            "INSERT INTO checkpoint VALUES (?, ?, ?, ?)", (seq, self._detector_version, columns.checksum(body), body)
        )
        self._connection.execute(
            "DELETE FROM checkpoint WHERE seq NOT IN (SELECT seq FROM checkpoint ORDER BY seq DESC LIMIT ?)",
            (KEPT_CHECKPOINTS,),
        )


_EMPTY_BLOB: Final = columns.encode(empty_batch())


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK; SQLite's errors become LogError with the file's name."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self._path = connection, path

    def __enter__(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise LogError(f"{self._path}: cannot be written: {error}") from error

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
            raise LogError(f"{self._path}: cannot be written: {error}") from error
