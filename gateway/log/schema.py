"""The tables of log.db, and how it is opened."""

import sqlite3
from pathlib import Path
from typing import Final

from gateway.errors import LogError, LogMissing

FILE: Final = "log.db"
SCHEMA_VERSION: Final = 1

# One row of `batch` is one tick.  `transition` and `dead_letter` rows are written in the same transaction.
SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE catalogue (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    now_us INTEGER NOT NULL,   -- when it took effect
    text BLOB NOT NULL         -- canonical JSON, zstd
);
CREATE TABLE datastream_number (
    number INTEGER PRIMARY KEY,  -- given once, never reused
    station TEXT NOT NULL,
    property TEXT NOT NULL,
    unit TEXT NOT NULL,
    UNIQUE (station, property, unit)
);
CREATE TABLE batch (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    now_us INTEGER NOT NULL,
    event TEXT NOT NULL,         -- observations, start or catalogue
    catalogue INTEGER NOT NULL REFERENCES catalogue (version),
    detector INTEGER NOT NULL,   -- version of the detector that judged it
    n INTEGER NOT NULL,
    format INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    columns BLOB NOT NULL
);
CREATE TABLE transition (
    seq INTEGER NOT NULL REFERENCES batch (seq),
    ordinal INTEGER NOT NULL,    -- place within its row
    body TEXT NOT NULL,          -- JSON of sensors.transition.Transition
    PRIMARY KEY (seq, ordinal)
) WITHOUT ROWID;
CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload BLOB NOT NULL,       -- the first bytes, up to the bound
    length INTEGER NOT NULL,     -- of the whole payload
    sha256 TEXT NOT NULL,        -- of the whole payload
    element INTEGER,             -- index in an array, where only that element was refused
    retained INTEGER NOT NULL
);
CREATE TABLE dead_letter_count (
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    kept_bytes INTEGER NOT NULL,
    first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    PRIMARY KEY (source, reason)
) WITHOUT ROWID;
CREATE TABLE checkpoint (
    seq INTEGER PRIMARY KEY,     -- the state after this row
    detector INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    body BLOB NOT NULL
);
"""


def open_reading(data_dir: Path) -> sqlite3.Connection:
    """A read-only connection; LogMissing while there is no log, LogError where it is not one of ours."""
    path = data_dir / FILE
    if not path.exists():
        raise LogMissing(f"{path}: there is no log yet")
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
    except sqlite3.Error as error:
        raise LogError(f"{path}: cannot be opened: {error}") from error
    try:
        check_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """LogError unless the file is a Siaga log of this schema; LogMissing while it has no tables yet."""
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise LogError(f"{path}: not a log: {error}") from error
    if version == 0:
        raise LogMissing(f"{path}: there is no log yet")
    if version != SCHEMA_VERSION:
        raise LogError(f"{path}: expected schema version {SCHEMA_VERSION}, got {version}")
