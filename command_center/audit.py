"""The audit table as a hash chain: every record carries the SHA-256 over the record before it and over itself.

    sha256(number n) = SHA-256(sha256(number n - 1) as 64 hex digits || canonical record n)

The canonical record is the JSON array `[number, at_us, who, what, detail]` in UTF-8, no blanks between, so that
anybody can do the sum again without Siaga.  Before number 1 stands `GENESIS`.  Triggers refuse UPDATE, DELETE and any
number but the next one; who takes the triggers away and writes all the same is found by `verify`.  Who rewrites the
whole chain is found by a head (`Head`) that was noted outside the file: the command center logs it every day.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

GENESIS: Final = "0" * 64
HEAD: Final = "SELECT number, sha256 FROM audit ORDER BY number DESC LIMIT 1"
BEHIND: Final = "SELECT number, at_us, who, what, detail, sha256 FROM audit WHERE number > ? ORDER BY number LIMIT ?"

BEFORE: Final = (  # instr: what somebody searches for is text, never a pattern
    "SELECT number, at_us, who, what, detail, sha256 FROM audit WHERE number < ? AND (? = '' OR who = ?)"
    " AND (? = '' OR instr(lower(what), lower(?)) OR instr(lower(detail), lower(?))) ORDER BY number DESC LIMIT ?"
)

_COLUMN: Final = "ALTER TABLE audit ADD COLUMN sha256 TEXT NOT NULL DEFAULT ''"
_TRIGGERS: Final = (
    """CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit is append-only: no record is changed'); END""",
    """CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit is append-only: no record is deleted'); END""",
    # INSERT OR REPLACE deletes without the trigger above; an insert that names no number comes here as one below 1.
    """CREATE TRIGGER audit_only_grows BEFORE INSERT ON audit
    WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM audit) OR length(NEW.sha256) <> 64
    BEGIN SELECT RAISE(ABORT, 'audit is append-only: expected the next number and its sha256'); END""",
)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One act on record."""

    number: int
    at_us: int  # µs UTC
    who: str  # a user, `cli:` and who was logged in at the machine, or empty: Siaga itself
    what: str
    detail: str
    sha256: str  # 64 hex digits: of this record and all before it


class Head(msgspec.Struct, frozen=True):
    """The newest record's place in the chain; number 0 and `GENESIS` where there is none."""

    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found."""

    head: Head  # of the records that are in order
    fault: str = ""  # empty: the whole chain is in order
    broken: int | None = None  # the first number that is not


def link(previous_sha256: str, number: int, at_us: int, who: str, what: str, detail: str) -> str:
    """The hash of a record behind the one that carries `previous_sha256`.

    >>> link(GENESIS, 1, 0, "admin", "login", "")[:16]
    '0a668c1274377153'
    """
    canonical = msgspec.json.encode([number, at_us, who, what, detail])
    return hashlib.sha256(previous_sha256.encode() + canonical).hexdigest()


def append(connection: sqlite3.Connection, at_us: int, who: str, what: str, detail: str) -> None:
    """Put one more record at the end, in the open transaction; the primary key refuses a fork."""
    head = head_of(connection)
    number = head.number + 1
    sha256 = link(head.sha256, number, at_us, who, what, detail)
    connection.execute(
        "INSERT INTO audit (number, at_us, who, what, detail, sha256) VALUES (?, ?, ?, ?, ?, ?)",
        (number, at_us, who, what, detail, sha256),
    )


def head_of(connection: sqlite3.Connection) -> Head:
    """The head of the chain as this connection sees it."""
    newest = connection.execute(HEAD).fetchone()
    return Head(0, GENESIS) if newest is None else Head(*newest)


def records_after(connection: sqlite3.Connection, after: int) -> Iterator[Record]:
    """The records behind number `after`, oldest first, as they are read."""
    return map(record, connection.execute(BEHIND, (after, -1)))


def record(row: Sequence[Any]) -> Record:
    """A row of `BEHIND`."""
    number, at_us, who, what, detail, sha256 = row
    return Record(number=number, at_us=at_us, who=who, what=what, detail=detail, sha256=sha256)


def verify(records: Iterable[Record], newest_given: int, noted: str = "") -> Verdict:
    """Do the sum again over all records.

    `newest_given` is the highest number that was ever given: records missing at the end show by it.  `noted` is a hash
    that was noted outside the file; the chain must hold it.
    """
    head, is_held = Head(0, GENESIS), not noted
    for found in records:
        number = head.number + 1
        if found.number != number:
            return Verdict(head, f"record {number} is missing", number)
        if found.sha256 != link(head.sha256, number, found.at_us, found.who, found.what, found.detail):
            return Verdict(head, f"record {number} is not as it was written", number)
        head = Head(number, found.sha256)
        is_held = is_held or noted == found.sha256
    if head.number < newest_given:
        return Verdict(head, f"records {head.number + 1} to {newest_given} are missing", head.number + 1)
    if not is_held:
        return Verdict(head, f"no record carries the hash {noted} that was noted: the chain was written anew")
    return Verdict(head)


def newest_given(connection: sqlite3.Connection) -> int:
    """The highest number that SQLite remembers having given in this table."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
    return 0 if row is None else int(row[0])


def chain_older(connection: sqlite3.Connection) -> None:
    """The schema step: chain the records that an older Siaga left, and let nothing but appending happen from now on."""
    connection.execute(_COLUMN)
    previous = GENESIS
    rows = connection.execute("SELECT number, at_us, who, what, detail FROM audit ORDER BY number").fetchall()
    for row in rows:
        previous = link(previous, *row)
        connection.execute("UPDATE audit SET sha256 = ? WHERE number = ?", (previous, row[0]))
    for trigger in _TRIGGERS:
        connection.execute(trigger)
