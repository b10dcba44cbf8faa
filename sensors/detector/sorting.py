"""Sorting a batch: which observations move the live state, which come late, which are repeated, which re-base."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.quality import Reason
from sensors.rows import Rows, rows_of
from sensors.segments import Segments, before, running_max, segments, stable_order
from sensors.state import REMEMBERED, State
from sensors.times import MINUTE_US, NEVER

AHEAD_US: Final = 5 * MINUTE_US  # a newest time further ahead of our clock was set by a clock that was wrong


@dataclass(frozen=True, slots=True, eq=False)
class Sorted:
    """The n observations of a batch that say something, sorted by datastream, in order of arrival within it.

    arrival  (n,) intp  their places in the whole batch
    dead     (n,) bool  the device is gone; whatever the value, it is none
    newer    (n,) bool  newer than all before of their datastream
    late     (n,) bool  older, and not one of those remembered
    rebases  (n,) bool  the newest time before it lies ahead of our clock: it takes its place
    overtaken (n,) bool the same, and others of its datastream come before it in the batch: they have to be taken first
    """

    batch: Batch
    groups: Segments
    arrival: NDArray[np.intp]
    dead: NDArray[np.bool_]
    newer: NDArray[np.bool_]
    late: NDArray[np.bool_]
    rebases: NDArray[np.bool_]
    overtaken: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.batch)

    def take(self, marks: NDArray[np.bool_]) -> "Sorted":
        """Those of the observations that `marks`, shape (n,), names."""
        batch = self.batch.take(marks)
        columns = [getattr(self, name)[marks] for name in ("arrival", "dead", "newer", "late", "rebases", "overtaken")]
        return Sorted(batch, segments(batch.datastream), *columns)

    def rows(self) -> Rows:
        """The observations that move the live state."""
        if self.newer.all():
            return Rows(self.batch, self.groups, self.arrival)
        return rows_of(self.batch.take(self.newer), self.arrival[self.newer])


def sort(state: State, batch: Batch, places: NDArray[np.intp]) -> Sorted:
    """Sort a batch whose observations stand at `places`, shape (n,), of the whole one."""
    dead = (batch.reasons & np.uint16(Reason.STALE)) != 0
    says = ~np.isnan(batch.value) | dead
    order = stable_order(batch.datastream if says.all() else batch.datastream[says])
    if len(order) != len(batch):
        order = np.flatnonzero(says)[order]
    heard, dead = batch.take(order), dead[order]
    groups = segments(heard.datastream)
    newer, rebases, overtaken = _newer(state, heard, groups, ~dead)
    older = ~(newer | dead | rebases | overtaken)
    if older.any():
        older &= ~state.rules.derived[heard.datastream]  # they are never late, and nothing of them is remembered
        older[older] = ~_is_remembered(state, heard, groups, newer, np.flatnonzero(older))
    return Sorted(heard, groups, places[order], dead, newer, older, rebases, overtaken)


def _newer(
    state: State, heard: Batch, groups: Segments, alive: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """What is newer than all before it; what finds a newest time ahead of our clock, in the state and in the batch."""
    time_us = heard.time_us if alive.all() else np.where(alive, heard.time_us, NEVER)
    before_us = before(time_us, state.newest.time_us.take(groups.key), groups)
    newer = time_us > before_us
    none = np.zeros(len(heard), np.bool_)
    if newer.all():
        return newer, none, none
    before_us = running_max(before_us, groups)
    newer = alive & (time_us > before_us)
    ahead = alive & ~newer & (before_us != NEVER)
    ahead[ahead] = before_us[ahead] > heard.receive_us[ahead] + AHEAD_US
    if not ahead.any():
        return newer, none, none
    first = np.flatnonzero(ahead)
    first = first[np.diff(groups.of[first], prepend=-1) > 0]
    by_state = groups.first[first] == first
    rebases, overtaken = none.copy(), none.copy()
    rebases[first[by_state]], overtaken[first[~by_state]] = True, True
    return newer, rebases, overtaken


def _is_remembered(
    state: State, heard: Batch, groups: Segments, newer: NDArray[np.bool_], at: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Whether the times of observations `at` are among the last remembered of their datastream when they come."""
    number, time_us = heard.datastream[at], heard.time_us[at]
    taken = np.cumsum(newer)
    first = groups.first[at]
    earlier = taken[at] - taken[first] + newer[first]  # newer ones of the same batch before it
    recent = state.recent
    age = (np.arange(REMEMBERED) - recent.at[number][:, None].astype(np.intp)) % REMEMBERED  # 0 is the oldest
    known = (recent.time_us[number] == time_us[:, None]) & (age >= earlier[:, None])
    found: NDArray[np.bool_] = known.any(axis=1)
    newer_us, behind = heard.time_us[newer], taken[at]
    for back in range(1, min(REMEMBERED, int(earlier.max(initial=0))) + 1):
        found |= (earlier >= back) & (newer_us[np.maximum(behind - back, 0)] == time_us)
    return found
