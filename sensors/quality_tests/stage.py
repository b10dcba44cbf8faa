"""The quality tests applied to what comes in: the flag and reasons of each observation, as far as is known by then.

Quality never mutes a flood: no test changes a value, and what failed is still judged against the levels.
"""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.quality import Quality, Reason, is_bad
from sensors.quality_tests.flat_line import flat_line
from sensors.quality_tests.flat_runs import Begun, Runs, flat_runs
from sensors.quality_tests.gap import gap
from sensors.quality_tests.limits import NO_NEIGHBOUR, QualityRules, neighbour_faults, quality_rules
from sensors.quality_tests.memory import QualityState, fresh_quality, remap_quality
from sensors.quality_tests.neighbour import neighbour
from sensors.quality_tests.rate_of_change import rate_of_change
from sensors.quality_tests.rollup import rollup
from sensors.quality_tests.sound import Sound, all_sound, neighbour_values, sound_at
from sensors.quality_tests.spike import spike
from sensors.rows import Rows
from sensors.segments import before
from sensors.times import NEVER

__all__ = [
    "QualityRules",
    "QualityState",
    "fresh_quality",
    "judge_quality",
    "neighbour_faults",
    "quality_rules",
    "remap_quality",
]

S = TypeVar("S", bound=np.generic)
_FAIL, _MISSING = map(np.uint8, (Quality.FAIL, Quality.MISSING))


def judge_quality(state: QualityState, rules: QualityRules, rows: Rows) -> tuple[QualityState, Batch]:
    """The rows' batch with quality and reasons as the quality tests judge them now.

    Parameters
    ----------
    state : what the tests remember of D datastreams
    rules : their limits
    rows : n observations with a value; quality and reasons as ingest found them (gross range, sent as bad)

    Returns
    -------
    (state, batch) : the quality is the worst of the one it came with and of those tests that could be evaluated;
        reasons are added, none is taken away.  A spike is told by the observation after it, and changes no quality.

    Notes
    -----
    What failed by the quality it came with is judged by nothing further, and is nobody's predecessor or neighbour:
    a -9999 does not make the next good one suspect.  Rate of change and spike need a predecessor that is no further
    away than the gap limit.  How rows are split into batches changes neither flags nor state by a bit.

    References
    ----------
    `docs/quality.md`.
    """
    if not len(rows):
        return state, rows.batch
    batch, groups, key = rows.batch, rows.groups, rows.groups.key.astype(np.intp)
    quality, reasons = batch.quality.copy(), batch.reasons.copy()
    seen_us = before(batch.time_us, state.seen_us[key], groups)
    gaps = gap(batch.time_us, seen_us, rules.gap_us.take(batch.datastream))
    _mark(reasons, gaps == _MISSING, Reason.AFTER_GAP)
    is_sound, is_tracked = quality != _FAIL, rules.is_tracked[key]
    if not is_tracked.all():
        is_sound &= is_tracked[groups.of]
    if is_sound.all():
        state, quality, more = _judge(state, rules, all_sound(rows))
        reasons |= more
    elif is_sound.any():
        index = np.flatnonzero(is_sound)
        state, quality[index], more = _judge(state, rules, sound_at(rows, index))
        reasons[index] |= more
    state = replace(state, seen_us=_with(state.seen_us, key, batch.time_us[groups.last]))
    return state, replace(batch, quality=quality, reasons=reasons)


def _judge(
    state: QualityState, rules: QualityRules, sound: Sound
) -> tuple[QualityState, NDArray[np.uint8], NDArray[np.uint16]]:
    """The state after the observations, their quality, and the reasons that they get."""
    key, number, value = sound.key, sound.number, sound.value
    quality, reasons = sound.quality, np.zeros(len(value), np.uint16)
    previous_us = before(sound.time_us, state.sound_us[key], sound.groups)
    previous = before(value, state.sound[key], sound.groups)
    step_us = sound.time_us - previous_us  # wraps around for NEVER, which is masked
    follows = (step_us > 0) & (previous_us != NEVER)  # not where our clock was set back
    near = np.where(follows & (step_us <= rules.gap_us[number]), previous, np.nan)
    earlier = before(near, state.earlier[key], sound.groups)
    if rules.has_rates:
        flags = rate_of_change(value, near, step_us, rules.rise_limit_per_h[number])
        quality = _judged(flags, Reason.RATE_OF_CHANGE, quality, reasons)
    if rules.has_spikes:
        flags = spike(earlier, near, value, rules.spike_suspect[number], rules.spike_fail[number])
        _mark(reasons, is_bad(flags), Reason.SPIKE_BEFORE)
    runs = None
    if rules.has_flats:
        runs = _runs(state, rules, sound, follows, previous)
        since_us = np.where(follows, runs.since_us[runs.head], NEVER)
        suspect_us, fail_us = rules.flat_suspect_us[number], rules.flat_fail_us[number]
        flags = flat_line(value, sound.time_us, since_us, suspect_us, fail_us)
        quality = _judged(flags, Reason.FLAT_LINE, quality, reasons)
    if rules.has_neighbours:
        quality = _judged(_neighbour_flags(state, rules, sound), Reason.NEIGHBOUR, quality, reasons)
    return _remembered(state, sound, near, runs), quality, reasons


def _runs(
    state: QualityState,
    rules: QualityRules,
    sound: Sound,
    follows: NDArray[np.bool_],
    previous: NDArray[np.float64],
) -> Runs:
    begun = Begun(sound.groups, state.run[sound.key], state.run_us[sound.key])
    if not rules.has_tolerances:
        return flat_runs(sound.value, sound.time_us, follows & (sound.value == previous), None, begun)
    tolerance = rules.flat_tolerance[sound.number]
    with np.errstate(over="ignore", invalid="ignore"):
        stays = follows & (np.abs(sound.value - previous) <= tolerance)
        return flat_runs(sound.value, sound.time_us, stays, tolerance, begun)


def _neighbour_flags(state: QualityState, rules: QualityRules, sound: Sound) -> NDArray[np.uint8]:
    flags = np.full(len(sound.value), Quality.NOT_EVALUATED, np.uint8)
    index = np.flatnonzero(rules.neighbour[sound.number] != NO_NEIGHBOUR)
    if len(index):
        number = sound.number[index]
        others = neighbour_values(state, rules, sound, index)
        suspect, fail = rules.neighbour_suspect[number], rules.neighbour_fail[number]
        flags[index] = neighbour(sound.value[index], others, suspect, fail)
    return flags


def _remembered(state: QualityState, sound: Sound, near: NDArray[np.float64], runs: Runs | None) -> QualityState:
    key, last = sound.key, sound.groups.last
    if runs is not None:
        head = runs.head[last]
        run, run_us = _with(state.run, key, runs.first[head]), _with(state.run_us, key, runs.since_us[head])
        state = replace(state, run=run, run_us=run_us)
    return replace(
        state,
        sound_us=_with(state.sound_us, key, sound.time_us[last]),
        sound=_with(state.sound, key, sound.value[last]),
        earlier=_with(state.earlier, key, near[last]),
    )


def _judged(
    flags: NDArray[np.uint8], reason: Reason, quality: NDArray[np.uint8], reasons: NDArray[np.uint16]
) -> NDArray[np.uint8]:
    """The quality with the flags of one test rolled up; its reason is added where they are bad."""
    _mark(reasons, is_bad(flags), reason)
    return rollup(quality, flags)


def _mark(reasons: NDArray[np.uint16], where: NDArray[np.bool_], reason: Reason) -> None:
    """Add a reason; `reasons` is the caller's own.  By arithmetic: a mask that is true here and there costs more."""
    if where.any():
        reasons |= where * np.uint16(reason)


def _with(column: NDArray[S], numbers: NDArray[np.intp], values: NDArray[S]) -> NDArray[S]:
    """A copy of a column by number with other values for `numbers`."""
    changed = column.copy()
    changed[numbers] = values
    return changed
