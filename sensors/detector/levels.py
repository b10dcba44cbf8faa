"""Levels: what newer observations reach and leave, all datastreams and levels at once."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sensors.detector.falls import Falls, falls
from sensors.detector.in_doubt import with_doubt
from sensors.detector.memory import remember
from sensors.detector.rest import with_rest
from sensors.detector.taking import Judged, Marks, take_rows
from sensors.quality import Quality
from sensors.rows import Rows
from sensors.state import State
from sensors.times import NEVER
from sensors.transition import Transition


def judge_levels(state: State, rows: Rows, told: list[Transition]) -> Judged:
    """The state after these rows, transitions added to `told`; the rows become the newest of their datastreams."""
    n, key = len(rows), rows.groups.key.astype(np.intp)
    held, doubted = state.held.bits[key][rows.groups.of], np.zeros(n, np.bool_)
    failed = rows.batch.quality == Quality.FAIL if state.rules.quality_gates else np.zeros(n, np.bool_)
    restless = _restless(state, rows)
    if restless.any():
        fallen = falls(state, rows, restless)
        for some, is_doubted in _parts(state, rows, restless, fallen):
            judged = _judged(state, rows.take(some), failed[some], fallen.take(some) if is_doubted else None, told)
            state = replace(state, held=judged.state.held, doubt=judged.state.doubt)
            held[some], failed[some], doubted[some] = judged.held, judged.barred, judged.doubted
        state = with_rest(state, key[restless])
    return Judged(remember(state, rows, held, failed), held, failed, doubted)


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
    for part, is_doubted in ((plain & ~delayed, False), (plain & delayed, False), (restless & doubts, True)):
        if part.any():
            yield np.flatnonzero(part[groups.of]), is_doubted


def _judged(state: State, rows: Rows, failed: Marks, fallen: Falls | None, told: list[Transition]) -> Judged:
    if fallen is not None:
        return with_doubt(state, rows, fallen, failed, told)
    nothing = np.zeros(len(rows), np.bool_)
    state, held = take_rows(state, rows, failed, nothing, told)
    return Judged(state, held, failed, nothing)
