"""The tail: follows the log row by row, feeds the picture and the alarm desk, and keeps the cursor.

Where no log is there yet it waits.  Another log in its place, rows that retention has taken, a log that is an older
copy of itself: each is said, counted, and followed from where it can be.
"""

import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Final

from command_center.alarms.desk import AlarmDesk
from command_center.alarms.store import Cursor
from command_center.bell import Bell
from command_center.clock import now_us
from command_center.errors import OperationsError
from command_center.picture.backfill import Backfill
from command_center.picture.directory import Directory
from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture
from gateway.errors import LogError, LogMissing
from gateway.log.rows import LogRow
from sensors.catalogue import Catalogue
from sensors.settings import HistorySettings
from sensors.times import HOUR_US, NEVER

POLL_S: Final = 1.0  # should the doorbell fail
ROWS_AT_ONCE: Final = 64
Follower = Callable[[Sequence[LogRow], Directory], None]  # gets rows as they are applied, with the names in them

_log = logging.getLogger("command_center.tail")


class Tail:
    """`run` lives; the rest says how it goes."""

    def __init__(
        self,
        log: LogThread,
        desk: AlarmDesk,
        picture: Picture,
        settings: HistorySettings,
        news: Bell,
        followers: Sequence[Follower] = (),
    ) -> None:
        self._followers = followers
        self._log, self._desk, self._picture, self._news = log, desk, picture, news
        self._settings = settings
        self._backfill: Backfill | None = None
        self._seq = 0
        self.doorbell = Bell()
        self.error = "not opened yet"  # why the log cannot be followed; empty = it is
        self.at_end_us = NEVER  # when it was last at the log's end
        self.dead_letters = 0  # ever, as the log counts them
        self.rows_missing = 0  # that retention, or another log, took before they were read here

    @property
    def seq(self) -> int:
        """The newest row that is applied; 0 = none."""
        return self._seq

    @property
    def has_history(self) -> bool:
        """Whether what lies before the cursor is read."""
        return self._backfill is not None and self._backfill.done

    @property
    def rows_left_out(self) -> int:
        """Rows of the last days that did not fit into memory."""
        return 0 if self._backfill is None else self._backfill.rows_left_out

    async def run(self) -> None:
        """Follow the log for ever."""
        while True:
            try:
                if self._backfill is None or self._log.is_replaced():
                    self._backfill = await self._open()
                is_busy = await self._step(self._backfill)
                self._say_error("")
            except LogMissing:
                is_busy = self._say_error("there is no log yet: is the gateway running?")
            except LogError as error:
                is_busy = self._say_error(str(error))
            except OperationsError as error:
                is_busy, self._backfill = self._say_error(str(error)), None  # begun anew: nothing was applied halfway
            if not is_busy:
                await self.doorbell.wait(POLL_S)

    async def _step(self, backfill: Backfill) -> bool:
        """Newer rows; at the log's end also older ones.  False: there was nothing to do."""
        rows = await self._log.ask(lambda reader: reader.read_after(self._seq, ROWS_AT_ONCE))
        if rows:
            await self._take(rows)
        if len(rows) == ROWS_AT_ONCE:
            return True
        self.at_end_us = now_us()
        self.dead_letters = await self._log.ask(lambda reader: sum(c.count for c in reader.letters.counts()))
        if backfill.done:
            return bool(rows)
        await backfill.step()
        self._news.ring()
        return True

    async def _open(self) -> Backfill:
        log_id = await self._log.open()
        last = await self._log.ask(lambda reader: reader.last_seq())
        cursor = self._desk.cursor
        if cursor is None or cursor.log_id != log_id:
            await self._desk.switch(log_id, now_us())
            if cursor is not None:
                await self._say_what_is_missing(log_id, cursor)
        elif cursor.seq > last:
            _log.error("log %s ends at row %d, read up to row %d: an older copy", log_id, last, cursor.seq)
            await self._desk.rewind(last)
        self._seq = self._desk.cursor.seq if self._desk.cursor is not None else 0
        since_us = await self._begin_anew(last) - round(self._settings.days * 24 * HOUR_US)
        _log.info("following log %s after row %d of %d", log_id, self._seq, last)
        return Backfill(self._log, self._picture, self._seq, since_us)

    async def _take(self, rows: Sequence[LogRow]) -> None:
        for seq, following in itertools.pairwise((self._seq, *(row.seq for row in rows))):
            self._count_missing(seq, following)
        for version, same in itertools.groupby(rows, key=lambda row: row.catalogue_version):
            group = list(same)
            directory = await self._directory(version, group, self._picture.directory)
            self._picture.install(directory)
            self._picture.take(group)  # first: the wall gets a reading and its alarm in one frame
            await self._desk.take(group, directory)
            for follow in self._followers:
                follow(group, directory)
            self._seq = group[-1].seq
        for row in rows:
            if row.damage:
                _log.error("%s; its observations are lost", row.damage)
        self._news.ring()

    async def _begin_anew(self, last_seq: int) -> int:
        """Show the newest row's catalogue; its `now`, from which ages are counted (0 where there is no row).

        The old picture stands until the new one can take its place: nobody is told meanwhile that there is none.
        """
        newest = await self._log.ask(lambda reader: reader.read_after(last_seq - 1, 1)) if last_seq else []
        directory = await self._directory(newest[0].catalogue_version, newest, None) if newest else None
        self._picture.clear()
        if directory is None:
            return 0
        self._picture.install(directory)
        self._desk.follow(directory.catalogue)
        self._picture.begin(newest[0])
        return newest[0].now_us

    async def _directory(self, version: int, rows: Sequence[LogRow], directory: Directory | None) -> Directory:
        """The newest catalogue so far after `directory`, naming every datastream of `rows` that a catalogue names."""
        if directory is None or version > directory.version:
            retired = () if directory is None else directory.all_named
            directory = Directory(await self._catalogue(version), version, retired)
        numbers = {transition.datastream for row in rows for transition in row.transitions}
        for older in (version, version - 1):  # a datastream's last transition comes with the catalogue that retires it
            if older and not all(directory.knows(number) for number in numbers):
                directory = directory.remembering(await self._catalogue(older))
        return directory

    async def _catalogue(self, version: int) -> Catalogue:
        return await self._log.ask(lambda reader: reader.catalogue(version))

    async def _say_what_is_missing(self, log_id: str, cursor: Cursor) -> None:
        """Another log is there than the one that was followed."""
        _log.warning("log %s takes the place of %s, read up to row %d", log_id, cursor.log_id, cursor.seq)
        before = await self._log.ask(lambda reader: reader.predecessor())
        if before is not None and before.log_id == cursor.log_id and before.last_seq > cursor.seq:
            missing = before.last_seq - cursor.seq
            self.rows_missing += missing
            _log.error("%d rows of log %s were not read; it is set aside as %s", missing, cursor.log_id, before.file)

    def _count_missing(self, seq: int, next_seq: int) -> None:
        missing = next_seq - seq - 1
        if missing > 0:
            self.rows_missing += missing
            _log.warning("%d rows after row %d are no longer in the log", missing, seq)

    def _say_error(self, error: str) -> bool:
        """Log a changed error, empty = none any more; False, as there is nothing to do until something changes."""
        if error != self.error:
            (_log.warning if error else _log.info)("log: %s", error or "open")
        self.error = error
        return False
