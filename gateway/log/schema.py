"""The tables of log.db, and how it is opened."""

import sqlite3
from pathlib import Path
from typing import Final

from gateway.errors import LogDamaged, LogError, LogMissing
from gateway.log.integrity import checkpoint_checksum
from gateway.log.transaction import failure
from gateway.session_key import new_session_key

FILE: Final = "log.db"
SCHEMA_VERSION: Final = 2
READABLE: Final = (1, SCHEMA_VERSION)

# One row of `batch` is one tick.  `transition` rows, and dead letters (whose tables `dead_letters` has), are written in
# the same transaction.
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
    seq INTEGER PRIMARY KEY,     -- given by the writer; the newest row stays, so none is given twice
    now_us INTEGER NOT NULL,
    event TEXT NOT NULL,         -- observations, start or catalogue
    catalogue INTEGER NOT NULL REFERENCES catalogue (version),
    detector INTEGER NOT NULL,   -- version of the detector that judged it
    n INTEGER NOT NULL,
    format INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    columns BLOB NOT NULL,
    moves_crc INTEGER,           -- of the row's transitions; NULL in format 1
    head_crc INTEGER             -- of everything but the blob (gateway.log.integrity); NULL in format 1
);
CREATE TABLE transition (
    seq INTEGER NOT NULL REFERENCES batch (seq),
    ordinal INTEGER NOT NULL,    -- place within its row
    body TEXT NOT NULL,          -- JSON of sensors.transition.Transition
    PRIMARY KEY (seq, ordinal)
) WITHOUT ROWID;
CREATE TABLE checkpoint (
    seq INTEGER PRIMARY KEY,     -- the state after this row
    detector INTEGER NOT NULL,
    crc INTEGER NOT NULL,        -- of seq, detector and body
    body BLOB NOT NULL
);
"""

# What retention took: bounded, a row per reason.
GAP: Final = """
CREATE TABLE gap (
    reason TEXT NOT NULL,        -- age, size or space
    unread INTEGER NOT NULL,     -- 1: before every reader had read it
    rows INTEGER NOT NULL,
    observations INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    first_us INTEGER NOT NULL,   -- `now` of these two rows
    last_us INTEGER NOT NULL,
    at_us INTEGER NOT NULL,      -- when the last of them went
    PRIMARY KEY (reason, unread)
) WITHOUT ROWID;
"""


def create(connection: sqlite3.Connection, log_id: str) -> None:
    """Make the tables of a new log, within the caller's transaction."""
    for statement in (SCHEMA + GAP).split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('log_id', ?), ('session_key', ?)", (log_id, new_session_key()))
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a log of version 1 to the present one, within the caller's transaction; no row is rewritten."""
    connection.execute("ALTER TABLE batch ADD COLUMN moves_crc INTEGER")
    connection.execute("ALTER TABLE batch ADD COLUMN head_crc INTEGER")
    connection.execute(GAP)
    for seq, detector, body in connection.execute("SELECT seq, detector, body FROM checkpoint").fetchall():
        crc = checkpoint_checksum(seq, detector, body)
        connection.execute("UPDATE checkpoint SET crc = ? WHERE seq = ?", (crc, seq))
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def open_reading(path: Path) -> sqlite3.Connection:
    """A read-only connection; LogMissing while there is no log, LogError where it is not one of ours."""
    if not path.exists():
        raise LogMissing(f"{path}: there is no log yet")
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
    except sqlite3.Error as error:
        raise failure(path, error, "opened") from error
    try:
        check_version(connection, path, READABLE)
    except BaseException:
        connection.close()
        raise
    return connection


def check_version(connection: sqlite3.Connection, path: Path, versions: tuple[int, ...]) -> int:
    """The file's schema version; LogError unless it is one of `versions`, LogMissing while it has no tables yet."""
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        raise failure(path, error, "read") from error
    except UnicodeDecodeError as error:  # SQLite's complaint about its tables names what damage made of them
        raise LogDamaged(f"{path}: cannot be read: the names of its tables are damaged") from error
    if version == 0:
        raise LogMissing(f"{path}: there is no log yet")
    if version not in versions:
        raise LogError(f"{path}: expected schema version {SCHEMA_VERSION}, got {version}")
    return int(version)
