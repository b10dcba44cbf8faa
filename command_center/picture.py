"""The picture of the city in memory: the catalogue in force, the newest observations, and the history behind them.

A function of the log alone.  Rows may be taken in any order: the newest part of the log is shown at once, and what lies
before it is filled in behind.
"""

from collections.abc import Sequence

import numpy as np

from command_center.directory import Directory
from command_center.history import History, columns_of
from command_center.latest import Latest
from gateway.log.rows import LogRow
from sensors.origin import Origin
from sensors.times import NEVER

_EXERCISE = np.array([origin for origin in Origin if origin.is_exercise], np.uint8)


class Picture:
    """Read by the API and the wall, changed by the tail alone."""

    def __init__(self, max_observations: int) -> None:
        self._max_observations = max_observations
        self.directory: Directory | None = None
        self.exercise_us = NEVER  # `now` of the newest row that holds simulated or replayed observations
        self.damaged_rows = 0
        self.clear()

    def clear(self) -> None:
        """Forget every observation: another log takes over, and its numbers mean other datastreams."""
        self.history = History(self._max_observations)
        self.latest = Latest()
        self.directory = None
        self._changed: set[int] = set()
        self.redrawn = True  # the wall needs a new snapshot

    def install(self, directory: Directory) -> None:
        """Put a catalogue in force."""
        self.redrawn |= self.directory is None or directory.version != self.directory.version
        self.directory = directory

    def take(self, rows: Sequence[LogRow]) -> None:
        """Take rows of the log."""
        batch, seq = columns_of((row.seq, row.batch) for row in rows)
        self.damaged_rows += sum(1 for row in rows if row.damage)
        if not len(batch):
            return
        self.history.add(batch, seq)
        self._changed.update(self.latest.add(batch, seq).tolist())
        exercise = np.isin(batch.origin, _EXERCISE)
        if exercise.any():
            newest = seq[exercise].max()
            self.exercise_us = max(self.exercise_us, next(row.now_us for row in rows if row.seq == newest))

    def drain_changed(self) -> list[int]:
        """Numbers of the datastreams whose newest observation changed since the last call, ascending."""
        changed = sorted(self._changed)
        self._changed.clear()
        return changed
