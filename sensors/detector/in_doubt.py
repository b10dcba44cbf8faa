"""Falls in doubt: from the fall on nothing ends a level, until the doubt is over.

Datastreams with a fall to judge, or in doubt already, are taken in stretches of rows: up to the next such fall, up to
the end of the doubt.  All their stretches are judged together, so that there are as many passes as one datastream has
stretches.
"""

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.detector.falls import Falls, falls
from sensors.detector.findings import Seen, level_moved
from sensors.detector.memory import is_sound, passed
from sensors.detector.taking import Judged, Marks, take_rows
from sensors.detector.words import course
from sensors.quality import Quality
from sensors.rows import Rows
from sensors.state import Doubt, State
from sensors.times import NEVER
from sensors.transition import Kind, Transition

BEARS_OUT: Final = 3  # so many good observations bear a fall out
STUCK_FACTOR: Final = 12  # a value that never moves, as of a gauge that was washed away, bears out so much later


def with_doubt(state: State, rows: Rows, fallen: Falls, failed: Marks, told: list[Transition]) -> Judged:
    """As `judge_levels` for restless rows, some of which fell as no river does.

    Parameters
    ----------
    state : before the rows
    rows : n observations, each newer than those before of its datastream
    fallen : their falls
    failed : ndarray, shape (n,), bool, the row can end no level in any case
    told : transitions are added to it

    Returns
    -------
    judged : the state after the rows, and what came of each

    References
    ----------
    `docs/detector.md`, "A fall that no river makes".
    """
    doubts = _Doubts(state, rows, fallen, failed, told)
    while doubts.open.any():
        doubts.judge_stretch()
    return Judged(doubts.state, doubts.judged, doubts.held, doubts.barred, doubts.doubted, doubts.believed)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows `begin` to `end` (exclusive) of one datastream."""

    begin: int
    end: int
    in_doubt: bool
    believed: float = np.nan  # in doubt: the value before the fall


class _Doubts:
    """Takes the rows stretch by stretch."""

    def __init__(self, state: State, rows: Rows, fallen: Falls, failed: Marks, told: list[Transition]) -> None:
        doubt, self._before = state.doubt, state
        self._doubt = Doubt(*[getattr(doubt, field.name).copy() for field in fields(Doubt)])  # its own, to write into
        self.state = replace(state, doubt=self._doubt)
        self.held = np.zeros(len(rows), np.uint8)
        self.barred, self.doubted = failed.copy(), np.zeros(len(rows), np.bool_)
        self.believed, self._quality = rows.batch.value.copy(), rows.batch.quality.copy()
        self._rows, self._told = rows, told
        self._fallen = replace(fallen, too_fast=fallen.too_fast.copy())
        self._borne_out = np.zeros(len(rows), np.bool_)
        self._undecided = fallen.suspicious.copy()
        self._begun: set[int] = set()  # rows with which a doubt began
        self._next, self._stop = rows.groups.start.copy(), rows.groups.last + 1

    @property
    def judged(self) -> Rows:
        """The rows, those in doubt as suspect as that makes them."""
        return self._rows.with_batch(replace(self._rows.batch, quality=self._quality))

    @property
    def open(self) -> Marks:
        """The datastreams with rows left, shape (g,)."""
        return self._next < self._stop

    def judge_stretch(self) -> None:
        """The next stretch of every datastream that has rows left."""
        self._ask(self._next[self.open])
        chosen = np.zeros(len(self._rows), np.bool_)
        for group in np.flatnonzero(self.open):
            stretch = self._stretch(int(self._next[group]), int(self._stop[group]))
            chosen[stretch.begin : stretch.end] = True
            if stretch.in_doubt:
                self.barred[stretch.begin : stretch.end] = True
                self.doubted[stretch.begin : stretch.end] = True
                self.believed[stretch.begin : stretch.end] = stretch.believed
                quality = self._quality[stretch.begin : stretch.end]
                quality[quality != Quality.FAIL] = Quality.SUSPECT
                self._undecided[stretch.begin : stretch.end] = False
            self._next[group] = stretch.end
        self._look_again(chosen)
        if not chosen.any():
            return
        rows = self.judged.take(chosen)
        self.state, self.held[chosen] = take_rows(
            self.state, rows, self.barred[chosen], self._borne_out[chosen], self._told
        )
        self.state = passed(self.state, rows, self.held[chosen])

    def _look_again(self, chosen: Marks) -> None:
        """Falls after rows in doubt, by moves of which those into and out of the doubt are none."""
        among = np.logical_or.reduceat(chosen & self.doubted, self._rows.groups.start) & self.open
        if not among.any():
            return
        too_fast = falls(self._before, self._rows, among, self.barred).too_fast & ~self._fallen.too_fast
        ahead = np.arange(len(self._rows)) >= self._next[self._rows.groups.of]
        more = too_fast & ahead & ~self._borne_out
        self._fallen.too_fast[more] = self._undecided[more] = True

    def _ask(self, first: NDArray[np.intp]) -> None:
        """Whether a doubt begins with these rows: where a level is held whose clear point they passed."""
        number = self._rows.batch.datastream[first]
        asked = first[self._undecided[first] & (self._doubt.since_us[number] == NEVER)]
        if not len(asked):
            return
        self._undecided[asked] = False
        chosen = np.zeros(len(self._rows), np.bool_)
        chosen[asked] = True
        rows = self._rows.take(chosen)
        between = course(self.state, rows, np.ones(len(rows), np.bool_)).held_between
        for index, held in zip(np.flatnonzero(chosen).tolist(), between, strict=True):
            self._begin(index, held)

    def _begin(self, index: int, held: Marks) -> None:
        batch, rules = self._rows.batch, self.state.rules
        number = int(batch.datastream[index])
        clear = rules.levels.clear[number]
        rising = held & (rules.levels.sign[number] > 0)
        with np.errstate(invalid="ignore"):
            passed = rising & (self._fallen.value_before[index] >= clear) & (batch.value[index] < clear)
        if not passed.any():
            return
        worst = int(np.flatnonzero(passed)[-1])  # columns are by rank
        seen = Seen.at(batch, index)
        verify = level_moved(rules, Kind.VERIFY, self._fallen.cause(index), (number, worst), seen)
        self._told.append(verify)
        self._begun.add(index)
        doubt = self._doubt
        doubt.clear[number] = clear[np.flatnonzero(rising)[0]]
        doubt.value[number], doubt.before[number] = seen.value, self._fallen.value_before[index]
        self._put(number, seen.time_us, 0, moved=False)

    def _stretch(self, begin: int, stop: int) -> _Stretch:
        number = int(self._rows.batch.datastream[begin])
        if self._doubt.since_us[number] == NEVER:
            more = np.flatnonzero(self._undecided[begin:stop])
            return _Stretch(begin, begin + int(more[0]) if len(more) else stop, in_doubt=False)
        return self._until_over(number, begin, stop)

    def _until_over(self, number: int, begin: int, stop: int) -> _Stretch:
        """The rows in doubt; the one that ends it is not among them."""
        batch, doubt = self._rows.batch, self._doubt
        since_us = int(doubt.since_us[number])
        is_fall = begin in self._begun
        value, quality = batch.value[begin:stop], batch.quality[begin:stop]
        good = (quality == Quality.PASS) | (quality == Quality.NOT_EVALUATED)
        good[0] &= not is_fall
        count = int(doubt.rows[number]) + np.cumsum(good)
        tolerance = self.state.rules.quality.flat_tolerance[number]
        with np.errstate(over="ignore"):
            other = good & (np.abs(value - doubt.value[number]) > tolerance)
        moved = np.logical_or.accumulate(other) | doubt.moved[number]
        lasted_us, holds_us = batch.time_us[begin:stop] - since_us, self.state.rules.doubt.holds_us
        lasted = (lasted_us >= holds_us) & (moved | (lasted_us >= STUCK_FACTOR * holds_us))
        borne_out = good & (count >= BEARS_OUT) & lasted
        over = (is_sound(self.state, quality) & (value >= doubt.clear[number])) | borne_out
        over[0] &= not is_fall
        ends = np.flatnonzero(over)
        if not len(ends):
            self._put(number, since_us, int(count[-1]), moved=bool(moved[-1]))
            return _Stretch(begin, stop, in_doubt=True, believed=float(doubt.before[number]))
        at = int(ends[0])
        if not value[at] >= doubt.clear[number]:
            self._borne_out[begin + at], self._undecided[begin + at] = True, False
        self._put(number, NEVER, 0, moved=False)
        return _Stretch(begin, begin + at, in_doubt=True, believed=float(doubt.before[number]))

    def _put(self, number: int, since_us: int, rows: int, *, moved: bool) -> None:
        doubt = self._doubt
        doubt.since_us[number], doubt.rows[number], doubt.moved[number] = since_us, rows, moved
