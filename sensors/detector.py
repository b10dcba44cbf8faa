"""The detector: a pure, deterministic state machine over columns, for all datastreams at once.

Live, replay of the log, evaluation and tests call the same `step`.  Its transitions do not depend on how the
observations were split into batches.  Decisions use comparisons only; nothing here reads a clock.

A level is reached at value >= limit (falling: <=) and left when the value has gone back past it by more than its
hysteresis.  A value that failed its quality tests may reach a level but never ends one.  An observation that is not
newer than the newest judged of its datastream does not move the state.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.errors import BatchError
from sensors.findings import Found, Seen, fell_silent, let_go, level_moved, spoke
from sensors.quality import Quality, Reason
from sensors.rules import HISTORICAL_AFTER_US, NO_TIMER, Rules
from sensors.segments import Segments, before, latest_true, running_max, segments, stable_order
from sensors.state import State, remap
from sensors.times import NEVER
from sensors.transition import Cause, Kind, Transition

DETECTOR_VERSION: Final = 1


def step(state: State, batch: Batch, now_us: int) -> tuple[State, tuple[Transition, ...]]:
    """Judge a batch that was received up to `now_us`, and every timer that fell due until then.

    Parameters
    ----------
    state : the state after all earlier steps; not changed
    batch : observations in order of arrival, receive times after `state.now_us`, none after `now_us`
    now_us : int, microseconds UTC, never less than in an earlier step

    Returns
    -------
    (state, transitions) : transitions in the order in which they were found: by receive time (for silence: due time),
        datastream, then silence before levels, returned (worst rank first) before raised (lowest rank first)

    Raises
    ------
    BatchError : `now_us` goes backward, or a datastream number is not in the rules
    """
    if now_us < state.now_us:
        raise BatchError(f"now: expected {state.now_us} or later, got {now_us}")
    if len(batch) and not (batch.datastream.min() >= 0 and batch.datastream.max() < state.rules.shape[0]):
        got = f"{batch.datastream.min()} to {batch.datastream.max()}"
        raise BatchError(f"datastream: expected 0 to {state.rules.shape[0] - 1}, got {got}")
    found: list[Found] = []
    state = replace(state, now_us=now_us)
    usable = ~np.isnan(batch.value) | _dead(batch)
    if usable.any():
        order = stable_order(batch.datastream if usable.all() else batch.datastream[usable])
        heard = batch.take(order if len(order) == len(batch) else np.flatnonzero(usable)[order])
        state = _hear(state, heard, found)
        state = _judge(state, _newer(state, _alive(heard)), found)
    state = _fire_timers(state, found)
    found.sort(key=lambda f: f.key)
    return state, tuple(f.transition for f in found)


def install(state: State, rules: Rules, now_us: int) -> tuple[State, tuple[Transition, ...]]:
    """Put other rules in force: what the newest observation holds or no longer holds becomes a transition.

    Their cause is `catalogue`; a level that is gone while it was held is returned, a silent datastream that is gone is
    not waited for any more.
    """
    new = replace(remap(state, rules, now_us), now_us=max(now_us, state.now_us))
    found: list[Found] = []
    _return_vanished(state, new, now_us, found)
    value = new.newest[:, None] * rules.sign
    with np.errstate(invalid="ignore"):
        held = (value >= rules.limit) | (new.reached & ~_clears(value, rules.clear, new.quality, rules))
    held &= ~np.isnan(rules.limit) & (new.newest_us != NEVER)[:, None]
    fresh = (new.newest_us >= now_us - HISTORICAL_AFTER_US)[:, None]
    changed = held != new.reached
    for number, place in np.argwhere(changed):
        kind = Kind.RAISED if held[number, place] else Kind.RETURNED
        found.append(
            level_moved(new, kind, Cause.CATALOGUE, int(number), int(place), Seen.newest(new, int(number), now_us))
        )
    found.sort(key=lambda f: f.key)
    since = np.where(changed & held, new.newest_us[:, None], new.since_us)
    announced = held & (new.announced | (changed & fresh))
    return replace(new, reached=held, announced=announced, since_us=since), tuple(f.transition for f in found)


def _dead(batch: Batch) -> NDArray[np.bool_]:
    """Which observations say that their device is gone; whatever their value, it is none."""
    stale: NDArray[np.uint16] = batch.reasons & np.uint16(Reason.STALE)
    return stale.astype(np.bool_)


def _alive(heard: Batch) -> Batch:
    dead = _dead(heard)
    return heard.take(~dead) if dead.any() else heard


def _hear(state: State, heard: Batch, found: list[Found]) -> State:
    """Silence between one observation and the next, in receive time; late and repeated ones count as heard.

    A death makes its datastream silent at once, and silent it stays until something else is heard of it.
    """
    groups = segments(heard.datastream)
    number, dead = heard.datastream, _dead(heard)
    previous = before(heard.receive_us, state.heard_us[groups.key], groups)
    due = previous + np.minimum(state.rules.silence_us[number], NO_TIMER // 2)
    is_first = groups.first == np.arange(len(heard))
    was_silent = before(dead, state.silent[groups.key], groups)
    falls_silent = (heard.receive_us > due) & ~was_silent
    origin = before(heard.origin, state.origin[groups.key], groups)
    for index in np.flatnonzero(falls_silent):
        cause = Cause.OVERDUE if not is_first[index] or state.ever_heard[number[index]] else Cause.NEVER_HEARD
        found.append(fell_silent(state, cause, int(number[index]), int(due[index]), int(origin[index])))
    for index in np.flatnonzero(dead & ~was_silent & ~falls_silent):
        cause = Cause.DEATH if not is_first[index] or state.ever_heard[number[index]] else Cause.NEVER_HEARD
        at_us, its_origin = int(heard.receive_us[index]), int(heard.origin[index])
        found.append(fell_silent(state, cause, int(number[index]), at_us, its_origin))
    found.extend(spoke(heard, int(index)) for index in np.flatnonzero((falls_silent | was_silent) & ~dead))
    last = groups.last
    rows = {
        "heard_us": heard.receive_us[last],
        "origin": heard.origin[last],
        "ever_heard": state.ever_heard[groups.key] | np.logical_or.reduceat(~dead, groups.start),
        "silent": dead[last],
    }
    return _changed(state, groups.key, rows)


def _newer(state: State, heard: Batch) -> Batch:
    """The observations that are newer than every earlier one of their datastream."""
    groups = segments(heard.datastream)
    newest_before = running_max(before(heard.time_us, state.newest_us[groups.key], groups), groups)
    newer = heard.time_us > newest_before
    return heard if newer.all() else heard.take(newer)


def _judge(state: State, batch: Batch, found: list[Found]) -> State:
    """Levels: `batch` is sorted by datastream, each newer than the one before."""
    if not len(batch):
        return state
    state, batch = _restless(state, batch)
    if not len(batch):
        return state
    rules, groups, number = state.rules, segments(batch.datastream), batch.datastream
    value = batch.value[:, None] * rules.sign[number]
    with np.errstate(invalid="ignore"):
        up, down = value >= rules.limit[number], _clears(value, rules.clear[number], batch.quality, rules)
    held = _held(up, down, state.reached[groups.key], groups)
    held_before = before(held, state.reached[groups.key], groups)
    fresh = (batch.time_us >= batch.receive_us - HISTORICAL_AFTER_US)[:, None]
    raised, returned = held & ~held_before, held_before & ~held
    told = _told(held, fresh, state.announced[groups.key], groups)
    told_before = before(told, state.announced[groups.key], groups)
    since = _since(raised, batch, state.since_us[groups.key], groups)
    for index, place in np.argwhere(raised | returned):
        kind = Kind.RAISED if raised[index, place] else Kind.RETURNED
        found.append(level_moved(state, kind, Cause.CROSSED, int(number[index]), int(place), Seen.at(batch, index)))
    for index, place in np.argwhere(told & ~told_before & ~raised):
        seen = replace(Seen.at(batch, index), time_us=int(since[index, place]))
        found.append(level_moved(state, Kind.RAISED, Cause.STILL_HELD, int(number[index]), int(place), seen))
    last = groups.last
    return _changed(state, groups.key, {"reached": held[last], "announced": told[last], "since_us": since[last]})


def _restless(state: State, batch: Batch) -> tuple[State, Batch]:
    """The state with the newest observations, and those of datastreams that hold a level or reach one.

    For all others every level stays as it is; in calm times that is nearly all of them.
    """
    rules, groups, number = state.rules, segments(batch.datastream), batch.datastream
    last = groups.last
    newest = {
        "newest_us": batch.time_us[last],
        "newest": batch.value[last],
        "quality": batch.quality[last],
        "newest_origin": batch.origin[last],
    }
    reaches = (batch.value >= rules.lowest_rising[number]) | (batch.value <= rules.highest_falling[number])
    restless = np.logical_or.reduceat(reaches, groups.start) | state.reached[groups.key].any(axis=1)
    return _changed(state, groups.key, newest), batch if restless.all() else batch.take(restless[groups.of])


def _clears(
    value: NDArray[np.float64], clear: NDArray[np.float64], quality: NDArray[np.uint8], rules: Rules
) -> NDArray[np.bool_]:
    """Where a value leaves a level; shapes (n, K), (n, K), (n,) -> (n, K).

    A value that failed its quality tests never does: a broken sensor's −9999 is not the end of a flood.
    """
    down = value < clear
    return down & (quality != Quality.FAIL)[:, None] if rules.quality_gates else down


def _held(
    up: NDArray[np.bool_], down: NDArray[np.bool_], initial: NDArray[np.bool_], groups: Segments
) -> NDArray[np.bool_]:
    """Whether each level is held after each observation: the latest clear word, up or down, else as it was."""
    latest = latest_true(up | down, groups)
    as_it_was = initial[groups.of]
    return np.where(latest >= 0, np.take_along_axis(up, np.maximum(latest, 0), axis=0), as_it_was)


def _told(
    held: NDArray[np.bool_], fresh: NDArray[np.bool_], initial: NDArray[np.bool_], groups: Segments
) -> NDArray[np.bool_]:
    """Whether the level, as held after each observation, has been seen held by a fresh one since it was reached."""
    let_go = latest_true(~held, groups)
    seen = latest_true(held & fresh, groups)
    return held & ((seen > let_go) | (initial[groups.of] & (let_go < 0)))


def _since(raised: NDArray[np.bool_], batch: Batch, initial: NDArray[np.int64], groups: Segments) -> NDArray[np.int64]:
    """Phenomenon time at which each level was last reached, after each observation."""
    latest = latest_true(raised, groups)
    return np.where(latest >= 0, batch.time_us[np.maximum(latest, 0)], initial[groups.of])


def _changed(state: State, numbers: NDArray[np.int32], rows: Mapping[str, Any]) -> State:
    """A copy of the state with other rows for `numbers`; the arrays of `state` itself stay as they are."""
    changed = {}
    for name, values in rows.items():
        changed[name] = getattr(state, name).copy()
        changed[name][numbers] = values
    return replace(state, **changed)


def _fire_timers(state: State, found: list[Found]) -> State:
    """Tell as silent what was due up to `state.now_us` and was not heard."""
    if state.next_due_us() > state.now_us:
        return state
    due = state.heard_us + np.minimum(state.rules.silence_us, NO_TIMER // 2)
    falls_silent = ~state.silent & (due <= state.now_us) & (state.rules.silence_us != NO_TIMER)
    for number in np.flatnonzero(falls_silent):
        cause = Cause.OVERDUE if state.ever_heard[number] else Cause.NEVER_HEARD
        found.append(fell_silent(state, cause, int(number), int(due[number]), int(state.origin[number])))
    return replace(state, silent=state.silent | falls_silent)


def _return_vanished(old: State, new: State, now_us: int, found: list[Found]) -> None:
    """Levels that were held and are no longer in the rules, and the silence of datastreams that are not."""
    for number, place in np.argwhere(old.reached):
        name = old.rules.names[number][place]
        if number >= new.rules.shape[0] or name not in new.rules.names[number]:
            seen = Seen.newest(old, int(number), now_us)
            found.append(level_moved(old, Kind.RETURNED, Cause.CATALOGUE, int(number), int(place), seen))
    size = new.rules.shape[0]
    silent = (int(number) for number in np.flatnonzero(old.silent))
    found.extend(let_go(old, n, now_us) for n in silent if n >= size or new.rules.silence_us[n] == NO_TIMER)
