"""Reading the log while the gateway writes it: rows are copied out, no transaction stays open."""

import contextlib
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import zstandard

from gateway.errors import LogError
from gateway.log import columns
from gateway.log.rows import DeadLetter, DeadLetterCount, LoggedTransition, LogRow
from gateway.log.schema import FILE, open_reading
from sensors.batch import empty_batch
from sensors.catalogue import Catalogue, from_canonical
from sensors.transition import Transition

_TRANSITION = msgspec.json.Decoder(Transition)


class LogReader:
    """A reader of one data directory's log.

    Raises LogMissing while there is no log, LogError where the file is not one.  Usable from one thread at a time.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._connection = open_reading(data_dir)
        try:
            (self.log_id,) = self._one("SELECT value FROM meta WHERE key = 'log_id'")
        except BaseException:
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

    def last_seq(self) -> int:
        """The newest row's seq; 0 while there is none."""
        (seq,) = self._one("SELECT coalesce(max(seq), 0) FROM batch")
        return int(seq)

    def first_seq(self) -> int:
        """The oldest row's seq that is still there; 0 while there is none."""
        (seq,) = self._one("SELECT coalesce(min(seq), 0) FROM batch")
        return int(seq)

    def seq_at(self, time_us: int) -> int:
        """The last seq before `time_us` (by the rows' `now`), 0 where all are later: where to start reading."""
        (seq,) = self._one("SELECT coalesce(max(seq), 0) FROM batch WHERE now_us < ?", time_us)
        return int(seq)

    def read_after(self, seq: int, max_rows: int = 512) -> list[LogRow]:
        """Up to `max_rows` rows after `seq`, in order; damage costs the row that it is in only, and is named there."""
        rows = self._all(
            "SELECT seq, now_us, event, catalogue, detector, n, format, crc, columns FROM batch"
            " WHERE seq > ? ORDER BY seq LIMIT ?",
            seq,
            max_rows,
        )
        if not rows:
            return []
        bodies: dict[int, list[str]] = {}
        for at, body in self._all(
            "SELECT seq, body FROM transition WHERE seq BETWEEN ? AND ? ORDER BY seq, ordinal", rows[0][0], rows[-1][0]
        ):
            bodies.setdefault(at, []).append(body)
        return [_log_row(row, bodies.get(row[0], [])) for row in rows]

    def transitions_after(self, seq: int, ordinal: int, limit: int) -> list[LoggedTransition]:
        """Up to `limit` transitions after (`seq`, `ordinal`), in order; (0, -1) begins at the oldest.

        One that is damaged is left out here; `read_after` names it.
        """
        rows = self._all(
            "SELECT seq, ordinal, body FROM transition WHERE (seq, ordinal) > (?, ?) ORDER BY seq, ordinal LIMIT ?",
            seq,
            ordinal,
            limit,
        )
        found = []
        for at, place, body in rows:
            with contextlib.suppress(msgspec.MsgspecError):
                found.append(LoggedTransition(at, place, _TRANSITION.decode(body)))
        return found

    def catalogue(self, version: int) -> Catalogue:
        """The catalogue of that version, as it took effect."""
        row = self._one("SELECT text FROM catalogue WHERE version = ?", version)
        if row is None:
            raise LogError(f"{self._path}: there is no catalogue version {version}")
        try:
            return from_canonical(zstandard.ZstdDecompressor().decompress(row[0]))
        except (zstandard.ZstdError, msgspec.MsgspecError) as error:
            raise LogError(f"{self._path}: catalogue version {version} is damaged: {error}") from error

    def dead_letters(self, before_id: int | None, limit: int, reason: str | None = None) -> list[DeadLetter]:
        """Up to `limit` dead letters, newest first, older than `before_id` and of `reason` where given."""
        rows = self._all(
            "SELECT id, received_us, source, topic, reason, detail, payload, length, sha256, element, retained"
            " FROM dead_letter WHERE (?1 IS NULL OR id < ?1) AND (?2 IS NULL OR reason = ?2) ORDER BY id DESC LIMIT ?3",
            before_id,
            reason,
            limit,
        )
        names = DeadLetter.__struct_fields__
        return [msgspec.convert(dict(zip(names, row, strict=True)), DeadLetter, strict=False) for row in rows]

    def dead_letter_counts(self) -> list[DeadLetterCount]:
        """How many there were, by source and reason, kept or not."""
        rows = self._all(
            "SELECT source, reason, count, kept, first_us, last_us FROM dead_letter_count ORDER BY source, reason"
        )
        names = DeadLetterCount.__struct_fields__
        return [DeadLetterCount(**dict(zip(names, row, strict=True))) for row in rows]

    def _one(self, statement: str, *values: object) -> Any:
        try:
            return self._connection.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            raise LogError(f"{self._path}: cannot be read: {error}") from error

    def _all(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise LogError(f"{self._path}: cannot be read: {error}") from error


def _log_row(row: tuple[Any, ...], bodies: list[str]) -> LogRow:
    seq, now_us, event, catalogue, detector, n, blob_format, crc, blob = row
    batch, damage = empty_batch(), []
    transitions: tuple[Transition, ...] = ()
    try:
        if columns.checksum(blob) != crc:
            raise LogError(f"checksum of the blob: expected {crc:08x}, got {columns.checksum(blob):08x}")
        batch = columns.decode(blob, n, blob_format)
    except LogError as error:
        damage.append(f"row {seq}: {error}")
    try:
        transitions = tuple(_TRANSITION.decode(body) for body in bodies)
    except msgspec.MsgspecError as error:
        damage.append(f"row {seq}: transition: {error}")
    return LogRow(seq, now_us, event, catalogue, detector, batch, transitions, "; ".join(damage))
