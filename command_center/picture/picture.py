"""The picture of the city in memory: the catalogue in force, the newest observations, and the history behind them.

A function of the log alone.  Rows may be taken in any order: the newest part of the log is shown at once, and what lies
before it is filled in behind.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from command_center.picture.ages import Ages
from command_center.picture.directory import Directory
from command_center.picture.history import History, columns_of
from command_center.picture.latest import Latest
from command_center.waves import Waves
from gateway.log.rows import LogRow
from sensors.batch import Batch
from sensors.origin import Origin
from sensors.settings import HistorySettings
from sensors.sharing import Audience
from sensors.times import NEVER

_EXERCISE = np.array([origin for origin in Origin if origin.is_exercise], np.uint8)


class Picture:
    """Read by the API and the wall, changed by the tail alone."""

    def __init__(self, settings: HistorySettings) -> None:
        self._settings = settings
        self.directory: Directory | None = None
        self._exercise = (0, NEVER)  # seq and `now` of the newest row that holds simulated or replayed observations
        self.damaged_rows = 0
        self.clear()

    def clear(self) -> None:
        """Forget every observation: another log takes over, and its numbers mean other datastreams."""
        self.history = History(self._settings.max_observations)
        self._ages = Ages(self._settings.days)
        self._exercise = (0, self._exercise[1])  # rows are numbered anew
        self.latest = Latest()
        self.waves = Waves()
        self.directory = None
        self._changed: set[int] = set()
        self.redrawn = True  # the wall needs a new snapshot

    def install(self, directory: Directory) -> None:
        """Put a catalogue in force."""
        self.redrawn |= self.directory is None or directory.version != self.directory.version
        self.directory = directory

    def begin(self, newest: LogRow) -> None:
        """What the log's newest row is, before any is taken."""
        self._ages.begin(newest.seq, newest.now_us)

    def take(self, rows: Sequence[LogRow]) -> None:
        """Take rows of the log."""
        for row in rows:
            self._ages.note(row.seq, row.now_us)
        self.waves.take(rows)
        batch, seq = columns_of((row.seq, row.batch) for row in rows)
        self.damaged_rows += sum(1 for row in rows if row.damage)
        if len(batch):
            self._add(rows, batch, seq)
        too_old_before = self._ages.too_old_before()
        if too_old_before is not None:
            self.history.expire(too_old_before)

    @property
    def exercise_us(self) -> int:
        """`now` of the newest row that holds simulated or replayed observations; `NEVER` = there is none."""
        return self._exercise[1]

    @property
    def held_from_us(self) -> int | None:
        """Since when every stored observation is in memory; None = since the log's first row.

        By receive time, which no phenomenon time is far ahead of: an observation of a later time is here.
        """
        return self._ages.whole_since_us(self.history.floor_seq)

    def _add(self, rows: Sequence[LogRow], batch: Batch, seq: NDArray[np.int64]) -> None:
        self.history.add(batch, seq)
        self._changed.update(self.latest.add(batch, seq).tolist())
        exercise = np.isin(batch.origin, _EXERCISE)
        if exercise.any():
            newest = int(seq[exercise].max())
            self._exercise = max(self._exercise, (newest, next(row.now_us for row in rows if row.seq == newest)))

    def shows(self, datastream_id: str, audience: Audience) -> bool:
        """Whether an audience may see a datastream; before there is a catalogue only our own may see anything."""
        directory = self.directory
        return audience is Audience.INTERNAL if directory is None else directory.shows(datastream_id, audience)

    def drain_changed(self) -> list[int]:
        """Numbers of the datastreams whose newest observation changed since the last call, ascending."""
        changed = sorted(self._changed)
        self._changed.clear()
        return changed
