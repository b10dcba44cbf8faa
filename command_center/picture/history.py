"""What the command center keeps in memory: observations by datastream and time, exactly one each, bounded.

Full means: the observations of the oldest log rows are forgotten, a tenth at a time, and counted.  So are those of
rows that have grown too old.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from command_center.picture.series import ROW, Rows, Series
from sensors.batch import Batch, concatenate

_FORGOTTEN_AT_ONCE: Final = 0.1  # of the bound
_SAMPLES: Final = 100_000  # of seqs, to find which rows to forget


class History:
    """Observations in memory, at most `max_observations` (32 bytes each) after every call."""

    def __init__(self, max_observations: int) -> None:
        self._max_observations = max_observations
        self._series: dict[int, Series] = {}
        self.observations = 0
        self.forgotten = 0  # dropped to stay within the bound
        self.expired = 0  # dropped because they were too old
        self.conflicts: dict[int, int] = {}  # by datastream: another value came for a time that has one
        self.floor_seq = 0  # observations of log rows before this are not all here

    @property
    def room(self) -> int:
        """How many observations fit in before old ones are forgotten."""
        return self._max_observations - self.observations

    def add(self, batch: Batch, seq: NDArray[np.int64]) -> None:
        """Add observations; `seq`, shape (n,), is the log row of each.  The order of calls does not matter."""
        order = np.argsort(batch.datastream, kind="stable")
        number = batch.datastream[order]
        rows: Rows = np.empty(len(batch), ROW)
        for name in ("time_us", "value", "quality", "origin", "reasons"):
            rows[name] = getattr(batch, name)[order]
        rows["seq"] = seq[order]
        rows["spike"] = False
        starts = np.flatnonzero(np.diff(number, prepend=-1))
        ends = np.append(starts, len(number))[1:]
        for datastream, start, end in zip(number[starts].tolist(), starts.tolist(), ends.tolist(), strict=True):
            self._add(datastream, rows[start:end])
        while self.observations > self._max_observations:
            self._make_room()

    def is_first(self, datastream: int, time_us: int, seq: int) -> bool:
        """Whether row `seq` was the first of the log to hold the observation of that time.

        For rows before `floor_seq` nobody knows any more: True.
        """
        if seq < self.floor_seq:
            return True
        series = self._series.get(datastream)
        return series is not None and series.seq_at(time_us) == seq

    def between(self, datastream: int, from_us: int, to_us: int) -> Rows:
        """A copy of a datastream's observations in [from_us, to_us), by time."""
        series = self._series.get(datastream)
        return np.empty(0, ROW) if series is None else series.between(from_us, to_us)

    def thinned_between(self, datastream: int, from_us: int, to_us: int, most: int) -> Rows:
        """`most` of the same or fewer: every n-th, the newest among them; as soon whatever the span is."""
        series = self._series.get(datastream)
        return np.empty(0, ROW) if series is None else series.thinned_between(from_us, to_us, most)

    def count(self, datastream: int) -> int:
        """How many of a datastream's observations are in memory."""
        series = self._series.get(datastream)
        return 0 if series is None else len(series)

    def stored_between(self, datastream: int, from_us: int, to_us: int) -> Rows:
        """The same as they were stored: no spike is marked."""
        series = self._series.get(datastream)
        return np.empty(0, ROW) if series is None else series.stored_between(from_us, to_us)

    def stored_after(self, datastream: int, from_us: int, limit: int) -> Rows:
        """A copy of the first `limit` of a datastream's observations from `from_us` on, as they were stored."""
        series = self._series.get(datastream)
        return np.empty(0, ROW) if series is None else series.stored_after(from_us, limit)

    def last_us(self, datastream: int) -> int | None:
        """The time of a datastream's newest observation; None where there is none."""
        series = self._series.get(datastream)
        return None if series is None or not len(series) else int(series.rows["time_us"][-1])

    def _add(self, datastream: int, rows: Rows) -> None:
        series = self._series.get(datastream)
        if series is None:
            series = self._series[datastream] = Series()
        before = len(series)
        conflicts = series.add(rows)
        self.observations += len(series) - before
        if conflicts:
            self.conflicts[datastream] = self.conflicts.get(datastream, 0) + conflicts

    def expire(self, before_seq: int) -> None:
        """Forget the observations of the log rows before `before_seq`: they are too old."""
        if before_seq > self.floor_seq:
            self.expired += self._forget_before(before_seq)

    def _make_room(self) -> None:
        """Forget the oldest tenth; the cut is found on a sample, so it is about a tenth."""
        step = max(1, self.observations // _SAMPLES)
        seqs = np.concatenate([series.rows["seq"][::step] for series in self._series.values()])
        surplus = self.observations - self._max_observations * (1 - _FORGOTTEN_AT_ONCE)
        cut = int(np.quantile(seqs, min(1.0, surplus / self.observations), method="lower")) + 1
        self.forgotten += self._forget_before(cut)

    def _forget_before(self, cut: int) -> int:
        """Forget the observations of the rows before `cut`; how many."""
        dropped = sum(series.forget_before(cut) for series in self._series.values())
        self.floor_seq = max(self.floor_seq, cut)
        self.observations -= dropped
        return dropped


def columns_of(rows: Iterable[tuple[int, Batch]]) -> tuple[Batch, NDArray[np.int64]]:
    """(seq, batch) of several log rows as one batch and the seq of each observation."""
    pairs = [(seq, batch) for seq, batch in rows if len(batch)]
    seqs = np.repeat(np.array([s for s, _ in pairs], np.int64), np.array([len(b) for _, b in pairs], np.int64))
    return concatenate([batch for _, batch in pairs]), seqs
