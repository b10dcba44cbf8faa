"""Means, sums and speeds against the time before, at each observation of their inputs."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.derived.accumulation import accumulated, amount
from sensors.derived.consumers import Consumers
from sensors.derived.emission import Emitted, are_newer, joined, passed_on
from sensors.derived.fixed_point import LARGEST, PER_UNIT
from sensors.derived.mean import part_mean, rolling_mean
from sensors.derived.peaks import Peaks, highest
from sensors.derived.rules import DerivedRules
from sensors.derived.speed_ratio import percent_of_usual, usual_speed
from sensors.derived.state import DerivedState
from sensors.derived.window import Added, Closed, Open, Sums, go_on, roll
from sensors.derived.window_rules import ACCUMULATION, MEAN, SPEED_RATIO, WindowRules
from sensors.quality import Quality, Reason, is_only_fast
from sensors.rows import Rows
from sensors.segments import Segments, before, segments, stable_order
from sensors.times import NEVER

_INCOMPLETE: Final = np.uint16(Reason.INCOMPLETE)
MOST_INTERVALS: Final = (
    2  # an observation stands for the time since the one before, but not for more than so many intervals
)

Integers = NDArray[np.int64]


def from_windows(state: DerivedState, rules: DerivedRules, uses: Consumers, rows: Rows) -> tuple[DerivedState, Emitted]:
    """One observation for each of an input that did not fail and can be summed.

    Parameters
    ----------
    state, rules : what is remembered (not changed), the derivations
    uses : which windows are taken of whom
    rows : n observations of this depth

    Returns
    -------
    (state, emitted) : the state after the rows, and float64 values in the unit of each result; NaN = not given

    References
    ----------
    `docs/derived.md`, "Windows".
    """
    row, place, _ = uses.rows(rows)
    batch = rows.batch
    counts = (batch.quality[row] != Quality.FAIL) & (np.abs(batch.value[row]) <= LARGEST)
    order = stable_order(place)
    order = order[counts[order]]
    row, place = row[order], place[order]
    newer = are_newer(batch.time_us[row], batch.receive_us[row], state.last_us, place)
    row, place = row[newer], place[newer]
    suspect, fast = batch.quality[row] == Quality.SUSPECT, is_only_fast(batch.quality[row], batch.reasons[row])
    quality, reasons = passed_on(suspect, fast, batch.reasons[row] & _INCOMPLETE > 0)
    emitted = Emitted(
        place=place,
        arrival=rows.arrival[row],
        time_us=batch.time_us[row],
        receive_us=batch.receive_us[row],
        value=batch.value[row],
        origin=batch.origin[row],
        quality=quality,
        reasons=reasons,
    )
    return _in_runs(state, rules, emitted)


def _in_runs(state: DerivedState, rules: DerivedRules, emitted: Emitted) -> tuple[DerivedState, Emitted]:
    """The windows at observations; where time goes back (our clock was set back) they are taken run by run."""
    groups = segments(emitted.place)
    back = emitted.time_us < before(emitted.time_us, np.full(len(groups.key), NEVER), groups)
    if not back.any():
        return _windows(state, rules, emitted)
    run = np.cumsum(back, dtype=np.int64)
    run -= run[groups.first]
    parts = []
    for one in range(int(run.max()) + 1):
        some = emitted.take(run == one)
        state, part = _windows(state, rules, some)
        groups = segments(some.place)
        state = state.put(groups.key, last_us=some.time_us[groups.last])
        parts.append(part)
    whole = joined(parts)
    return state, whole.take(stable_order(whole.place))


def _windows(state: DerivedState, rules: DerivedRules, emitted: Emitted) -> tuple[DerivedState, Emitted]:
    """The windows at observations that ascend in time within each place."""
    if not len(emitted.place):
        return state, emitted
    groups = segments(emitted.place)
    windows, place, slot = rules.windows, emitted.place - rules.first_window, groups.key - rules.first_window
    known = state.part[slot] != NEVER
    last_us = np.where(known, state.last_us[groups.key], NEVER)
    covered_us = _covered(emitted, groups, last_us, windows.interval_us[place])
    total, weight = _adds(windows, place, emitted.value, covered_us)
    part = emitted.time_us // windows.part_us[place]
    averaged = windows.method[slot] != ACCUMULATION
    state, sums = _summed(state, Added(groups, part, total, weight, windows.span[slot], averaged), slot)
    complete = _is_complete(windows, place, sums)
    value = _values(windows, place, sums)
    state, ratio = _ratios(state, rules, emitted, complete, sums)
    value = np.where(windows.method[place] == SPEED_RATIO, ratio, value)
    reasons = np.where(complete, emitted.reasons, emitted.reasons | _INCOMPLETE)
    return state, replace(emitted, value=value, reasons=reasons)


def _summed(state: DerivedState, added: Added, slot: NDArray[np.int32]) -> tuple[DerivedState, Sums]:
    """The windows `slot`, shape (g,), with what is added, and the sums at each observation."""
    groups = added.groups
    is_open = (added.part[groups.start] == state.part[slot]) & (added.part[groups.last] == state.part[slot])
    if is_open.all() or not is_open.any():
        return _taken(state, added, slot, is_open=bool(is_open[0]))
    sums = Sums(*np.empty((len(Sums._fields), len(added.part)), np.int64))
    for chosen in (is_open, ~is_open):
        row = np.flatnonzero(chosen[groups.of])
        some = Added(
            segments(groups.key[groups.of[row]]),
            added.part[row],
            added.total[row],
            added.weight[row],
            added.span[chosen],
            added.averaged[chosen],
        )
        state, found = _taken(state, some, slot[chosen], is_open=bool(is_open[chosen][0]))
        for column, values in zip(sums, found, strict=True):
            column[row] = values
    return state, sums


def _taken(state: DerivedState, added: Added, slot: NDArray[np.int32], *, is_open: bool) -> tuple[DerivedState, Sums]:
    """The same of windows that all stay in their open part, or of those that open one."""
    window = Open(
        state.part[slot],
        state.part_total[slot],
        state.part_weight[slot],
        state.before_total[slot],
        state.before_weight[slot],
    )
    if is_open:
        window, sums = go_on(window, added)
    else:
        closed = Closed(state.closed_part[slot], state.closed_total[slot], state.closed_weight[slot])
        window, closed, sums = roll(window, closed, added)
        state = state.put(slot, closed_part=closed.part, closed_total=closed.total, closed_weight=closed.weight)
    state = state.put(
        slot,
        part=window.part,
        part_total=window.total,
        part_weight=window.weight,
        before_total=window.before_total,
        before_weight=window.before_weight,
    )
    return state, sums


def _covered(emitted: Emitted, groups: Segments, last_us: Integers, interval_us: Integers) -> Integers:
    """For how long each observation stands, shape (n,): since the one before; one interval for the first of all."""
    previous = before(emitted.time_us, last_us, groups)
    known = (previous != NEVER) & (previous < emitted.time_us)
    since_us = emitted.time_us - np.where(known, previous, emitted.time_us)
    return np.where(known, np.minimum(since_us, MOST_INTERVALS * interval_us), interval_us)


def _adds(
    windows: WindowRules, place: NDArray[np.int32], value: NDArray[np.float64], covered_us: Integers
) -> tuple[Integers, Integers]:
    """What each observation adds to its part, and what it stands for there; shapes (n,)."""
    is_sum = windows.method[place] == ACCUMULATION
    total = np.rint(value * float(PER_UNIT)).astype(np.int64)
    weight = np.ones(len(value), np.int64)
    if is_sum.any():
        some = place[is_sum]
        total[is_sum] = amount(value[is_sum], covered_us[is_sum], windows.is_rate[some], windows.factor[some])
        weight[is_sum] = covered_us[is_sum]
    return total, weight


def _values(windows: WindowRules, place: NDArray[np.int32], sums: Sums) -> NDArray[np.float64]:
    """Means and sums, shape (n,)."""
    mean = rolling_mean(sums.before_total + part_mean(sums.total, sums.weight), sums.before_weight + 1)
    return np.where(windows.method[place] == MEAN, mean, accumulated(sums.before_total + sums.total))


def _is_complete(windows: WindowRules, place: NDArray[np.int32], sums: Sums) -> NDArray[np.bool_]:
    """Whether the window of each holds enough, shape (n,)."""
    method = windows.method[place]
    parts = sums.before_weight + np.where(method == MEAN, 1, 0) + np.where(method == ACCUMULATION, sums.weight, 0)
    complete: NDArray[np.bool_] = parts >= windows.least[place]
    return complete


def _ratios(
    state: DerivedState, rules: DerivedRules, emitted: Emitted, complete: NDArray[np.bool_], sums: Sums
) -> tuple[DerivedState, NDArray[np.float64]]:
    """Shares of the usual, and the highest means remembered; NaN where one is not given, and of other methods."""
    windows, place = rules.windows, emitted.place - rules.first_window
    ratio = np.full(len(place), np.nan)
    row = np.flatnonzero(windows.method[place] == SPEED_RATIO)
    if not len(row):
        return state, ratio
    place, groups, total, parts = place[row], segments(place[row]), sums.before_total[row], sums.before_weight[row]
    window_us = windows.part_us[place] * (windows.span[place] - 1)
    mean = np.where(complete[row], np.maximum(part_mean(total, parts), 0), 0)
    kept = Peaks(state.peak_block[groups.key], state.peak[groups.key])
    kept, of_late = highest(kept, emitted.time_us[row] // window_us, mean, groups)
    usual = usual_speed(total, parts, of_late, windows.keeps[place])
    ratio[row] = np.where(complete[row], percent_of_usual(emitted.value[row], usual), np.nan)
    return state.put(groups.key, peak_block=kept.block, peak=kept.peak), ratio
