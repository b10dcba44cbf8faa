"""Writing the log: one transaction a row, on disk (fsync) before `append` returns."""

import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import zstandard

from gateway.errors import LogDamaged, LogError, LogMissing
from gateway.log import columns
from gateway.log.dead_letters import LetterBox
from gateway.log.integrity import Head, checkpoint_checksum, moves_checksum
from gateway.log.letter_book import LetterBook
from gateway.log.rows import Entry, Predecessor
from gateway.log.schema import FILE, READABLE, check_version, create, migrate
from gateway.log.transaction import Transaction, failure
from sensors.batch import empty_batch
from sensors.catalogue import Catalogue
from sensors.settings import LogSettings

KEPT_CHECKPOINTS: Final = 2  # the one before the newest, should the newest be damaged
WAL_SAFETY_PAGES: Final = 4096  # 16 MiB: SQLite itself empties the write-ahead log where nobody did before
WAL_SHARE: Final = 16  # of a small cap, that the write-ahead log may take
_PAGE: Final = 4096
_MIB: Final = 1024 * 1024
_INSERT: Final = (
    "INSERT INTO batch (seq, now_us, event, catalogue, detector, n, format, crc, moves_crc, head_crc, columns)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_NEWEST: Final = (
    "SELECT seq, now_us, event, catalogue, detector, n, format, crc, moves_crc, head_crc FROM batch"
    " ORDER BY seq DESC LIMIT 2"
)


class LogWriter:
    """The only writer of a data directory's log.  Usable from one thread at a time.

    Raises LogError where the file cannot be opened or written (read-only, another version), LogFull where the disk
    takes no more, LogDamaged where it is no log any more.  `session_key` is what the brokers know us by: a secret
    (`gateway.session_key`), or that of the log whose place it took.
    """

    def __init__(self, data_dir: Path, settings: LogSettings, detector_version: int) -> None:
        self._path = data_dir / FILE
        self._settings = settings
        self._detector_version = detector_version
        self._encoder = columns.Encoder()
        self._last_seq = 0
        self.is_closed = False
        self.wal_pages = 0  # written, about, since `empty_wal` did all of its work
        self._open()

    def _open(self) -> None:
        try:
            self._connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0, check_same_thread=False)
        except sqlite3.Error as error:
            raise failure(self._path, error, "opened") from error
        self._letters = LetterBox(self._connection, self._settings)
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise failure(self._path, error, "opened") from error
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
        self.is_closed = True
        self._connection.close()

    def reopen(self) -> None:
        """Close the file and open what is there now in its place: the same log, or a new one.  Raises LogError."""
        self.close()
        self.wal_pages = 0
        self._open()
        self.is_closed = False

    def stand_for(self, log_id: str, session_key: str, last_seq: int) -> None:
        """Closed, be the log of these again: the one that was to take its place could not be begun."""
        self.log_id, self.session_key, self._last_seq = log_id, session_key, last_seq

    @property
    def last_seq(self) -> int:
        """The newest row's seq; 0 while there is none."""
        return self._last_seq

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def connection(self) -> sqlite3.Connection:
        """For whoever keeps the file within its bounds (`gateway.log.retention`), in the writer's thread."""
        return self._connection

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of log.db and of its write-ahead log; 0 for one that is not there, as while a log is set aside."""
        return _size(self._path), _size(self._path.with_name(FILE + "-wal"))

    def numbers(self, keys: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
        """The number of each (station, property, unit); a new one gets the next, numbers are never reused."""
        with Transaction(self._connection, self._path):
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
        with Transaction(self._connection, self._path):
            newest = self._connection.execute("SELECT version, sha256 FROM catalogue ORDER BY version DESC").fetchone()
            if newest is not None and newest[1] == digest:
                return int(newest[0])
            text = zstandard.ZstdCompressor(level=10).compress(catalogue.canonical())
            cursor = self._connection.execute(
                "INSERT INTO catalogue (sha256, now_us, text) VALUES (?, ?, ?)", (digest, now_us, text)
            )
        return int(cursor.lastrowid or 0)

    def succeed(
        self, predecessor: Predecessor, notes: Mapping[str, str], catalogue: Catalogue | None, version: int
    ) -> None:
        """Make a new log the successor of a damaged one: notes, and the catalogue with its numbers and version."""
        with Transaction(self._connection, self._path):
            told = {"predecessor": msgspec.json.encode(predecessor).decode(), **notes}
            self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", told.items())
            if catalogue is not None:
                numbers = [(d.number, d.station, d.property, d.unit) for d in catalogue.datastreams]
                self._connection.executemany("INSERT INTO datastream_number VALUES (?, ?, ?, ?)", numbers)
                text = zstandard.ZstdCompressor(level=10).compress(catalogue.canonical())
                self._connection.execute(
                    "INSERT INTO catalogue VALUES (?, ?, ?, ?)",
                    (version, catalogue.sha256(), predecessor.at_us, text),
                )
        self.session_key = notes.get("session_key", self.session_key)

    def notes(self) -> dict[str, str]:
        """Everything noted, by key."""
        return {str(key): str(value) for key, value in self._rows("SELECT key, value FROM meta")}

    def empty_wal(self, *, truncate: bool = False) -> tuple[int, int]:
        """Bring the write-ahead log into the file as far as readers let it: (pages in it, pages brought over)."""
        self._rows("PRAGMA busy_timeout = 0")  # a reader in the way is passed by, not waited for
        try:
            mode = "TRUNCATE" if truncate else "PASSIVE"
            ((_, pages, done),) = self._rows(f"PRAGMA wal_checkpoint({mode})")
        finally:
            self._rows("PRAGMA busy_timeout = 5000")
        if pages == done:
            self.wal_pages = 0
        return int(pages), int(done)

    def append(self, entry: Entry) -> int:
        """Make an entry durable; its seq.  All of it or, on LogError, nothing."""
        blob = self._encoder.encode(entry.batch) if len(entry.batch) else _EMPTY_BLOB
        bodies = [msgspec.json.encode(t) for t in entry.transitions]
        seq = self._last_seq + 1
        head = Head(
            seq,
            entry.now_us,
            entry.event,
            entry.catalogue_version,
            self._detector_version,
            len(entry.batch),
            columns.FORMAT,
            columns.checksum(blob),
            moves_checksum(bodies),
            None,
        )
        with Transaction(self._connection, self._path):
            self._connection.execute(_INSERT, (*head[:-1], head.checksum(), blob))
            if bodies:
                moves = [(seq, i, body.decode()) for i, body in enumerate(bodies)]
                self._connection.executemany("INSERT INTO transition VALUES (?, ?, ?)", moves)
            if entry.dead_letters:
                self._letters.keep(seq, entry.dead_letters)
            if entry.retried is not None:
                self._letters.settle_retried(seq, entry.retried)
            if entry.checkpoint is not None:
                self._keep_checkpoint(seq, entry.checkpoint)
        self._last_seq = seq
        self.wal_pages += 2 + len(blob) // 4096
        self._letters.settled()
        return seq

    def forget_letters(self, before_us: int, limit: int) -> int:
        """Let up to `limit` dead letters go that came before `before_us`, and groups without any; how many letters."""
        with Transaction(self._connection, self._path):
            went = self._letters.forget_before(before_us, limit)
        self._letters.settled()
        self.wal_pages += went
        return went

    @property
    def letters(self) -> LetterBook:
        """The dead letters, as the writer's own connection sees them."""
        return LetterBook(self._rows)

    def checkpoints(self) -> list[tuple[int, bytes]]:
        """(seq, body) of the checkpoints of this detector version that are intact, newest first."""
        rows = self._rows("SELECT seq, detector, crc, body FROM checkpoint ORDER BY seq DESC")
        return [
            (seq, body)
            for seq, detector, crc, body in rows
            if detector == self._detector_version and checkpoint_checksum(seq, detector, body) == crc
        ]

    def recall(self, key: str) -> str:
        """What was noted under `key`; "" where nothing was."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else ""

    def remember(self, key: str, value: str) -> None:
        """Note `value` under `key`."""
        with Transaction(self._connection, self._path):
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _rows(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise failure(self._path, error, "read") from error

    def _prepare(self) -> None:
        try:
            version = check_version(self._connection, self._path, READABLE)
        except LogMissing:
            self._create()
        else:
            if version == 1:
                with Transaction(self._connection, self._path):
                    migrate(self._connection)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA secure_delete = OFF")  # Debian's SQLite would write zeros over what retires
        pages = self._settings.max_mib * _MIB // _PAGE // WAL_SHARE or WAL_SAFETY_PAGES
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {max(256, min(pages, WAL_SAFETY_PAGES))}")
        with Transaction(self._connection, self._path):
            self._letters.prepare()
        noted = dict(self._connection.execute("SELECT key, value FROM meta").fetchall())
        if "log_id" not in noted:
            raise LogDamaged(f"{self._path}: the log's id is gone")
        self.log_id = str(noted["log_id"])
        self.session_key = str(noted.get("session_key", self.log_id))
        self._last_seq = self._newest_seq()

    def _newest_seq(self) -> int:
        """The newest row's seq, 0 where there is none.  LogDamaged where it cannot be believed."""
        newest = [Head(*row) for row in self._rows(_NEWEST)]
        if not newest:
            return 0
        follows = len(newest) == 1 or newest[0].seq == newest[1].seq + 1
        if not newest[0].is_intact and not follows:
            raise LogDamaged(f"{self._path}: the newest row has the number {newest[0].seq} and is damaged")
        return newest[0].seq

    def _create(self) -> None:
        self._connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only an empty file takes it
        self._connection.execute("PRAGMA journal_mode = WAL")
        with Transaction(self._connection, self._path):
            create(self._connection, secrets.token_hex(8))

    def _keep_checkpoint(self, seq: int, body: bytes) -> None:
        crc = checkpoint_checksum(seq, self._detector_version, body)
        self._connection.execute("INSERT INTO checkpoint VALUES (?, ?, ?, ?)", (seq, self._detector_version, crc, body))
        self._connection.execute(
            "DELETE FROM checkpoint WHERE seq NOT IN (SELECT seq FROM checkpoint ORDER BY seq DESC LIMIT ?)",
            (KEPT_CHECKPOINTS,),
        )


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


_EMPTY_BLOB: Final = columns.encode(empty_batch())
