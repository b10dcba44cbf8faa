"""Reading the log while the gateway writes it: rows are copied out, no transaction stays open."""

import contextlib
import logging
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from gateway.errors import LogDamaged, LogError
from gateway.log import columns
from gateway.log.integrity import Head, catalogue_text, moves_checksum
from gateway.log.letter_book import LetterBook
from gateway.log.rows import Gap, LoggedTransition, LogRow, Predecessor
from gateway.log.schema import FILE, SCHEMA_VERSION, open_reading
from gateway.log.transaction import failure
from sensors.batch import Batch, empty_batch
from sensors.catalogue import Catalogue, from_canonical
from sensors.transition import Transition

_TRANSITION = msgspec.json.Decoder(Transition)
_PREDECESSOR = msgspec.json.Decoder(Predecessor)
_HEAD: Final = "seq, now_us, event, catalogue, detector, n, format, crc"
_FRUITLESS: Final = 1_000  # places looked at in vain before what is behind them counts as the log's end

_log = logging.getLogger("gateway.log")


class LogReader:
    """A reader of one data directory's log.

    Raises LogMissing while there is no log, LogError where the file is not one.  Usable from one thread at a time.
    `file` names another file than the directory's log: a salvaged one, a copy.
    """

    def __init__(self, data_dir: Path, file: str = FILE) -> None:
        self._path = data_dir / file
        self._connection = open_reading(self._path)
        self._connection.text_factory = _text
        self._decoder = columns.Decoder()
        self._version = 0
        self._told = 0  # the newest row that was named as unreadable
        try:
            log_id = self._one("SELECT value FROM meta WHERE key = 'log_id'")
            if log_id is None:
                raise LogDamaged(f"{self._path}: the log's id is gone")
            (self.log_id,) = log_id
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
        """The seq before the first row whose `now` is `time_us` or later, 0 where that is the first: where to start.

        Looks at every row up to that one: where our clock was set back `now` is less from one row to the next, and no
        order helps.
        """
        row = self._one("SELECT seq FROM batch WHERE now_us >= ? ORDER BY seq LIMIT 1", time_us)
        if row is None:
            return self.last_seq()
        (before,) = self._one("SELECT coalesce(max(seq), 0) FROM batch WHERE seq < ?", row[0])
        return int(before)

    def numbers(self) -> dict[tuple[str, str, str], int]:
        """The number of each (station, property, unit) that was ever given one."""
        rows = self._all("SELECT station, property, unit, number FROM datastream_number")
        return {(station, prop, unit): number for station, prop, unit, number in rows}

    def notes(self) -> dict[str, str]:
        """Everything that the gateway noted, by key."""
        return {key: str(value) for key, value in self._all("SELECT key, value FROM meta")}

    def gaps(self) -> list[Gap]:
        """What retention took, by reason."""
        if self._schema_version() < SCHEMA_VERSION:
            return []
        names = Gap.__struct_fields__
        rows = self._all(f"SELECT {', '.join(names)} FROM gap ORDER BY reason, unread")  # noqa: S608 (names are ours)
        return [msgspec.convert(dict(zip(names, row, strict=True)), Gap, strict=False) for row in rows]

    def predecessor(self) -> Predecessor | None:
        """The log whose place this one took, where there was one."""
        row = self._one("SELECT value FROM meta WHERE key = 'predecessor'")
        with contextlib.suppress(msgspec.MsgspecError):
            return None if row is None else _PREDECESSOR.decode(row[0])
        return None

    def read_after(self, seq: int, max_rows: int = 512) -> list[LogRow]:
        """Up to `max_rows` rows after `seq`, in order; damage costs the row that it is in only.

        A damaged blob or transition is named in its row.  A row whose numbers cannot be believed, or that cannot be
        read at all, is left out: readers find that its seq is missing.  No rows means the log's end.
        """
        try:
            rows = self._rows(seq, max_rows)
            if all(Head(*row[:10]).is_intact for row in rows):
                return self._complete(rows)
        except LogDamaged as error:
            _log.debug("rows after %d are read one by one: %s", seq, error)
        return self._read_carefully(seq, max_rows)

    def _read_carefully(self, seq: int, max_rows: int) -> list[LogRow]:
        """The same, row by row: the tree of the file itself may be damaged."""
        found: list[LogRow] = []
        last, fruitless = self.last_seq(), 0
        while seq < last and len(found) < max_rows and fruitless < _FRUITLESS:
            following = self._following(seq)
            row = self._row(following) if following else None
            if row is not None:
                found.append(row)
                seq, fruitless = row.seq, 0
                continue
            seq, fruitless = (self._beyond_damage(seq, last) if following is None else seq + 1), fruitless + 1
            if seq > self._told:
                self._told = seq
                _log.error("%s: row %d cannot be read, it is left out", self._path, seq)
        return found

    def _following(self, seq: int) -> int | None:
        """The next row's seq, 0 where there is none; None where that cannot be read."""
        try:
            row = self._one("SELECT seq FROM batch WHERE seq > ? ORDER BY seq LIMIT 1", seq)
        except LogDamaged:
            return None
        return 0 if row is None else max(int(row[0]), 0)

    def _beyond_damage(self, seq: int, last: int) -> int:
        """The first place after `seq` from which reading goes on, else `last`; damage lies in one piece."""
        low, high = seq + 1, last
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._following(middle) is None else (low, middle)
        return low

    def _row(self, seq: int) -> LogRow | None:
        """One row; None where it cannot be read or believed."""
        try:
            rows = self._rows(seq - 1, 1)
            if not rows or rows[0][0] != seq or not Head(*rows[0][:10]).is_intact:
                return None
        except LogDamaged:
            return None
        try:
            return self._complete(rows)[0]
        except LogDamaged:  # of its transitions: their checksum, in the head, says whether there are any
            return self._log_row(Head(*rows[0][:10]), rows[0][10], [])

    def _rows(self, seq: int, max_rows: int) -> list[Any]:
        """(head, blob) of rows after `seq`."""
        more = "moves_crc, head_crc" if self._schema_version() == SCHEMA_VERSION else "NULL, NULL"
        statement = f"SELECT {_HEAD}, {more}, columns FROM batch WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 (names are ours)
        return self._all(statement, seq, max_rows)

    def _complete(self, rows: list[Any]) -> list[LogRow]:
        """The rows with their transitions."""
        if not rows:
            return []
        bodies: dict[int, list[str]] = {}
        for at, body in self._all(
            "SELECT seq, body FROM transition WHERE seq BETWEEN ? AND ? ORDER BY seq, ordinal", rows[0][0], rows[-1][0]
        ):
            bodies.setdefault(at, []).append(body)
        return [self._log_row(Head(*row[:10]), row[10], bodies.get(row[0], [])) for row in rows]

    def _log_row(self, head: Head, blob: bytes, bodies: list[str]) -> LogRow:
        damage: list[str] = []
        transitions: tuple[Transition, ...] = ()
        try:
            batch = self._batch(head, blob)
        except LogError as error:
            batch = empty_batch()
            damage.append(f"row {head.seq}: {error}")
        try:
            raw = [str(body).encode() for body in bodies]
            if head.moves_crc is not None and moves_checksum(raw) != head.moves_crc:
                raise LogError(f"checksum of {len(raw)} transitions: expected {head.moves_crc:08x}")
            transitions = tuple(_TRANSITION.decode(body) for body in raw)
        except (msgspec.MsgspecError, LogError) as error:
            damage.append(f"row {head.seq}: transition: {error}")
        event: Any = head.event
        return LogRow(
            head.seq, head.now_us, event, head.catalogue, head.detector, batch, transitions, "; ".join(damage)
        )

    def _batch(self, head: Head, blob: bytes) -> Batch:
        if not isinstance(blob, bytes):
            raise LogError("columns: expected a blob")
        if columns.checksum(blob) != head.crc:
            raise LogError(f"checksum of the blob: expected {head.crc:08x}, got {columns.checksum(blob):08x}")
        return self._decoder.decode(blob, head.n, head.format)

    def _believed(self, first: int, last: int) -> set[int]:
        """The rows from `first` to `last` whose transitions are what they were; format 1 cannot tell."""
        crc = "moves_crc" if self._schema_version() == SCHEMA_VERSION else "NULL"
        within = "seq BETWEEN ? AND ? AND seq IN (SELECT seq FROM transition WHERE seq BETWEEN ? AND ?)"
        crcs = dict(self._all(f"SELECT seq, {crc} FROM batch WHERE {within}", first, last, first, last))  # noqa: S608
        found = self._all(
            "SELECT seq, body FROM transition WHERE seq BETWEEN ? AND ? ORDER BY seq, ordinal", first, last
        )
        bodies: dict[int, int] = {}
        for seq, body in found:
            bodies[seq] = moves_checksum((str(body).encode(),), bodies.get(seq, 0))
        return {seq for seq, crc in crcs.items() if crc is None or crc == bodies.get(seq, 0)}

    def _schema_version(self) -> int:
        """The file's; the gateway may bring an old file to the present one while it is open here."""
        if self._version != SCHEMA_VERSION:
            (self._version,) = self._one("PRAGMA user_version")
        return self._version

    def transitions_after(self, seq: int, ordinal: int, limit: int) -> list[LoggedTransition]:
        """Up to `limit` transitions after (`seq`, `ordinal`), in order; (0, -1) begins at the oldest.

        Those of a row in which one is damaged are left out here; `read_after` names it.
        """
        found: list[LoggedTransition] = []
        while not found:
            rows = self._all(
                "SELECT seq, ordinal, body FROM transition WHERE (seq, ordinal) > (?, ?) ORDER BY seq, ordinal LIMIT ?",
                seq,
                ordinal,
                limit,
            )
            if not rows:
                break
            believed = self._believed(rows[0][0], rows[-1][0])
            for at, place, body in rows:
                with contextlib.suppress(msgspec.MsgspecError):
                    if at in believed:
                        found.append(LoggedTransition(at, place, _TRANSITION.decode(body)))
            seq, ordinal, _ = rows[-1]
        return found

    def catalogue(self, version: int) -> Catalogue:
        """The catalogue of that version, as it took effect."""
        row = self._one("SELECT text, sha256 FROM catalogue WHERE version = ?", version)
        if row is None:
            raise LogError(f"{self._path}: there is no catalogue version {version}")
        try:
            return from_canonical(catalogue_text(row[0], row[1]))
        except (LogError, msgspec.MsgspecError) as error:
            raise LogError(f"{self._path}: catalogue version {version} is damaged: {error}") from error

    @property
    def letters(self) -> LetterBook:
        """The dead letters."""
        return LetterBook(self._all)

    def _one(self, statement: str, *values: object) -> Any:
        try:
            return self._connection.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            raise failure(self._path, error, "read") from error

    def _all(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise failure(self._path, error, "read") from error


def _text(raw: bytes) -> str:
    """A TEXT, whatever damage made of it: the checksums say whether it is to be believed."""
    return raw.decode("utf-8", "replace")
