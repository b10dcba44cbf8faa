"""What lies before the cursor, read from the newest row to older ones, so that the wall is right before it is deep."""

import itertools
from typing import Final

from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture

ROWS_AT_ONCE: Final = 128


class Backfill:
    """Fills a picture with the rows up to `seq`, back to `since_us` (by the rows' `now`) or until it is full."""

    def __init__(self, log: LogThread, picture: Picture, seq: int, since_us: int) -> None:
        self._log, self._picture, self._since_us = log, picture, since_us
        self._high = seq  # the newest row that is still to be read
        picture.history.floor_seq = seq + 1
        self.done = seq <= 0
        self.rows_left_out = 0  # that were young enough, but there was no room

    async def step(self) -> None:
        """Take the next older rows; none any more once memory began to forget."""
        if self._picture.history.floor_seq > self._high + 1:
            self.done = True
            return
        low = max(0, self._high - ROWS_AT_ONCE)
        oldest = await self._log.ask(lambda reader: reader.first_seq())
        rows = await self._log.ask(lambda reader: reader.read_after(low, self._high - low))
        rows = [row for row in rows if row.seq <= self._high]
        if rows and rows[0].now_us < self._since_us:
            # From the first young row on: our clock may have been set back, then `now` is less for a while.
            rows = list(itertools.dropwhile(lambda row: row.now_us < self._since_us, rows))
            low = rows[0].seq - 1 if rows else self._high
            self.done = True
        if sum(len(row.batch) for row in rows) > self._picture.history.room:
            self.rows_left_out = self._high - oldest + 1
            self.done = True
            return
        self._picture.take(rows)
        self._picture.history.floor_seq = low + 1
        self._high = low
        self.done |= low < max(oldest, 1)
