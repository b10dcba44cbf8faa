"""Observations of any range: closed hours from the history on disk, the open ones from memory.

What memory holds is answered from memory alone.  Beyond that a chart of over DETAIL_US is made of 1-minute rollups,
whose extremes are observations with their own times; a shorter one, and a list of everything, of every observation.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Literal, NamedTuple

import numpy as np

from command_center.history.folder import FileSet
from command_center.history.manifest import SeriesKey
from command_center.history.periods import DAY_US
from command_center.history.store import HistoryStore
from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture
from command_center.picture.series import NEAR, Rows, mark_spikes
from command_center.picture.thinning import thinned
from sensors.times import MINUTE_US, NEVER

DETAIL_US: Final = 2 * DAY_US
PIECE_ROWS: Final = 100_000
SPANS_PER_POINT: Final = 2  # DuckDB makes so many of the minutes: finer than the chart, and fewer than the minutes
_EVER: Final = 2**62  # microseconds: far beyond any observation

Detail = Literal["observation", "minute"]


class Asked(NamedTuple):
    """A sensor, its number in the present log, and a range [from, to)."""

    sensor: SeriesKey
    number: int
    from_us: int
    to_us: int


class Found(NamedTuple):
    """Observations by time, and what they are made of."""

    rows: Rows
    detail: Detail
    held_from_us: int | None  # before this something that was stored may be missing; None: nothing is


class Record:
    """Answers from memory and disk."""

    def __init__(self, picture: Picture, log: LogThread, store: HistoryStore) -> None:
        self._picture, self._log, self.store = picture, log, store

    async def chart(self, asked: Asked, points: int) -> Found:
        """At most `points` (2 or more) observations, every bucket's extremes among them.  Raises HistoryError."""
        with self.store.folder.reading() as files:
            if self._is_in_memory(asked, files):
                rows = self._picture.history.between(asked.number, asked.from_us, asked.to_us)
                found = Found(rows, "observation", None)
            elif self._length_us(asked, files) <= DETAIL_US:
                found = await self._detailed(asked, files)
            else:
                found = await self._of_minutes(asked, files, points * SPANS_PER_POINT)
        return found._replace(rows=await asyncio.to_thread(thinned, found.rows, points))

    def held_from_us(self, asked: Asked, detail: Detail = "observation") -> int | None:
        """Before when something that was stored may be missing from the range; None: nothing is."""
        return self._held_from_us(asked, self.store.folder.present, detail)

    def narrowed(self, asked: Asked) -> Asked:
        """The part of the range in which there may be anything as of now; of no length where nothing is."""
        files = self.store.folder.present
        first_us = self._first_us(asked, files)
        if first_us is None:
            return asked._replace(to_us=asked.from_us)
        return asked._replace(from_us=first_us, to_us=min(asked.to_us, self._end_us(asked, files)))

    async def pieces(self, asked: Asked) -> AsyncIterator[Rows]:
        """Every observation of the range by time, in pieces of PIECE_ROWS at most.  Raises HistoryError."""
        from_us = asked.from_us
        while from_us < asked.to_us:
            with self.store.folder.reading() as files:
                begin_us = self._first_us(asked._replace(from_us=from_us), files)
                if begin_us is None:
                    return
                end_us = min(asked.to_us, (begin_us // DAY_US + 1) * DAY_US)
                found = await self._detailed(asked._replace(from_us=begin_us, to_us=end_us), files, PIECE_ROWS)
            if len(found.rows):
                yield found.rows
            full = len(found.rows) >= PIECE_ROWS
            from_us = int(found.rows["time_us"][-1]) + 1 if full else end_us

    async def _detailed(self, asked: Asked, files: FileSet, limit: int = _EVER) -> Found:
        """Every observation, the first `limit` of them; spikes marked by what is behind the range, too."""
        sensor, number, from_us, to_us = asked
        memory = self._picture.history.stored_between(number, from_us, to_us)
        after = self._picture.history.stored_after(number, to_us, NEAR)
        held_from_us = self._held_from_us(asked, files, "observation")
        horizon_us = self._last_us(files) + 1

        def read() -> Rows:
            stored = self.store.raw(files, sensor, from_us, to_us, limit + NEAR)
            behind = self.store.raw(files, sensor, to_us, min(to_us + DAY_US, horizon_us), NEAR)
            rows = _united(np.concatenate([stored, behind]), np.concatenate([memory, after]))
            mark_spikes(rows)
            return rows[rows["time_us"] < to_us][:limit]

        return Found(await self.store.ask(read), "observation", held_from_us)

    async def _of_minutes(self, asked: Asked, files: FileSet, spans: int) -> Found:
        """The extremes of minutes, and every observation that is not compacted yet."""
        sensor, number, from_us, to_us = asked
        memory = self._picture.history.between(number, from_us, to_us)
        memory = memory[memory["seq"] > self._compacted_seq(files)]
        held_from_us = self._held_from_us(asked, files, "minute")
        first_us, last_us = -(-from_us // MINUTE_US) * MINUTE_US, to_us // MINUTE_US * MINUTE_US

        def read() -> Rows:
            edges = [(from_us, first_us), (last_us, to_us)]  # of minutes that lie in the range in part
            parts = [self.store.raw(files, sensor, *edge) for edge in edges if edge[0] < edge[1]]
            parts.append(self.store.minutes(files, sensor, first_us, last_us, spans).rows())
            rows = np.concatenate([*parts, memory])
            ordered: Rows = rows[np.argsort(rows["time_us"], kind="stable")]
            return ordered

        return Found(await self.store.ask(read), "minute", held_from_us)

    def _is_in_memory(self, asked: Asked, files: FileSet) -> bool:
        """Whether memory holds everything of the range that was ever stored."""
        if len(self.store.series_of(asked.sensor)) > 1:
            return False  # what was stored in another unit has another number
        held_from_us = self._picture.held_from_us
        if held_from_us is not None:
            return asked.from_us >= held_from_us
        if files.place is None or (files.place.generation == 1 and files.place.log_id == self._log.log_id):
            return True  # there was never another log
        return not any(file.first_us < asked.to_us and file.last_us >= asked.from_us for file in files.files)

    def _compacted_seq(self, files: FileSet) -> int:
        """Up to which row the log that memory holds is on disk, too."""
        place = files.place
        return place.seq if place is not None and place.log_id == self._log.log_id else 0

    def _held_from_us(self, asked: Asked, files: FileSet, detail: Detail) -> int | None:
        is_whole = self._picture.history.floor_seq <= self._compacted_seq(files) + 1
        begins = files.raw_from_us if detail == "observation" else files.minutes_from_us
        memory_us = None if is_whole else self._picture.held_from_us
        held_us = max(begins, NEVER if memory_us is None else memory_us)
        return None if asked.from_us >= held_us else held_us

    def _length_us(self, asked: Asked, files: FileSet) -> int:
        """How long the part of the range is in which there is anything."""
        first_us = self._first_us(asked, files)
        return 0 if first_us is None else min(asked.to_us, self._end_us(asked, files)) - first_us

    def _first_us(self, asked: Asked, files: FileSet) -> int | None:
        """The first time in the range at which there may be something; None where nothing is."""
        inside = [f for f in files.files if f.kind == "raw" and f.last_us >= asked.from_us]
        begins = [max(f.first_us, asked.from_us) for f in inside]
        after = self._picture.history.stored_after(asked.number, asked.from_us, 1)
        begins += after["time_us"].tolist()
        begins = [time_us for time_us in begins if time_us < asked.to_us]
        return min(begins, default=None)

    def _last_us(self, files: FileSet) -> int:
        return max((file.last_us for file in files.files), default=NEVER)

    def _end_us(self, asked: Asked, files: FileSet) -> int:
        """Behind the last time at which there may be something."""
        memory = self._picture.history.last_us(asked.number)
        return max(self._last_us(files), NEVER if memory is None else memory) + 1


def _united(stored: Rows, memory: Rows) -> Rows:
    """Rows of disk and memory by time; of one time the disk's: it is the first stored of all."""
    if not len(stored) or not len(memory):
        return stored if len(stored) else memory
    rows = np.concatenate([stored, memory])
    order = np.argsort(rows["time_us"], kind="stable")
    rows = rows[order]
    united: Rows = rows[np.r_[True, np.diff(rows["time_us"]) > 0]]
    return united
