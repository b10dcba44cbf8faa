"""Getting a log's readings back out of a damaged file: record by record, into a new file, and saying what is not there.

Rows, transitions, catalogues, numbers and notes are recognised by their shape and believed by their checksums; a row of
format 1 has none over its numbers, only over its blob.  Dead letters and checkpoints are not salvaged.
"""

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.errors import LogError
from gateway.log import columns
from gateway.log.dead_letters import LetterBox
from gateway.log.integrity import Head, catalogue_text, moves_checksum
from gateway.log.pages import Pages, Record
from gateway.log.schema import create
from gateway.log.transaction import failure
from sensors.settings import LogSettings
from sensors.transition import Transition

COMMIT_EVERY: Final = 2_000  # records
MAX_NAMED: Final = 1_000  # damaged rows that the report names one by one
_TRANSITION = msgspec.json.Decoder(Transition)
_EVENTS: Final = {b"observations", b"start", b"catalogue"}
_HEAD_COLUMNS: Final = 8
_V1_COLUMNS: Final = 9
_NOTE_COLUMNS: Final = 2
NOTES_PAGES: Final = 64  # the notes are among the first that a log writes
_V2_COLUMNS: Final = 11
_HEX_SHA256: Final = 64


def carved_notes(file: Path) -> dict[str, str]:
    """What is noted in a log that SQLite does not open, as far as it stands in the first pages; it has no checksum."""
    notes: dict[str, str] = {}
    with Pages(file) as pages:
        for record in pages.records(NOTES_PAGES):
            if record.rowid is None and len(record.values) == _NOTE_COLUMNS:
                key, value = record.values
                if isinstance(key, bytes) and isinstance(value, bytes):
                    notes.setdefault(key.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
    return notes


@dataclass(slots=True)
class Report:
    """What was found.  `missing`: ranges of seqs between the first and the last row that are not there."""

    log_id: str = ""
    rows: int = 0
    observations: int = 0
    first_seq: int = 0
    last_seq: int = 0
    transitions: int = 0
    catalogues: int = 0
    damaged: dict[int, str] = field(default_factory=dict)  # rows that were recognised, and not to be believed
    damaged_more: int = 0
    damaged_cells: int = 0
    missing: list[tuple[int, int]] = field(default_factory=list)
    rows_without_catalogue: int = 0
    transitions_lost_of: int = 0  # rows whose transitions are not what they were

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known to be lost."""
        lost = self.damaged or self.missing or self.rows_without_catalogue or self.transitions_lost_of
        return not lost and bool(self.log_id)


def salvage(file: Path, out: Path) -> Report:
    """Write what can be read of `file` into the new log `out`.  Raises LogError where that cannot be done."""
    if out.exists():
        raise LogError(f"{out}: is there already")
    if not file.exists():
        raise LogError(f"{file}: there is no such file")
    connection = sqlite3.connect(out, isolation_level=None)
    try:
        with Pages(file) as pages:
            report = _Salvage(connection).run(pages)
    except sqlite3.Error as error:
        raise failure(out, error, "written") from error
    finally:
        connection.close()
    return report


class _Salvage:
    """One run: `file`'s records into `connection`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.report = Report()
        self._notes: dict[str, str] = {}
        self._kinds: dict[tuple[bool, int], Callable[[Record], bool]] = {
            (True, _V1_COLUMNS): self._row,
            (True, _V2_COLUMNS): self._row,
            (True, 4): self._catalogue_or_number,
            (False, 3): self._transition,
            (False, _NOTE_COLUMNS): self._note,
        }

    def run(self, pages: Pages) -> Report:
        """All of it."""
        for pragma in ("auto_vacuum = INCREMENTAL", "journal_mode = WAL", "synchronous = OFF"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN")
        create(self._connection, "")
        LetterBox(self._connection, LogSettings()).prepare()
        taken = 0
        for record in pages.records():
            kind = self._kinds.get((record.rowid is not None, len(record.values)))
            if kind is not None and kind(record):
                taken += 1
                if taken % COMMIT_EVERY == 0:
                    self._connection.execute("COMMIT")
                    self._connection.execute("BEGIN")
        self.report.damaged_cells = pages.damaged_cells
        self._keep_notes()
        self._connection.execute("COMMIT")
        self._look_over()
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self.report

    def _row(self, record: Record) -> bool:
        values: list[Any] = [record.rowid, *record.values[1:]]
        if record.values[0] is not None or values[2] not in _EVENTS:
            return False
        seq, now_us, event, *rest = values[:_HEAD_COLUMNS]
        blob = values[_HEAD_COLUMNS]
        more = values[_V1_COLUMNS:] or [None, None]
        head = Head(seq, now_us, event.decode(), *rest, *more)
        reason = _disbelief(head, blob)
        if reason:
            if len(self.report.damaged) < MAX_NAMED:
                self.report.damaged[seq] = reason
            else:
                self.report.damaged_more += 1
            return False
        self._connection.execute(
            "INSERT OR IGNORE INTO batch (seq, now_us, event, catalogue, detector, n, format, crc, moves_crc, head_crc,"
            " columns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*head, blob),
        )
        return True

    def _catalogue_or_number(self, record: Record) -> bool:
        first, *rest = record.values
        if first is not None or not isinstance(rest[0], bytes):
            return False
        if isinstance(rest[1], int) and isinstance(rest[2], bytes) and len(rest[0]) == _HEX_SHA256:
            return self._catalogue(record.rowid, rest[0].decode("ascii", "replace"), rest[1], rest[2])
        if isinstance(rest[1], bytes) and isinstance(rest[2], bytes):
            texts = [text.decode("utf-8", "replace") for text in rest if isinstance(text, bytes)]
            self._connection.execute(
                "INSERT OR IGNORE INTO datastream_number VALUES (?, ?, ?, ?)", (record.rowid, *texts)
            )
            return True
        return False

    def _catalogue(self, version: int | None, sha256: str, now_us: int, text: bytes) -> bool:
        try:
            catalogue_text(text, sha256)
        except LogError:
            return False
        self._connection.execute("INSERT OR IGNORE INTO catalogue VALUES (?, ?, ?, ?)", (version, sha256, now_us, text))
        return True

    def _transition(self, record: Record) -> bool:
        seq, ordinal, body = record.values
        if not isinstance(seq, int) or not isinstance(ordinal, int) or not isinstance(body, bytes):
            return False
        try:
            text = body.decode()
            _TRANSITION.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return False
        self._connection.execute("INSERT OR IGNORE INTO transition VALUES (?, ?, ?)", (seq, ordinal, text))
        return True

    def _note(self, record: Record) -> bool:
        key, value = record.values
        if isinstance(key, bytes) and isinstance(value, bytes):
            self._notes.setdefault(key.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
        return False

    def _keep_notes(self) -> None:
        self.report.log_id = self._notes.get("log_id", "")
        log_id = self.report.log_id or secrets.token_hex(8)
        self._connection.execute("UPDATE meta SET value = ? WHERE key = 'log_id'", (log_id,))
        if self.report.log_id:  # brokers know it by this; a log without one by its id
            key = self._notes.get("session_key", log_id)
            self._connection.execute("UPDATE meta SET value = ? WHERE key = 'session_key'", (key,))
        self._connection.execute("INSERT INTO meta VALUES ('salvaged', '1')")

    def _rows_with_other_transitions(self) -> int:
        bodies: dict[int, list[str]] = {}
        for seq, body in self._connection.execute("SELECT seq, body FROM transition ORDER BY seq, ordinal"):
            bodies.setdefault(seq, []).append(body)
        rows = self._connection.execute("SELECT seq, moves_crc FROM batch WHERE moves_crc IS NOT NULL")
        return sum(_is_damaged(crc, bodies.get(seq, [])) for seq, crc in rows if crc or seq in bodies)

    def _look_over(self) -> None:
        """What the new file holds, and what it does not."""
        report, ask = self.report, self._connection.execute
        ((report.rows, report.observations, first, last),) = ask(
            "SELECT count(*), coalesce(sum(n), 0), min(seq), max(seq) FROM batch"
        ).fetchall()
        report.first_seq, report.last_seq = first or 0, last or 0
        ((report.transitions,),) = ask("SELECT count(*) FROM transition").fetchall()
        ((report.catalogues,),) = ask("SELECT count(*) FROM catalogue").fetchall()
        ((report.rows_without_catalogue,),) = ask(
            "SELECT count(*) FROM batch WHERE catalogue NOT IN (SELECT version FROM catalogue)"
        ).fetchall()
        report.missing = [
            (seq - ahead + 1, seq - 1)
            for seq, ahead in ask("SELECT seq, seq - lag(seq) OVER (ORDER BY seq) FROM batch").fetchall()
            if ahead is not None and ahead > 1
        ]
        report.transitions_lost_of = self._rows_with_other_transitions()
        kept = {seq for (seq,) in ask("SELECT seq FROM batch").fetchall()} if report.damaged else set()
        report.damaged = {seq: why for seq, why in sorted(report.damaged.items()) if seq not in kept}


def _is_damaged(crc: int, bodies: list[str]) -> bool:
    return moves_checksum(body.encode() for body in bodies) != crc


def _disbelief(head: Head, blob: object) -> str:
    """Why a row is not to be believed; "" = it is."""
    if not head.is_intact:
        return "its numbers do not agree with their checksum"
    if not isinstance(blob, bytes) or columns.checksum(blob) != head.crc:
        return "its readings do not agree with their checksum"
    try:
        columns.decode(blob, head.n, head.format)
    except LogError as error:
        return str(error)
    return ""
