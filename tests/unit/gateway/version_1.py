"""A log as schema version 1 had it, made by its own text of the tables: for the tests of what comes after."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import zstandard

from gateway.log.columns import checksum
from sensors.batch import COLUMN_DTYPES, Batch
from sensors.transition import Transition
from tests.unit.gateway.small_city import small_catalogue

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE catalogue (
    version INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL, now_us INTEGER NOT NULL, text BLOB NOT NULL
);
CREATE TABLE datastream_number (
    number INTEGER PRIMARY KEY, station TEXT NOT NULL, property TEXT NOT NULL, unit TEXT NOT NULL,
    UNIQUE (station, property, unit)
);
CREATE TABLE batch (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, now_us INTEGER NOT NULL, event TEXT NOT NULL,
    catalogue INTEGER NOT NULL REFERENCES catalogue (version), detector INTEGER NOT NULL, n INTEGER NOT NULL,
    format INTEGER NOT NULL, crc INTEGER NOT NULL, columns BLOB NOT NULL
);
CREATE TABLE transition (
    seq INTEGER NOT NULL REFERENCES batch (seq), ordinal INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (seq, ordinal)
) WITHOUT ROWID;
CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL, received_us INTEGER NOT NULL, source TEXT NOT NULL,
    topic TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, payload BLOB NOT NULL, length INTEGER NOT NULL,
    sha256 TEXT NOT NULL, element INTEGER, retained INTEGER NOT NULL
);
CREATE TABLE dead_letter_count (
    source TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, kept INTEGER NOT NULL,
    kept_bytes INTEGER NOT NULL, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, PRIMARY KEY (source, reason)
) WITHOUT ROWID;
CREATE TABLE checkpoint (
    seq INTEGER PRIMARY KEY, detector INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL
);
"""
LOG_ID = "00112233aabbccdd"


def blob(batch: Batch) -> bytes:
    """Format 1."""
    parts = []
    for name, dtype in COLUMN_DTYPES.items():
        column = getattr(batch, name)
        if name == "device_us":
            column = batch.device_us - batch.time_us
        elif name in ("time_us", "receive_us"):
            column = np.diff(column, prepend=np.int64(0))
        rows = np.ascontiguousarray(column).view(np.uint8).reshape(len(batch), dtype.itemsize)
        parts.append(rows.T.tobytes())
    return zstandard.ZstdCompressor(level=1).compress(b"".join(parts))


def write_version_1(folder: Path, batches: list[Batch], moves: tuple[Transition, ...], detector: int) -> None:
    """A log of these batches, each with `moves`; the last row has a checkpoint `state`."""
    catalogue = small_catalogue()
    with closing(sqlite3.connect(folder / "log.db", isolation_level=None)) as log:
        log.execute("PRAGMA auto_vacuum = INCREMENTAL")
        log.execute("PRAGMA journal_mode = WAL")
        log.executescript(f"BEGIN;{TABLES}PRAGMA user_version = 1;COMMIT;")
        log.execute("INSERT INTO meta VALUES ('log_id', ?)", (LOG_ID,))
        text = zstandard.ZstdCompressor().compress(catalogue.canonical())
        log.execute("INSERT INTO catalogue VALUES (1, ?, 1, ?)", (catalogue.sha256(), text))
        for d in catalogue.datastreams:
            log.execute("INSERT INTO datastream_number VALUES (?, ?, ?, ?)", (d.number, d.station, d.property, d.unit))
        for n, batch in enumerate(batches, 1):
            raw = blob(batch)
            log.execute(
                "INSERT INTO batch VALUES (NULL, ?, 'observations', 1, ?, ?, 1, ?, ?)",
                (n, detector, len(batch), checksum(raw), raw),
            )
            for place, move in enumerate(moves):
                log.execute("INSERT INTO transition VALUES (?, ?, ?)", (n, place, msgspec.json.encode(move).decode()))
        log.execute(
            "INSERT INTO checkpoint VALUES (?, ?, ?, ?)", (len(batches), detector, checksum(b"state"), b"state")
        )
