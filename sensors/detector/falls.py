"""Falls that no river makes: which observations are in doubt, by their values and times alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.detector.memory import is_sound, sound_before
from sensors.rows import Rows
from sensors.state import REMEMBERED, State
from sensors.times import HOUR_US, NEVER
from sensors.transition import Cause


@dataclass(frozen=True, slots=True, eq=False)
class Falls:
    """Of n rows: what each fell from, and whether that is in doubt.

    value_before (n,) float64  the newest value before it that did not fail; NaN = none
    after_gap, too_fast (n,) bool
    """

    value_before: NDArray[np.float64]
    after_gap: NDArray[np.bool_]
    too_fast: NDArray[np.bool_]

    @property
    def suspicious(self) -> NDArray[np.bool_]:
        """In doubt for either reason, shape (n,)."""
        return self.after_gap | self.too_fast

    def take(self, index: NDArray[np.intp]) -> "Falls":
        """Those of the rows at `index`."""
        return Falls(self.value_before[index], self.after_gap[index], self.too_fast[index])

    def cause(self, index: int) -> Cause:
        """Why the row at `index` is in doubt."""
        return Cause.AFTER_GAP if self.after_gap[index] else Cause.TOO_FAST


def falls(state: State, rows: Rows, among: NDArray[np.bool_], barred: NDArray[np.bool_]) -> Falls:
    """The falls of rows that pass the clear point of a rising level.

    Parameters
    ----------
    state : what is remembered before the rows
    rows : n observations of g datastreams, each newer than those before of its datastream
    among : ndarray, shape (g,), bool, the datastreams to look at
    barred : ndarray, shape (n,), bool, the row is not believed: it failed, or its fall is in doubt.  How it came there
        is no move by which the falls after it are judged

    Returns
    -------
    falls : what each row fell from, and whether that is in doubt

    References
    ----------
    `docs/detector.md`, "A fall that no river makes".
    """
    rules, groups, value = state.rules, rows.groups, rows.batch.value
    time_before_us, value_before = sound_before(state, rows)
    fallen = Falls(value_before, np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_))
    judged = (rules.doubt.applies[groups.key] & among)[groups.of] & is_sound(state, rows.batch.quality)
    at = np.flatnonzero(judged & (value < value_before))
    at = at[_passes_clear(state, rows, at, value_before[at])]
    if not len(at):
        return fallen
    number = rows.batch.datastream[at].astype(np.intp)
    gone_us = rows.batch.time_us[at] - time_before_us[at]
    limit_per_h = rules.doubt.limit_per_h[number]
    with np.errstate(invalid="ignore", over="ignore"):
        fall_per_h = (value_before[at] - value[at]) * HOUR_US / gone_us
        too_fast = fall_per_h > limit_per_h
    fallen.after_gap[at] = after_gap = gone_us > rules.doubt.gap_us[number]
    unlimited = np.flatnonzero(np.isnan(limit_per_h) & ~after_gap)
    if len(unlimited):
        some = at[unlimited]
        with np.errstate(over="ignore"):
            drop = value_before[some] - value[some]
        unlike = _unlike_its_moves(state, rows, barred, some, fall_per_h[unlimited])
        too_fast[unlimited] = (drop > rules.doubt.least[number[unlimited]]) & unlike
    fallen.too_fast[at] = too_fast
    return fallen


def _passes_clear(
    state: State, rows: Rows, at: NDArray[np.intp], value_before: NDArray[np.float64]
) -> NDArray[np.bool_]:
    levels, number = state.rules.levels, rows.batch.datastream[at].astype(np.intp)
    clear, rises = levels.clear.take(number, axis=0), levels.sign.take(number, axis=0) > 0
    with np.errstate(invalid="ignore"):
        passes = rises & (value_before[:, None] >= clear) & (rows.batch.value[at, None] < clear)
    some: NDArray[np.bool_] = np.logical_or.reduce(passes, axis=1)
    return some


def _unlike_its_moves(
    state: State, rows: Rows, barred: NDArray[np.bool_], at: NDArray[np.intp], fall_per_h: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Faster by far than the fastest move, up or down, between two neighbours remembered; shape (m,)."""
    time_us, value, known = _remembered(state, rows, barred, at)
    place = np.where(known, np.arange(REMEMBERED), -1)
    neighbour = np.maximum.accumulate(place, axis=1)[:, :-1]  # the nearest believed one before each but the first
    moves = known[:, 1:] & (neighbour >= 0)
    row, neighbour = np.arange(len(at))[:, None], np.maximum(neighbour, 0)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        move_per_h = np.abs(value[:, 1:] - value[row, neighbour]) * HOUR_US / (time_us[:, 1:] - time_us[row, neighbour])
        fastest = np.where(moves, move_per_h, 0.0).max(axis=1)
        too_fast: NDArray[np.bool_] = fall_per_h > state.rules.doubt.factor * fastest
    return too_fast


def _remembered(
    state: State, rows: Rows, barred: NDArray[np.bool_], at: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Of the last observations before each of m rows, the oldest first: times, values, and whether they are believed.

    Shapes (m, REMEMBERED).
    """
    recent, number = state.recent, rows.batch.datastream[at, None].astype(np.intp)
    back = np.arange(REMEMBERED, 0, -1)
    index, behind = np.maximum(at[:, None] - back, 0), (at - rows.groups.first[at])[:, None]
    in_batch = back <= behind
    slot = (recent.at[number].astype(np.intp) + behind - back) % REMEMBERED
    time_us = np.where(in_batch, rows.batch.time_us[index], recent.time_us[number, slot])
    is_barred = np.where(in_batch, barred[index], recent.barred[number, slot])
    value = np.where(in_batch, rows.batch.value[index], recent.value[number, slot])
    return time_us, value, (time_us != NEVER) & ~is_barred
