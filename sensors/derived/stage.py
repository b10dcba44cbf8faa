"""New observations in, derived ones out, of all depths; and the trends of both."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch, concatenate, empty_batch
from sensors.derived.emission import Emitted, as_batch, joined, received
from sensors.derived.from_seats import from_seats
from sensors.derived.from_trends import Limits, minutes, rates
from sensors.derived.from_windows import from_windows
from sensors.derived.rules import DerivedRules
from sensors.derived.state import DerivedState
from sensors.rows import Rows, rows_of
from sensors.segments import stable_order
from sensors.times import NEVER
from sensors.trend.advance import Points, advance
from sensors.trend.rules import TrendRules
from sensors.trend.state import TrendState, reset_trend


def derive(
    state: DerivedState,
    rules: DerivedRules,
    trend: tuple[TrendState, TrendRules],
    limits: tuple[NDArray[np.float64], NDArray[np.float64]],
    rows: Rows,
) -> tuple[DerivedState, TrendState, Batch, NDArray[np.intp]]:
    """Take observations in, and give what follows from them.

    Parameters
    ----------
    state : the state after all earlier rows; not changed
    rules : the derivations
    trend : state (not changed) and rules of the trends of all datastreams, observed and derived
    limits : (limit, sign), ndarrays, shape (D, K), float64, of the levels in force: limit times sign (+1 rising, −1
        falling), unit of the datastream, NaN = no such level
    rows : n observations, each newer than those before of its datastream, or re-based

    Returns
    -------
    (state, trend state, derived, arrival) : the derived observations in no particular order across datastreams, within
        one in order of arrival, each newer than the one before (or re-based); and, shape (m,), intp, `rows.arrival` of
        the row that completed each.  NaN = not given

    Notes
    -----
    Does not depend on how rows are split into batches at boundaries of arrival.  O(n + m), and O(m J) or O(m + w P) for
    values of J inputs and w windows of P parts.

    References
    ----------
    `docs/derived.md`.
    """
    trend_state, trend_rules = trend
    trend_state, points = advance(trend_state, trend_rules, rows)
    known = [rows]
    for layer in rules.layers:
        parts, last_us = [], state.last_us
        if layer.rate and len(points):
            parts.append(rates(state, rules, layer.rate, known[-1], points))
        if layer.eta and len(points):
            parts.append(minutes(state, rules, layer.eta, known[-1], points, Limits(*limits)))
        if layer.window and len(known[-1]):
            state, emitted = from_windows(state, rules, layer.window, known[-1])
            parts.append(emitted)
        if layer.seat and any(map(len, known)):
            state, emitted = from_seats(state, rules, layer.seat, known)
            parts.append(emitted)
        state, found, is_back = _settled(state, rules, parts, last_us)
        trend_state, points = _advance(trend_state, trend_rules, found, is_back)
        known.append(found)
    derived = [some for some in known[1:] if len(some)]
    arrival = np.concatenate([some.arrival for some in derived]) if derived else np.empty(0, np.intp)
    return state, trend_state, concatenate([some.batch for some in derived]), arrival


def _settled(
    state: DerivedState, rules: DerivedRules, parts: list[Emitted], last_us: NDArray[np.int64]
) -> tuple[DerivedState, Rows, NDArray[np.bool_]]:
    """The observations of one depth as rows, their times remembered; and which of them go back in time, shape (n,).

    `last_us` is that of the state before, shape (N,).
    """
    parts = [part for part in parts if len(part.place)]
    if not parts:
        return state, rows_of(empty_batch(), np.empty(0, np.intp)), np.empty(0, np.bool_)
    emitted = joined(parts)  # by place: the families stand one behind the other
    place, time_us = emitted.place, emitted.time_us
    ends = np.append(place[1:] != place[:-1], True)
    before_us = np.where(np.append(True, ends[:-1]), last_us[place], np.append(NEVER, time_us[:-1]))
    is_back, last = time_us < before_us, np.flatnonzero(ends)
    receive_us = received(emitted.receive_us, state.receive_us, place)
    state = state.put(place[last], last_us=time_us[last], receive_us=receive_us[last])
    batch = as_batch(rules, replace(emitted, receive_us=receive_us))
    order = stable_order(batch.datastream)
    return state, rows_of(batch.take(order), emitted.arrival[order]), is_back[order]


def _advance(state: TrendState, rules: TrendRules, rows: Rows, is_back: NDArray[np.bool_]) -> tuple[TrendState, Points]:
    """The trends of derived datastreams; one whose time goes back begins anew there."""
    if not is_back.any():
        return advance(state, rules, rows)
    run = np.cumsum(is_back, dtype=np.int64)
    groups = rows.groups
    run -= (run - is_back)[groups.first]  # 0 before the first of its datastream that goes back, 1 from it on
    points = []
    for one in range(int(run.max()) + 1):
        index = np.flatnonzero(run == one)
        starts = index[is_back[index]]
        state = reset_trend(state, rules.slot[rows.batch.datastream[starts]])
        state, some = advance(state, rules, rows_of(rows.batch.take(index), rows.arrival[index]))
        points.append(replace(some, row=index[some.row]))
    order = np.argsort(np.concatenate([some.row for some in points]), kind="stable")
    return state, Points(
        *(np.concatenate([getattr(some, name) for some in points])[order] for name in Points.__slots__)
    )
