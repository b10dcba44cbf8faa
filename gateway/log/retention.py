"""Retention: old rows go before the disk is full, in pieces so small that no commit waits long for one.

Rows go whole, with their transitions, from the oldest on; what went is on record in the table `gap`.  Which rows:

    age     older than `keep_days`                           once every known reader has read them
    space   less than `min_free_mib` left, older than a day  once every known reader has read them
    size    beyond 95 % of the cap                           once every known reader has read them
    size    beyond the cap                                   whoever has read them
    space   commits fail for lack of room                    once every known reader has read them

Below the cap nothing goes that a reader has not read, whoever fills the disk: then what arrives waits at the brokers.
The checkpoints that a restart needs, the rows after them and their catalogue stay.  The room of what went is used again
by new rows; the file itself is made smaller only where it is over the cap or the disk is short of room, as that writes
every page that it moves once more.
"""

import logging
import sqlite3
from dataclasses import dataclass
from typing import Final, Literal

from gateway.log.transaction import Transaction, failure, free_bytes
from gateway.log.writer import LogWriter
from sensors.settings import LogSettings
from sensors.times import HOUR_US

PIECE_ROWS: Final = 512
PIECE_BYTES: Final = 4 * 1024 * 1024
VACUUM_PAGES: Final = 256
SPARE_PAGES: Final = 2_048  # 8 MiB for new rows, made on a full disk; at most an eighth of the log
NEEDED_PAGES: Final = 256  # with fewer, rows to come do not fit into the room of old ones
NEAR_CAP: Final = 0.95
LOW_SPACE_KEEPS_US: Final = 24 * HOUR_US
MAX_DEFAULT_BYTES: Final = 8 * 1024**3
MIN_BYTES: Final = 16 * 1024**2
DEAD_LETTERS_SHARE: Final = 20  # a twentieth of the cap
_MIB: Final = 1024 * 1024

Reason = Literal["age", "size", "space"]

_log = logging.getLogger("gateway.log")


def cap_bytes(settings: LogSettings, disk_bytes: int) -> int:
    """How large the log may grow: as set, else a tenth of its disk and at most 8 GiB."""
    if settings.max_mib:
        return settings.max_mib * _MIB
    return max(MIN_BYTES, min(MAX_DEFAULT_BYTES, disk_bytes // 10))


@dataclass(frozen=True, slots=True)
class Room:
    """What the log takes and what its disk has left, in bytes."""

    used: int  # pages in use
    file: int  # all of the file's pages
    unused_pages: int
    page: int  # size of one
    free: int  # on the disk


@dataclass(frozen=True, slots=True)
class _Plan:
    """Rows below `end_seq` and before `before_us` may go."""

    reason: Reason
    unread: bool
    end_seq: int
    before_us: int | None = None


def _spare(room: Room) -> int:
    """Unused pages that a full disk's log is to have."""
    return min(SPARE_PAGES, room.file // room.page // 8)


class Retention:
    """One step at a time, in the writer's thread.  Raises LogError."""

    def __init__(self, writer: LogWriter, settings: LogSettings, cap: int) -> None:
        self._writer, self.cap = writer, cap
        self._keep_us = round(settings.keep_days * 24 * HOUR_US)
        self._min_free = settings.min_free_mib * _MIB
        self.retired = 0  # rows, since the start
        self.retired_unread = 0
        self.unread_lost_us: int | None = None  # when the last row went that a reader had not read

    def recall(self) -> None:
        """Look up in the log when an unread row last went."""
        try:
            ((lost_us,),) = self._writer.connection.execute("SELECT max(at_us) FROM gap WHERE unread").fetchall()
        except sqlite3.Error as error:
            raise failure(self._writer.path, error, "read") from error
        self.unread_lost_us = lost_us or self.unread_lost_us

    def room(self) -> Room:
        """The log's size just now."""
        connection = self._writer.connection
        try:
            (pages,), (unused,), (size,) = (
                connection.execute(f"PRAGMA {name}").fetchone()
                for name in ("page_count", "freelist_count", "page_size")
            )
        except sqlite3.Error as error:
            raise failure(self._writer.path, error, "read") from error
        return Room((pages - unused) * size, pages * size, unused, size, free_bytes(self._writer.path.parent))

    def step(self, now_us: int, read_up_to: int | None, *, is_stuck: bool) -> bool:
        """Let a piece go if one has to; whether there may be more to do.

        `read_up_to`: the seq that every known reader has behind it, None where no reader is known.  `is_stuck`: commits
        fail for lack of room.
        """
        try:
            return self._step(now_us, read_up_to, is_stuck=is_stuck)
        except sqlite3.Error as error:
            raise failure(self._writer.path, error, "tidied") from error

    def _step(self, now_us: int, read_up_to: int | None, *, is_stuck: bool) -> bool:
        room = self.room()
        for plan in self._plans(room, now_us, read_up_to, is_stuck=is_stuck):
            if self._delete(plan, now_us):
                return True
        return not is_stuck and self._shrink(room)

    def _plans(self, room: Room, now_us: int, read_up_to: int | None, *, is_stuck: bool) -> list[_Plan]:
        """What may go, the harmless first."""
        (end,) = self._writer.connection.execute("SELECT coalesce(min(seq), 0) FROM checkpoint").fetchone()
        read = end if read_up_to is None else min(end, read_up_to + 1)
        plans = [_Plan("age", False, read, now_us - self._keep_us)]
        if room.free < self._min_free or is_stuck:
            plans.append(_Plan("space", False, read, now_us - LOW_SPACE_KEEPS_US))
        if room.used > self.cap * NEAR_CAP:
            plans.append(_Plan("size", False, read))
        if room.used > self.cap:
            plans.append(_Plan("size", True, end))
        if is_stuck and room.unused_pages < _spare(room):
            plans.append(_Plan("space", False, read))
        return plans

    def waits_for_readers(self, read_up_to: int | None) -> bool:
        """Whether nothing is left, on a full disk and below the cap, but rows that a known reader has not read.

        What is left of the reserve's room is then for deleting them later, which needs room itself.
        """
        try:
            room = self.room()
            if read_up_to is None or room.file >= self.cap or room.unused_pages >= min(NEEDED_PAGES, _spare(room)):
                return False
            ((oldest, end),) = self._writer.connection.execute(
                "SELECT (SELECT coalesce(min(seq), 0) FROM batch), (SELECT coalesce(min(seq), 0) FROM checkpoint)"
            ).fetchall()
        except sqlite3.Error as error:
            raise failure(self._writer.path, error, "read") from error
        return bool(read_up_to < oldest < end)

    def _delete(self, plan: _Plan, now_us: int) -> bool:
        connection = self._writer.connection
        rows, size = [], 0
        oldest = connection.execute(
            "SELECT seq, now_us, n, length(columns) FROM batch WHERE seq < ? ORDER BY seq LIMIT ?",
            (plan.end_seq, PIECE_ROWS),
        ).fetchall()
        for row, made_us in zip(oldest, self._made_us(oldest, now_us), strict=True):
            if size > PIECE_BYTES or (plan.before_us is not None and made_us >= plan.before_us):
                break
            rows.append(row)
            size += row[3]
        if not rows:
            return False
        first, last = rows[0], rows[-1]
        with Transaction(connection, self._writer.path):
            connection.execute("DELETE FROM batch WHERE seq <= ?", (last[0],))
            connection.execute("DELETE FROM transition WHERE seq <= ?", (last[0],))
            connection.execute(  # readers also look into the version before the oldest row's
                "DELETE FROM catalogue WHERE version < (SELECT catalogue - 1 FROM batch ORDER BY seq LIMIT 1)"
            )
            connection.execute(
                "INSERT INTO gap VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (reason, unread) DO UPDATE SET"
                " rows = rows + excluded.rows, observations = observations + excluded.observations,"
                " last_seq = excluded.last_seq, last_us = excluded.last_us, at_us = excluded.at_us",
                (
                    *(plan.reason, plan.unread, len(rows), sum(row[2] for row in rows)),
                    *(first[0], last[0], first[1], last[1], now_us),
                ),
            )
        self.retired += len(rows)
        if plan.unread:
            if not self.retired_unread:
                _log.warning("the log has no more room: rows go before every reader has read them")
            self.retired_unread += len(rows)
            self.unread_lost_us = now_us
        return True

    def _made_us(self, rows: list[tuple[int, int, int, int]], now_us: int) -> list[int]:
        """When rows (seq, now, …) were written, by ascending seq.

        One of the future is of a clock of ours that ran ahead: it is as old as the first row behind it that is not.
        """
        made_us: list[int] = []
        behind_us: int | None = None
        for seq, row_us, *_ in reversed(rows):
            if row_us <= now_us:
                behind_us = row_us
            elif behind_us is None:
                found = self._writer.connection.execute(
                    "SELECT now_us FROM batch WHERE seq > ? AND now_us <= ? ORDER BY seq LIMIT 1", (seq, now_us)
                ).fetchone()
                behind_us = row_us if found is None else int(found[0])
            made_us.append(behind_us)
        return made_us[::-1]

    def _shrink(self, room: Room) -> bool:
        """Give unused pages back to the disk, where that is worth writing the moved ones again."""
        if not room.unused_pages or (room.file <= self.cap and room.free >= self._min_free):
            return False
        connection = self._writer.connection
        try:  # a script: `execute` takes the first of its steps only, which is one page
            connection.executescript(f"BEGIN IMMEDIATE; PRAGMA incremental_vacuum({VACUUM_PAGES}); COMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._writer.wal_pages += VACUUM_PAGES
        return True
