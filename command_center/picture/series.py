"""Observations of one datastream in memory, sorted by time, exactly one a time: the first stored wins.

"First stored" is the lowest seq, so the order in which rows are added does not matter: the newest part of a log can be
loaded first and older parts before it.
"""

from bisect import bisect_left, bisect_right
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sensors.quality import Quality, Reason

ROW: Final = np.dtype(
    [
        ("time_us", np.int64),  # phenomenon time
        ("value", np.float64),  # unit of the datastream; NaN = missing
        ("seq", np.int64),  # of the log row that first held it
        ("quality", np.uint8),
        ("origin", np.uint8),
        ("reasons", np.uint16),
        ("spike", np.bool_),  # the observation after it says so; False as it is stored, told where it is read
    ],
    align=True,
)
_CAME_BAD: Final = Reason.GROSS_RANGE | Reason.SENT_AS_BAD
Rows = NDArray[np.void]  # of dtype ROW

_FIRST_CAPACITY: Final = 16
NEAR: Final = 8  # rows in which a spike and the observation that tells of it find each other: late ones lie between


class Series:
    """A growable array of `ROW`, with room at both ends."""

    __slots__ = ("_buffer", "_end", "_start")

    def __init__(self) -> None:
        self._buffer: Rows = np.empty(_FIRST_CAPACITY, ROW)
        self._start = self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def rows(self) -> Rows:
        """All rows by time: a view, valid until the next change."""
        return self._buffer[self._start : self._end]

    def between(self, from_us: int, to_us: int) -> Rows:
        """A copy of the rows in [from_us, to_us), spikes marked.

        That an observation was a spike is known one observation later, and stands there (`Reason.SPIKE_BEFORE`): here
        the spike itself is marked, and suspect where it was better.
        """
        times = self.rows["time_us"]
        low, high = _left(times, from_us), _left(times, to_us)
        seen = self.rows[low : high + NEAR].copy()
        mark_spikes(seen)
        return seen[: high - low]

    def thinned_between(self, from_us: int, to_us: int, most: int) -> Rows:
        """A copy of `most` of the rows in [from_us, to_us) or fewer, spikes marked: every n-th, the newest among them.

        It takes as long whatever the span is.
        """
        times = self.rows["time_us"]
        low, high = _left(times, from_us), _left(times, to_us)
        step = -(-(high - low) // most)
        if step <= NEAR:
            return self.between(from_us, to_us)[:: -max(1, step)][::-1]
        chosen = np.arange(high - 1, low - 1, -step)[::-1]
        places = (chosen[:, None] + np.arange(1 + NEAR)).reshape(-1)  # each with those that may call it a spike
        seen: Rows = self.rows[places[places < len(self)]]  # a copy
        mark_spikes(seen)
        return seen[:: 1 + NEAR]

    def stored_between(self, from_us: int, to_us: int) -> Rows:
        """A copy of the rows in [from_us, to_us) as they were stored: no spike is marked."""
        times = self.rows["time_us"]
        return self.rows[_left(times, from_us) : _left(times, to_us)].copy()

    def stored_after(self, from_us: int, limit: int) -> Rows:
        """A copy of the first `limit` rows from `from_us` on as they were stored."""
        low = _left(self.rows["time_us"], from_us)
        return self.rows[low : low + limit].copy()

    def seq_at(self, time_us: int) -> int | None:
        """The seq of the row that first held the observation of `time_us`; None where there is none."""
        rows = self.rows
        place = _left(rows["time_us"], time_us)
        if place < len(rows) and rows["time_us"][place] == time_us:
            return int(rows["seq"][place])
        return None

    def add(self, rows: Rows) -> int:
        """Merge rows in any order; how many were refused because another value is stored for their time."""
        if not len(rows):
            return 0
        times = rows["time_us"]
        if len(rows) == 1 or bool((np.diff(times) > 0).all()):
            if not len(self) or times[0] > self._buffer["time_us"][self._end - 1]:
                self._append(rows)
                return 0
            if times[-1] < self._buffer["time_us"][self._start]:
                self._prepend(rows)
                return 0
        return self._merge(rows)

    def forget_before(self, seq: int) -> int:
        """Drop what older rows of the log held; how many."""
        kept = self.rows[self.rows["seq"] >= seq].copy()
        dropped = len(self) - len(kept)
        if dropped:
            self._buffer, self._start, self._end = kept, 0, len(kept)
        return dropped

    def _append(self, rows: Rows) -> None:
        if self._end + len(rows) > len(self._buffer):
            self._grow(front=0, back=len(self) + len(rows))
        self._buffer[self._end : self._end + len(rows)] = rows
        self._end += len(rows)

    def _prepend(self, rows: Rows) -> None:
        if self._start < len(rows):
            self._grow(front=len(self) + len(rows), back=len(self._buffer) - self._end)
        self._buffer[self._start - len(rows) : self._start] = rows
        self._start -= len(rows)

    def _grow(self, front: int, back: int) -> None:
        """New room for `front` rows before and `back` rows behind the present ones."""
        buffer: Rows = np.empty(front + len(self) + max(back, _FIRST_CAPACITY), ROW)
        buffer[front : front + len(self)] = self.rows
        self._end = front + len(self)
        self._buffer, self._start = buffer, front

    def _merge(self, rows: Rows) -> int:
        stored = self.rows
        low = _left(stored["time_us"], rows["time_us"].min())
        high = bisect_right(_as_sequence(stored["time_us"]), rows["time_us"].max())
        both = np.concatenate([stored[low:high], rows])
        both = both[np.lexsort((both["seq"], both["time_us"]))]  # stable: of equal ones, the stored one stays first
        is_first = np.r_[True, np.diff(both["time_us"]) > 0]
        winner = both["value"][np.flatnonzero(is_first)[np.cumsum(is_first) - 1]]
        differs = (both["value"] != winner) & ~(np.isnan(both["value"]) & np.isnan(winner))
        tail = np.concatenate([both[is_first], stored[high:]])
        self._end = self._start + low
        self._append(tail)
        return int(differs.sum())


def mark_spikes(rows: Rows) -> None:
    """Mark, in place, what later rows say of those before them.

    The observation before is the nearest one that was judged at all (it had a value, and came as a good one), of those
    that the log held already: late ones between the two were not there when the spike was found.
    """
    unjudged = np.isnan(rows["value"]) | ((rows["reasons"] & _CAME_BAD) != 0)
    for k in np.flatnonzero(rows["reasons"] & Reason.SPIKE_BEFORE).tolist():
        low = max(0, k - NEAR)
        known = np.flatnonzero((rows["seq"][low:k] <= rows["seq"][k]) & ~unjudged[low:k])
        if len(known):
            spike = low + int(known[-1])
            rows["spike"][spike] = True
            if rows["quality"][spike] < Quality.SUSPECT:
                rows["quality"][spike] = Quality.SUSPECT


def _left(times: NDArray[np.int64], time_us: int) -> int:
    return bisect_left(_as_sequence(times), time_us)


def _as_sequence(times: NDArray[np.int64]) -> Any:
    """For bisect: a strided column is searched in place; numpy's searchsorted would copy all of it first."""
    return times
