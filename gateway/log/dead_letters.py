"""Dead letters in the log: kept whole within bounds, counted beyond them, grouped by their cause.

A group is what one device does wrong in one way: source, reason, topic and the detail without its figures and
quotations.  While a cause (source and reason) has room, every letter is kept.  When it is full, the first ones stay,
and two more are looked after: a group of which none is kept displaces the newest letter of the largest group, and the
newest of a group makes room for a newer one once a minute.  So a flood of one fault hides no other, and the sample is
fresh.
"""

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from gateway.log.rows import DeadLetter, Retried
from sensors.settings import LogSettings
from sensors.times import MINUTE_US

TABLES: Final = """
CREATE TABLE IF NOT EXISTS dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL,        -- the row that holds what was good of the same message
    received_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload BLOB NOT NULL,       -- the first bytes, up to the bound
    length INTEGER NOT NULL,     -- of the whole payload
    sha256 TEXT NOT NULL,        -- of the whole payload
    element INTEGER,             -- index in an array, where only that element was refused
    retained INTEGER NOT NULL,
    group_id INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    more_seqs TEXT NOT NULL DEFAULT ''  -- rows of retries that took a part of it, with spaces between
);
CREATE INDEX IF NOT EXISTS dead_letter_of_group ON dead_letter (group_id, id);
CREATE INDEX IF NOT EXISTS dead_letter_of_cause ON dead_letter (source, reason, group_id);
CREATE INDEX IF NOT EXISTS dead_letter_of_time ON dead_letter (received_us);
CREATE TABLE IF NOT EXISTS dead_letter_count (
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    PRIMARY KEY (source, reason)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letter_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    topic TEXT NOT NULL,         -- empty: the group of all that came after the bound of groups
    shape TEXT NOT NULL,         -- the detail without its figures and quotations
    count INTEGER NOT NULL,
    first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    retried INTEGER NOT NULL DEFAULT 0,     -- letters of it that became observations when they were retried
    retried_us INTEGER,
    retried_by TEXT NOT NULL DEFAULT '',
    UNIQUE (source, reason, topic, shape)
);
"""
# Columns of a log that was begun before groups were kept.
_ADDED: Final = (
    "group_id INTEGER NOT NULL DEFAULT 0",
    "retries INTEGER NOT NULL DEFAULT 0",
    "more_seqs TEXT NOT NULL DEFAULT ''",
)

GROUPS_PER_CAUSE: Final = 200  # then everything else of the cause is one group
MAX_TOPIC: Final = 256
MAX_SHAPE: Final = 160
FRESH_SAMPLE_US: Final = MINUTE_US
_MIB: Final = 1024 * 1024
_SIZE: Final = "length(payload) + length(CAST(topic AS BLOB)) + length(CAST(detail AS BLOB))"  # as `_size_of` has it
_NAMING: Final = frozenset({"unknown_device", "unknown_station"})  # their detail names the device, which counts
_VARYING: Final = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`|\d+""")

_Cause = tuple[str, str]  # source, reason
_Key = tuple[str, str, str, str]  # source, reason, topic, shape


def shape_of(detail: str) -> str:
    """The detail without what differs from message to message.

    >>> shape_of("expected a number, got 'x17' at byte 20")
    "expected a number, got '…' at byte #"
    """
    return _VARYING.sub(lambda found: "#" if found[0][0].isdigit() else f"{found[0][0]}…{found[0][0]}", detail[:400])[
        :MAX_SHAPE
    ]


@dataclass(slots=True)
class _Tally:
    """What an entry adds to a cause or a group."""

    count: int = 0
    kept: int = 0
    first_us: int = 0
    last_us: int = 0

    def add(self, received_us: int) -> None:
        self.first_us = min(self.first_us, received_us) if self.count else received_us
        self.last_us = max(self.last_us, received_us)
        self.count += 1


@dataclass(slots=True)
class _Known:
    """What the tables hold, so far as the bounds need it; read once, then kept in step."""

    held_bytes: int = 0
    kept: dict[_Cause, int] = field(default_factory=dict)
    groups: dict[_Key, int] = field(default_factory=dict)
    groups_of: dict[_Cause, int] = field(default_factory=dict)
    newest_us: dict[int, int] = field(default_factory=dict)  # of a group: when its newest kept letter came


class LetterBox:
    """Takes dead letters into the log, within the caller's transaction.

    Call `settled` after its COMMIT; where that is missing (rolled back), everything known is read anew.
    """

    def __init__(self, connection: sqlite3.Connection, settings: LogSettings) -> None:
        self._connection, self._settings = connection, settings
        self._known: _Known | None = None
        self._is_settled = True

    def prepare(self) -> None:
        """Bring the tables of a log that an earlier version began to the present ones; within a transaction."""
        counted = self._connection.execute("PRAGMA table_info(dead_letter_count)").fetchall()
        if "kept_bytes" in {row[1] for row in counted}:
            self._connection.execute("ALTER TABLE dead_letter_count DROP COLUMN kept_bytes")
        present = {row[1] for row in self._connection.execute("PRAGMA table_info(dead_letter)")}
        for column in _ADDED:
            if present and column.split()[0] not in present:
                self._connection.execute(f"ALTER TABLE dead_letter ADD COLUMN {column}")
        for statement in TABLES.split(";\n"):
            if statement.strip():
                self._connection.execute(statement)

    def settled(self) -> None:
        """What was kept since the last call is on disk."""
        self._is_settled = True

    def keep(self, seq: int, letters: Iterable[DeadLetter]) -> None:
        """Count each letter of row `seq`, and keep it where the bounds allow.

        Statements are gathered: what an entry costs grows with its causes and groups; a letter beyond the bounds costs
        a few microseconds and no statement of its own.
        """
        known = self._begin()
        causes: dict[_Cause, _Tally] = {}
        groups: dict[int, _Tally] = {}
        kept: list[tuple[object, ...]] = []
        for letter in letters:
            cause = (letter.source, letter.reason)
            group = self._group(known, letter)
            tally = causes.get(cause)
            if tally is None:
                self._ensure_cause(known, cause, letter.received_us)
                tally = causes[cause] = _Tally()
            tally.add(letter.received_us)
            of_group = groups.get(group)
            if of_group is None:
                of_group = groups[group] = _Tally()
            of_group.add(letter.received_us)
            size = _size_of(letter)
            if self._has_room(known, cause, size) or self._make_room(known, letter, group, kept):
                kept.append(_row(seq, letter, group))
                known.held_bytes += size
                known.kept[cause] += 1
                known.newest_us[group] = letter.received_us
                tally.kept += 1
        self._insert(kept)
        self._connection.executemany(
            "UPDATE dead_letter_count SET count = count + ?, kept = kept + ?, last_us = max(last_us, ?)"
            " WHERE source = ? AND reason = ?",
            [(t.count, t.kept, t.last_us, *cause) for cause, t in causes.items()],
        )
        self._connection.executemany(
            "UPDATE dead_letter_group SET count = count + ?, last_us = max(last_us, ?) WHERE id = ?",
            [(t.count, t.last_us, group) for group, t in groups.items()],
        )

    def settle_retried(self, seq: int, retried: Retried) -> None:
        """Take out the letters that became observations in row `seq`; what failed again stays, with its new reason.

        A letter that is not there any more changes nothing, so the same retry twice does no harm.
        """
        known = self._begin()
        for letter_id in retried.observed:
            group = self._take_out(known, letter_id)
            if group is not None:
                self._connection.execute(
                    "UPDATE dead_letter_group SET retried = retried + 1, retried_us = ?, retried_by = ? WHERE id = ?",
                    (retried.at_us, retried.by, group),
                )
        for letter in retried.failed:
            self._refuse_again(known, f" {seq}" if retried.took else "", letter)

    def forget_before(self, time_us: int, limit: int) -> int:
        """Take out up to `limit` kept letters that came before `time_us`, the oldest first; how many.

        A group that was not seen since, and of which no letter was kept before, goes too.  Counts by cause stay.
        """
        old = self._connection.execute(
            "SELECT id FROM dead_letter WHERE received_us < ? ORDER BY received_us LIMIT ?", (time_us, limit)
        ).fetchall()
        empty = self._connection.execute(
            "SELECT id, source, reason, topic, shape FROM dead_letter_group AS g WHERE last_us < ?"
            " AND NOT EXISTS (SELECT 1 FROM dead_letter WHERE group_id = g.id) LIMIT ?",
            (time_us, limit),
        ).fetchall()
        if not old and not empty:
            return 0
        known = self._begin()
        for (letter_id,) in old:
            self._take_out(known, letter_id)
        for group, source, reason, topic, shape in empty:
            self._connection.execute("DELETE FROM dead_letter_group WHERE id = ?", (group,))
            known.groups.pop((source, reason, topic, shape), None)
            known.groups_of[source, reason] = known.groups_of.get((source, reason), 1) - 1
            known.newest_us.pop(group, None)
        return len(old)

    def _begin(self) -> _Known:
        if self._known is None or not self._is_settled:
            self._known = self._read()
        self._is_settled = False
        return self._known

    def _read(self) -> _Known:
        known = _Known()
        for source, reason, kept in self._connection.execute("SELECT source, reason, kept FROM dead_letter_count"):
            known.kept[source, reason] = kept
        ((known.held_bytes,),) = self._connection.execute(
            f"SELECT coalesce(sum({_SIZE}), 0) FROM dead_letter"  # noqa: S608 (words are ours)
        )
        for number, *key in self._connection.execute("SELECT id, source, reason, topic, shape FROM dead_letter_group"):
            source, reason, topic, shape = key
            known.groups[source, reason, topic, shape] = number
            known.groups_of[source, reason] = known.groups_of.get((source, reason), 0) + 1
        known.newest_us = dict(
            self._connection.execute("SELECT group_id, max(received_us) FROM dead_letter GROUP BY group_id")
        )
        return known

    def _group(self, known: _Known, letter: DeadLetter) -> int:
        """The number of the letter's group; a new one within the bound, else the cause's common one."""
        shape = letter.detail[:MAX_SHAPE] if letter.reason in _NAMING else shape_of(letter.detail)
        key = (letter.source, letter.reason, letter.topic[:MAX_TOPIC], shape)
        number = known.groups.get(key)
        if number is not None:
            return number
        cause = key[:2]
        if known.groups_of.get(cause, 0) >= GROUPS_PER_CAUSE:
            key = (*cause, "", "")
            number = known.groups.get(key)
            if number is not None:
                return number
        cursor = self._connection.execute(
            "INSERT INTO dead_letter_group (source, reason, topic, shape, count, first_us, last_us)"
            " VALUES (?, ?, ?, ?, 0, ?, ?)",
            (*key, letter.received_us, letter.received_us),
        )
        number = int(cursor.lastrowid or 0)
        known.groups[key] = number
        known.groups_of[cause] = known.groups_of.get(cause, 0) + 1
        return number

    def _has_room(self, known: _Known, cause: _Cause, size: int) -> bool:
        room = known.held_bytes + size <= self._settings.dead_letter_total_mib * _MIB
        return room and known.kept.get(cause, 0) < self._settings.dead_letters_per_cause

    def _make_room(self, known: _Known, letter: DeadLetter, group: int, waiting: list[tuple[object, ...]]) -> bool:
        """Take out one letter for this one, where its group has no sample, or an old one; whether it was done."""
        newest_us = known.newest_us.get(group)
        if newest_us is not None and letter.received_us - newest_us < FRESH_SAMPLE_US:
            return False
        known.newest_us[group] = letter.received_us  # tried, with success or not: not again for a minute
        self._insert(waiting)  # the victim may be one of this entry
        waiting.clear()
        victim = self._connection.execute(
            f"SELECT id, {_SIZE} FROM dead_letter WHERE group_id = ? ORDER BY id DESC LIMIT 1",  # noqa: S608 (as above)
            (group,),
        ).fetchone()
        if victim is None:
            victim = self._connection.execute(
                f"SELECT id, {_SIZE} FROM dead_letter WHERE id = (SELECT max(id) FROM dead_letter"  # noqa: S608 (as above)
                " WHERE source = ? AND reason = ? GROUP BY group_id HAVING count(*) > 1"
                " ORDER BY count(*) DESC LIMIT 1)",
                (letter.source, letter.reason),
            ).fetchone()
        if victim is None or not self._fits(known, _size_of(letter) - victim[1]):
            return False
        self._take_out(known, victim[0])
        return True

    def _fits(self, known: _Known, growth: int) -> bool:
        return growth <= 0 or known.held_bytes + growth <= self._settings.dead_letter_total_mib * _MIB

    def _refuse_again(self, known: _Known, took_seq: str, letter: DeadLetter) -> None:
        """Keep a letter where it is, under the cause and group of its new reason: moved, not counted twice."""
        row = self._connection.execute(
            f"SELECT group_id, source, reason, {_SIZE} FROM dead_letter WHERE id = ?",  # noqa: S608 (words are ours)
            (letter.id,),
        ).fetchone()
        if row is None:
            return
        group, before, cause = self._group(known, letter), (row[1], row[2]), (letter.source, letter.reason)
        size = _size_of(letter)
        self._connection.execute(
            "UPDATE dead_letter SET reason = ?, detail = ?, element = ?, group_id = ?, retries = retries + 1,"
            " more_seqs = trim(more_seqs || ?) WHERE id = ?",
            (letter.reason, letter.detail, letter.element, group, took_seq, letter.id),
        )
        self._ensure_cause(known, cause, letter.received_us)
        for (source, reason), sign in ((before, -1), (cause, 1)):
            self._connection.execute(
                "UPDATE dead_letter_count SET count = count + ?, kept = kept + ?, first_us = min(first_us, ?),"
                " last_us = max(last_us, ?) WHERE source = ? AND reason = ?",
                (sign, sign, *(2 * (letter.received_us,)), source, reason),
            )
            known.kept[source, reason] = known.kept.get((source, reason), 0) + sign
        known.held_bytes += size - row[3]
        for number, sign in ((row[0], -1), (group, 1)):
            self._connection.execute(
                "UPDATE dead_letter_group SET count = count + ?, first_us = min(first_us, ?),"
                " last_us = max(last_us, ?) WHERE id = ?",
                (sign, letter.received_us, letter.received_us, number),
            )

    def _ensure_cause(self, known: _Known, cause: _Cause, received_us: int) -> None:
        if cause not in known.kept:
            known.kept[cause] = 0
            self._connection.execute(
                "INSERT INTO dead_letter_count VALUES (?, ?, 0, 0, ?, ?) ON CONFLICT DO NOTHING",
                (*cause, received_us, received_us),
            )

    def _take_out(self, known: _Known, letter_id: int) -> int | None:
        """Delete a kept letter; its group, None where it is gone already."""
        row = self._connection.execute(
            f"SELECT group_id, source, reason, {_SIZE} FROM dead_letter WHERE id = ?",  # noqa: S608 (words are ours)
            (letter_id,),
        ).fetchone()
        if row is None:
            return None
        group, source, reason, size = row
        self._connection.execute("DELETE FROM dead_letter WHERE id = ?", (letter_id,))
        self._connection.execute(
            "UPDATE dead_letter_count SET kept = kept - 1 WHERE source = ? AND reason = ?", (source, reason)
        )
        known.held_bytes -= size
        known.kept[source, reason] = known.kept.get((source, reason), 1) - 1
        return int(group)

    def _insert(self, rows: list[tuple[object, ...]]) -> None:
        self._connection.executemany(
            "INSERT INTO dead_letter (seq, received_us, source, topic, reason, detail, payload, length, sha256,"
            " element, retained, group_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def _size_of(letter: DeadLetter) -> int:
    """Bytes that the letter takes, about: a topic may have as many as a payload."""
    return len(letter.payload) + len(letter.topic.encode()) + len(letter.detail.encode())


def _row(seq: int, letter: DeadLetter, group: int) -> tuple[object, ...]:
    return (
        seq,
        letter.received_us,
        letter.source,
        letter.topic,
        letter.reason,
        letter.detail,
        letter.payload,
        letter.length,
        letter.sha256,
        letter.element,
        int(letter.retained),
        group,
    )
