"""manifest.db: which files the history consists of, and up to which row of which log they hold everything.

SQLite, `synchronous=FULL`.  A file counts from the transaction that names it, which also moves the cursor: what a kill
left on the disk without being named is removed at the next start, and written again from the log.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from command_center.errors import HistoryDamaged, HistoryError
from command_center.history.columns import KINDS, Kind
from command_center.history.periods import Level, Period, name, period_at
from gateway.log.transaction import failure
from sensors.times import NEVER

FILE: Final = "manifest.db"
SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE log (
    generation INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order in which they were followed; the newest one is
    log_id TEXT NOT NULL,
    compacted_seq INTEGER NOT NULL,
    compacted_us INTEGER NOT NULL                  -- `now` of that row; 0 = none yet
);
CREATE TABLE series (
    series INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    property TEXT NOT NULL,
    unit TEXT NOT NULL,
    UNIQUE (station, property, unit)
);
CREATE TABLE file (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,                            -- raw, minute
    level TEXT NOT NULL,                           -- hour, day, month
    start_us INTEGER NOT NULL,                     -- of that period
    first_us INTEGER NOT NULL,                     -- times of its rows
    last_us INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL
);
CREATE TABLE let_go (                              -- what went to stay within bounds
    kind TEXT PRIMARY KEY,
    files INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    before_us INTEGER NOT NULL,                    -- nothing older than this is whole
    at_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_ADD_FILE: Final = "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One Parquet file."""

    number: int
    kind: Kind
    level: Level
    start_us: int
    first_us: int
    last_us: int
    rows: int
    bytes: int

    @property
    def period(self) -> Period:
        """The hour, day or month that it belongs to."""
        return period_at(self.level, self.start_us)

    @property
    def name(self) -> str:
        """Its name in the folder; never given twice while the manifest knows it."""
        return f"{self.kind}-{name(self.period)}-{self.number:09d}.parquet"


@dataclass(frozen=True, slots=True)
class Place:
    """Everything up to row `seq` of that log is in the history; `at_us` is the row's `now`, 0 = there is none."""

    generation: int
    log_id: str
    seq: int
    at_us: int


@dataclass(frozen=True, slots=True)
class LetGo:
    """What went of one kind."""

    files: int
    rows: int
    bytes: int
    before_us: int
    at_us: int


SeriesKey = tuple[str, str, str]  # station, property, unit


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a manifest that is made anew begins with."""

    files: Sequence[StoredFile]
    last_number: int  # of the files that were ever there: no later one gets it
    series: Mapping[SeriesKey, int]
    places: Sequence[Place]  # of each log that is known, by generation
    before_us: Mapping[Kind, int]  # what is older may be missing
    counted: Mapping[str, int]


class Manifest:
    """The open file, for one thread at a time; `reads_only`: beside whoever writes it.

    Raises HistoryError; HistoryFull on a full disk, HistoryDamaged where SQLite finds the file damaged.
    """

    def __init__(self, folder: Path, *, reads_only: bool = False) -> None:
        self._path = folder / FILE
        place = f"{self._path.resolve().as_uri()}?mode={'ro' if reads_only else 'rwc'}"
        try:
            self._connection = sqlite3.connect(
                place, uri=True, isolation_level=None, timeout=5.0, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._told(error, "opened") from error
        try:
            self._check_version() if reads_only else self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise self._told(error, "read") from error
        except HistoryError:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._connection.close()

    def place(self) -> Place | None:
        """How far the log is compacted that is followed; None before the first."""
        rows = self._read("SELECT generation, log_id, compacted_seq, compacted_us FROM log ORDER BY generation DESC")
        return Place(*rows[0]) if rows else None

    def seq_of(self, log_id: str) -> tuple[int, int]:
        """How far a log was compacted when it was last followed, (seq, its `now`); zeros where it never was."""
        rows = self._read(
            "SELECT compacted_seq, compacted_us FROM log WHERE log_id = ? ORDER BY generation DESC", log_id
        )
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def follow(self, log_id: str, seq: int, at_us: int) -> Place:
        """From now on this log is followed, after row `seq`."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO log (log_id, compacted_seq, compacted_us) VALUES (?, ?, ?)", (log_id, seq, at_us)
            )
        place = self.place()
        assert place is not None  # noqa: S101  (it was just stored)
        return place

    def files(self) -> tuple[StoredFile, ...]:
        """Every file, by number."""
        return tuple(StoredFile(*row) for row in self._read("SELECT * FROM file ORDER BY number"))

    def next_number(self) -> int:
        """The number of the next file."""
        ((number,),) = self._read("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'file'), 0) + 1")
        return int(number)

    def series(self) -> dict[SeriesKey, int]:
        """The number of each series."""
        return {(s, p, u): n for n, s, p, u in self._read("SELECT * FROM series")}

    def add_series(self, keys: Sequence[SeriesKey]) -> dict[SeriesKey, int]:
        """Give numbers to series that have none; all of them."""
        with self._transaction() as connection:
            connection.executemany("INSERT INTO series (station, property, unit) VALUES (?, ?, ?)", keys)
        return self.series()

    def commit(
        self,
        added: Sequence[StoredFile],
        removed: Sequence[StoredFile] = (),
        place: Place | None = None,
        counted: Mapping[str, int] | None = None,
    ) -> None:
        """Files that count from now on, and files that do not any more; how far that is; all of it or nothing."""
        with self._transaction() as connection:
            connection.executemany("DELETE FROM file WHERE number = ?", [(file.number,) for file in removed])
            connection.executemany(_ADD_FILE, [_cells(file) for file in added])
            if place is not None:
                connection.execute(
                    "UPDATE log SET compacted_seq = ?, compacted_us = ? WHERE generation = ?",
                    (place.seq, place.at_us, place.generation),
                )
            _count(connection, counted or {})

    def begin_with(self, made: Beginning, at_us: int) -> None:
        """Fill an empty manifest; all of it or nothing."""
        with self._transaction() as connection:
            connection.executemany(
                "INSERT INTO series (station, property, unit, series) VALUES (?, ?, ?, ?)",
                [(*key, number) for key, number in made.series.items()],
            )
            connection.executemany(_ADD_FILE, [_cells(file) for file in made.files])
            connection.execute("DELETE FROM sqlite_sequence WHERE name = 'file'")
            connection.execute("INSERT INTO sqlite_sequence VALUES ('file', ?)", (made.last_number,))
            connection.executemany(
                "INSERT INTO log VALUES (?, ?, ?, ?)",
                [(place.generation, place.log_id, place.seq, place.at_us) for place in made.places],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO let_go VALUES (?, 0, 0, 0, ?, ?)",  # it stands where all files were damaged
                [(kind, us, at_us) for kind, us in made.before_us.items()],
            )
            _count(connection, made.counted)

    def let_go(self, files: Sequence[StoredFile], at_us: int) -> None:
        """Take files off and keep on record what went."""
        with self._transaction() as connection:
            for file in files:
                connection.execute("DELETE FROM file WHERE number = ?", (file.number,))
                connection.execute(
                    "INSERT INTO let_go VALUES (?, 1, ?, ?, ?, ?) ON CONFLICT (kind) DO UPDATE SET files = files + 1,"
                    " rows = rows + excluded.rows, bytes = bytes + excluded.bytes,"
                    " before_us = max(before_us, excluded.before_us), at_us = excluded.at_us",
                    (file.kind, file.rows, file.bytes, file.last_us + 1, at_us),
                )

    def count(self, counted: Mapping[str, int]) -> None:
        """Add to counters."""
        with self._transaction() as connection:
            _count(connection, counted)

    def gone(self) -> dict[Kind, LetGo]:
        """What went: to stay within bounds, damaged, or removed by somebody."""
        return {row[0]: LetGo(*row[1:]) for row in self._read("SELECT * FROM let_go")}

    def begins(self) -> tuple[int, int]:
        """Before when observations, and minutes, may be missing; `NEVER` = nothing of that kind went."""
        gone = self.gone()
        raw_us, minutes_us = (gone[kind].before_us if kind in gone else NEVER for kind in KINDS)
        return raw_us, minutes_us

    def counters(self) -> dict[str, int]:
        """What was counted since the file was made."""
        return dict(self._read("SELECT name, value FROM counter"))

    @contextlib.contextmanager
    def one_state(self) -> Iterator[None]:
        """What is read within is of one moment, whoever writes meanwhile."""
        self._read("BEGIN")
        try:
            yield
        finally:
            self._read("COMMIT")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._told(error, "written") from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _read(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._told(error, "read") from error

    def _told(self, error: sqlite3.Error, doing: str) -> HistoryError:
        return HistoryError.of(failure(self._path, error, doing))

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        ((found,),) = self._connection.execute("PRAGMA quick_check(1)").fetchall()
        if found != "ok":
            raise HistoryDamaged(f"{self._path}: {found}")
        if self._check_version(0) == 0:
            self._connection.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")

    def _check_version(self, *others: int) -> int:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version not in (SCHEMA_VERSION, *others):
            raise HistoryError(f"{self._path}: schema version: expected {SCHEMA_VERSION}, got {version}")
        return int(version)


def _cells(f: StoredFile) -> tuple[object, ...]:
    return f.number, f.kind, f.level, f.start_us, f.first_us, f.last_us, f.rows, f.bytes


def _count(connection: sqlite3.Connection, counted: Mapping[str, int]) -> None:
    connection.executemany(
        "INSERT INTO counter VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = value + ?2",
        [(name, value) for name, value in counted.items() if value],
    )
