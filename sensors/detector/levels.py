"""Levels: what newer observations reach and leave, all datastreams and levels at once."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.detector.falls import Falls, falls
from sensors.detector.in_doubt import with_doubt
from sensors.detector.memory import remember
from sensors.detector.rest import with_rest
from sensors.detector.taking import Judged, Marks, take_rows
from sensors.quality import Quality, Reason
from sensors.rows import Rows
from sensors.state import State
from sensors.times import NEVER
from sensors.transition import Transition

_WORTH_PARTING: Final = 4096  # rows: of fewer it costs more to judge them in two parts


def judge_levels(state: State, rows: Rows, told: list[Transition]) -> Judged:
    """The state after these rows, transitions added to `told`; the rows become the newest of their datastreams."""
    n, key = len(rows), rows.groups.key.astype(np.intp)
    held, doubted = state.held.bits[key][rows.groups.of], np.zeros(n, np.bool_)
    failed, believed = _barred(state, rows), rows.batch.value
    restless = _restless(state, rows)
    if restless.any():
        fallen = falls(state, rows, restless, failed)
        for some, is_doubted in _parts(state, rows, restless, fallen):
            judged = _judged(state, rows.take(some), failed[some], fallen.take(some) if is_doubted else None, told)
            state = replace(state, held=judged.state.held, doubt=judged.state.doubt)
            held[some], failed[some] = judged.held, judged.barred
            if is_doubted and judged.doubted.any():
                rows, believed = _doubted(rows, some, judged), believed.copy()
                doubted[some], believed[some] = judged.doubted, judged.believed
        state = with_rest(state, key[restless])
    return Judged(remember(state, rows, held, failed), rows, held, failed, doubted, believed)


def _barred(state: State, rows: Rows) -> Marks:
    """The rows that can end no level: what failed, and what was derived of what is suspect.

    Not a count: what is in doubt is counted in it, so that fewer are held for certain.
    """
    quality, number = rows.batch.quality, rows.batch.datastream
    if not state.rules.quality_gates:
        return np.zeros(len(rows), np.bool_)
    failed: Marks = quality == Quality.FAIL
    suspect = quality == Quality.SUSPECT
    if not suspect.any():
        return failed
    barred: Marks = failed | (suspect & state.rules.derived[number] & ~np.isin(number, state.rules.counts.number))
    return barred


def _doubted(rows: Rows, some: NDArray[np.intp], judged: Judged) -> Rows:
    """The rows with quality and reason of those in doubt."""
    quality, reasons = rows.batch.quality.copy(), rows.batch.reasons.copy()
    quality[some] = judged.rows.batch.quality
    reasons[some[judged.doubted]] |= np.uint16(Reason.IMPLAUSIBLE_FALL)
    return rows.with_batch(replace(rows.batch, quality=quality, reasons=reasons))


def _restless(state: State, rows: Rows) -> Marks:
    """The datastreams, shape (g,), whose levels could move: for all others every level stays as it is."""
    key, of, value = rows.groups.key.astype(np.intp), rows.groups.of, rows.batch.value
    moves = (value < state.held.low[key][of]) | (value >= state.held.high[key][of])
    restless: Marks = state.held.active[key]
    return restless | np.logical_or.reduceat(moves, rows.groups.start) if moves.any() else restless


def _parts(state: State, rows: Rows, restless: Marks, fallen: Falls) -> Iterator[tuple[NDArray[np.intp], bool]]:
    """The rows of restless datastreams in parts that cost differently; and whether falls are in doubt there."""
    groups = rows.groups
    doubts, delayed = state.doubt.since_us[groups.key] != NEVER, state.rules.levels.delayed[groups.key]
    if (suspicious := fallen.suspicious).any():
        doubts |= np.logical_or.reduceat(suspicious, groups.start)
    plain = restless & ~doubts
    parts = [(plain, False)]
    if np.count_nonzero(plain[groups.of]) > _WORTH_PARTING:
        parts = [(plain & ~delayed, False), (plain & delayed, False)]
    for part, is_doubted in (*parts, (restless & doubts, True)):
        if part.any():
            yield np.flatnonzero(part[groups.of]), is_doubted


def _judged(state: State, rows: Rows, failed: Marks, fallen: Falls | None, told: list[Transition]) -> Judged:
    if fallen is not None:
        return with_doubt(state, rows, fallen, failed, told)
    nothing = np.zeros(len(rows), np.bool_)
    state, held = take_rows(state, rows, failed, nothing, told)
    return Judged(state, rows, held, failed, nothing, rows.batch.value)
