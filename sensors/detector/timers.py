"""Timers: what falls due though nothing is heard.  Delays in own time, the rest in receive time."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sensors.detector.changes import changed
from sensors.detector.chatter import Chatter
from sensors.detector.findings import Seen, level_moved, ran_out, still_held
from sensors.detector.lost import lost_before, lost_now, possible, silence
from sensors.detector.rest import with_rest
from sensors.detector.words import settling_us
from sensors.rules import NO_TIMER
from sensors.state import State
from sensors.times import NEVER
from sensors.transition import Cause, Kind, Transition

Numbers = NDArray[np.int32] | NDArray[np.intp]


def with_due(state: State, numbers: Numbers) -> State:
    """The state with the next due times of these datastreams, shape (m,)."""
    heard, numbers = state.heard, numbers.astype(np.intp)
    allowed_us, silent = heard.allowed_us[numbers], heard.silent[numbers]
    due_us = heard.heard_us[numbers] + allowed_us  # wraps around for `NO_TIMER`, which is masked
    due_us[silent | (allowed_us == NO_TIMER)] = NO_TIMER
    active = np.flatnonzero(state.held.active[numbers])
    if len(active):
        due_us[active] = np.minimum(due_us[active], _due_of_levels(state, numbers[active]))
    for place in np.flatnonzero(silent).tolist():
        due_us[place] = min(due_us[place], _due_of_possible(state, int(numbers[place])))
    everywhere = state.due_us.copy()
    everywhere[numbers] = due_us
    return replace(state, due_us=everywhere)


def fire(state: State, now_us: int, told: list[Transition], among: NDArray[np.int32] | None = None) -> State:
    """What falls due up to `now_us`.

    Parameters
    ----------
    state : before
    now_us : int, microseconds UTC
    told : transitions are added to it
    among : ndarray, shape (m,), int32, the datastreams to look at; None = all but those that count others

    Returns
    -------
    state : after it, the same object where nothing fell due

    References
    ----------
    `docs/detector.md`, "Levels" and "Silence".
    """
    if among is None:
        due = state.due_us <= now_us
        due[state.rules.counts.number] = False
        numbers = np.flatnonzero(due)
    else:
        numbers = among[state.due_us[among] <= now_us].astype(np.intp)
    if not len(numbers):
        return state
    state = move_levels(state, numbers, now_us, told)
    state = fall_silent(state, numbers, now_us, told)
    state = _widen(state, numbers, now_us, told)
    return with_due(state, numbers)


def move_levels(state: State, numbers: Numbers, now_us: int, told: list[Transition]) -> State:
    """Delays of these datastreams, shape (m,), that run out up to `now_us`, and levels that are news by then."""
    held = state.held
    state = _settle(state, numbers, now_us, told, before_returns=True)
    state = _run_out(state, numbers, now_us, told)
    state = _settle(state, numbers, now_us, told)
    return state if state.held is held else with_rest(state, numbers)


def _due_of_levels(state: State, numbers: Numbers) -> NDArray[np.int64]:
    """When the first delay runs out, or the first untold level settles, in receive time."""
    raise_us, return_us = _due_of_delays(state, numbers)
    due_us = np.minimum(np.minimum(raise_us, return_us), _due_of_settling(state, numbers))
    first_us: NDArray[np.int64] = due_us.min(axis=1, initial=NO_TIMER)
    return first_us


def _due_of_delays(state: State, numbers: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each level that waits for its on-delay, and for its off-delay, shape (m, K); `NO_TIMER` = it does not."""
    held, levels = state.held, state.rules.levels
    reached = held.reached.take(numbers, axis=0)
    own_us = (state.newest.received_us[numbers] - state.newest.time_us[numbers])[:, None]  # from own time to ours
    newest_us, sound_us = state.newest.time_us[numbers][:, None], state.sound.time_us[numbers][:, None]
    calm_us = state.rules.silence.calm_us[numbers][:, None]
    dues = []
    for begun, delays, waits, ends_in_gap in (
        (held.up_us, levels.on_delay_us, ~reached, False),
        (held.down_us, levels.off_delay_us, reached, True),
    ):
        begun_us, delay_us = begun.take(numbers, axis=0), delays.take(numbers, axis=0)
        runs = waits & (begun_us != NEVER)
        due_us = np.where(runs, begun_us, 0) + delay_us
        if ends_in_gap:  # nobody knows what happens in it
            runs &= (due_us > newest_us) & (due_us - sound_us <= calm_us)
        dues.append(np.where(runs, due_us + own_us, NO_TIMER))
    return dues[0], dues[1]


def _due_of_settling(state: State, numbers: Numbers) -> NDArray[np.int64]:
    """When a held level that was told as history only is an alarm now, shape (m, K)."""
    held, newest = state.held, state.newest
    untold = held.reached.take(numbers, axis=0) & ~held.announced.take(numbers, axis=0)
    received_us, time_us = newest.received_us[numbers][:, None], newest.time_us[numbers][:, None]
    since_us = np.where(untold, held.since_us.take(numbers, axis=0), time_us)
    waited_us = settling_us(state, since_us - time_us, state.rules.levels.on_delay_us.take(numbers, axis=0))
    settled_us = received_us + waited_us
    return np.where(untold, np.maximum(settled_us, state.floor_us), NO_TIMER)


def _due_of_possible(state: State, number: int) -> int:
    lost = lost_before(state, number)
    untold = ~state.held.possible[number]
    return min((at_us for at_us, place, _ in possible(state, lost) if untold[place]), default=NO_TIMER)


def _run_out(state: State, numbers: Numbers, now_us: int, told: list[Transition]) -> State:
    raise_us, return_us = _due_of_delays(state, numbers)
    raises, returns = raise_us <= now_us, return_us <= now_us
    if not (raises.any() or returns.any()):
        return state
    chatter = Chatter(state)
    reached, announced = state.held.reached.copy(), state.held.announced.copy()
    doubtful, since_us = state.held.doubtful.copy(), state.held.since_us.copy()
    up_us, down_us = state.held.up_us.copy(), state.held.down_us.copy()
    for row, place in np.argwhere(raises | returns):
        at, is_raise = (int(numbers[row]), int(place)), bool(raises[row, place])
        begun, delays = (
            (state.held.up_us, state.rules.levels.on_delay_us)
            if is_raise
            else (state.held.down_us, state.rules.levels.off_delay_us)
        )
        newest = Seen.newest(state, at[0], int(state.newest.received_us[at[0]]))
        seen = ran_out(state, newest, int(begun[at] + delays[at]), NO_TIMER)
        kind = Kind.RAISED if is_raise else Kind.RETURNED
        moved = level_moved(state.rules, kind, Cause.DELAYED, at, seen)
        told.append(chatter.counted(moved, at) if is_raise else moved)
        (up_us if is_raise else down_us)[at] = NEVER
        reached[at], announced[at] = is_raise, is_raise and not moved.historical
        doubtful[at] = is_raise and seen.is_bad
        if is_raise:
            since_us[at] = seen.time_us
    held = replace(chatter.held, reached=reached, announced=announced, doubtful=doubtful, since_us=since_us)
    held = replace(held, up_us=up_us, down_us=down_us)
    return replace(state, held=held)


def _settle(
    state: State, numbers: Numbers, now_us: int, told: list[Transition], *, before_returns: bool = False
) -> State:
    """Levels that are news now though they were told as history; `before_returns`: only before a delay ends them."""
    due_us = _due_of_settling(state, numbers)
    settles = due_us <= now_us
    if before_returns:
        settles &= due_us < np.maximum(_due_of_delays(state, numbers)[1], state.floor_us)
    if not settles.any():
        return state
    announced = state.held.announced.copy()
    for row, place in np.argwhere(settles):
        at = (int(numbers[row]), int(place))
        newest = Seen.newest(state, at[0], int(due_us[row, place]))
        since = newest._replace(time_us=int(state.held.since_us[at]))
        told.append(still_held(state.rules, at, since, state.held, doubtful=bool(state.held.doubtful[at])))
        announced[at] = True
    return replace(state, held=replace(state.held, announced=announced))


def fall_silent(state: State, numbers: Numbers, now_us: int, told: list[Transition]) -> State:
    """Those of the datastreams, shape (m,), whose silence falls due up to `now_us`."""
    heard = state.heard
    waits = ~heard.silent[numbers] & (heard.allowed_us[numbers] != NO_TIMER)
    due_us = heard.heard_us[numbers] + np.where(waits, heard.allowed_us[numbers], 0)
    falls = np.flatnonzero(waits & (due_us <= now_us))
    lost_per_h = []
    for place in falls.tolist():
        number = int(numbers[place])
        cause = Cause.OVERDUE if heard.ever[number] else Cause.NEVER_HEARD
        lost = lost_now(state, number, int(due_us[place]))
        told.append(silence(state, lost, cause, int(heard.origin[number])))
        lost_per_h.append(lost.rate.high)
    if not len(falls):
        return state
    rows = {"silent": True, "silent_us": due_us[falls], "lost_per_h": lost_per_h}
    return replace(state, heard=changed(heard, numbers[falls], rows))


def _widen(state: State, numbers: Numbers, now_us: int, told: list[Transition]) -> State:
    """Levels that a silent gauge could have reached by now."""
    marks = state.held.possible
    for number in numbers[state.heard.silent[numbers]].tolist():
        lost = lost_before(state, number)
        for at_us, place, transition in possible(state, lost):
            if at_us <= now_us and not marks[number, place]:
                told.append(transition)
                marks = marks if marks is not state.held.possible else marks.copy()
                marks[number, place] = True
    return state if marks is state.held.possible else replace(state, held=replace(state.held, possible=marks))
