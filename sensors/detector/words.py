"""The words of observations about levels, their runs, and what follows for each level: a scan, no loop over samples."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.detector.memory import sound_before
from sensors.rows import Rows
from sensors.segments import Segments, before, latest_true
from sensors.state import State
from sensors.times import NEVER

Marks = NDArray[np.bool_]
Times = NDArray[np.int64]
FAR: Final = 2**62  # further than any time


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What n observations do to their K levels; every array has shape (n, K), bool, times int64, microseconds.

    Between one observation and the next a delay may run out: `raised_by_delay`, `returned_by_delay` at
    `raise_us`, `return_us`, just before the observation; then the observation itself moves the level.

    up, down      words of the observation
    held          after it
    held_between  before it, and after what the delays did
    held_before   before that
    raise_us, return_us  when the delay that ran before it is due; `NEVER` = none did
    up_us, down_us  beginning of the runs that go on after it; `NEVER` = none
    """

    up: Marks
    down: Marks
    held: Marks
    held_between: Marks
    held_before: Marks
    raise_us: Times
    return_us: Times
    up_us: Times
    down_us: Times

    @property
    def raised_by_delay(self) -> Marks:
        """Raised just before the observation."""
        return self.held_between & ~self.held_before

    @property
    def returned_by_delay(self) -> Marks:
        """Returned just before the observation."""
        return self.held_before & ~self.held_between

    @property
    def raised(self) -> Marks:
        """Raised by the observation."""
        return self.held & ~self.held_between

    @property
    def returned(self) -> Marks:
        """Returned by the observation."""
        return self.held_between & ~self.held


def course(state: State, rows: Rows, barred: Marks) -> Course:
    """What the rows do to their levels.

    Parameters
    ----------
    state : what is held and which delays run before the rows
    rows : n observations, each newer than those before of its datastream
    barred : ndarray, shape (n,), bool, the row can end no level

    Returns
    -------
    course : for each row and level its word, what is held, and when delays ran out before it

    References
    ----------
    `docs/detector.md`, "Levels".
    """
    levels, number, groups = state.rules.levels, rows.batch.datastream, rows.groups
    value = rows.batch.value[:, None] * levels.sign.take(number, axis=0)
    with np.errstate(invalid="ignore"):
        up, beyond = value >= levels.limit.take(number, axis=0), value < levels.clear.take(number, axis=0)
    down = beyond & ~barred[:, None] if barred.any() else beyond
    initial = state.held.reached.take(groups.key, axis=0)
    if not levels.delayed[groups.key].any():
        held = _latest_word(up, down, initial, groups)
        between = before(held, initial, groups)
        never = np.broadcast_to(np.int64(NEVER), up.shape)
        return Course(up, down, held, between, between, never, never, never, never)
    return _delayed_course(state, rows, (up, down, beyond & ~down), initial)


def _delayed_course(state: State, rows: Rows, words: tuple[Marks, Marks, Marks], initial: Marks) -> Course:
    levels, number, groups = state.rules.levels, rows.batch.datastream, rows.groups
    up, down, passed = words
    real = ~np.isnan(levels.limit.take(number, axis=0))
    other = real & ~up & ~down & ~passed
    on_us, off_us = levels.on_delay_us.take(number, axis=0), levels.off_delay_us.take(number, axis=0)
    time_us = rows.batch.time_us
    was_up_us = state.held.up_us.take(groups.key, axis=0)
    was_down_us = state.held.down_us.take(groups.key, axis=0)
    up_us = _run_begins(up & (on_us > 0), (down | other) & (on_us > 0), time_us, was_up_us, groups)
    down_us = _run_begins(down & (off_us > 0), (up | other) & (off_us > 0), time_us, was_down_us, groups)
    raise_us = _due(before(up_us, was_up_us, groups), on_us)
    return_us = _due(before(down_us, was_down_us, groups), off_us)
    fires_up, fires_down = _fires(state, rows, raise_us), _fires(state, rows, return_us)
    sound_us, calm_us = sound_before(state, rows)[0][:, None], state.rules.silence.calm_us.take(number)[:, None]
    fires_down &= (return_us > previous(state, rows)[0]) & (return_us - sound_us <= calm_us)
    up_now, down_now = up & (on_us == 0), down & (off_us == 0)
    down_now |= down & (down_us != NEVER) & (time_us[:, None] - down_us >= off_us)  # it had run out in a gap
    moved = up_now | down_now
    held = _latest_word(np.where(moved, up_now, fires_up), np.where(moved, down_now, fires_down), initial, groups)
    held_before = before(held, initial, groups)
    held_between = (held_before | fires_up) & ~fires_down
    return Course(up, down, held, held_between, held_before, raise_us, return_us, up_us, down_us)


def settling_us(state: State, ahead_us: Times, on_delay_us: Times) -> Times:
    """How long after the newest observation a level that was told as history is news, shape (n, K).

    `ahead_us`, shape (n, K): by so much its raise lies after the newest observation, where an on-delay raised it; more
    than the delay is of a clock that ran ahead then.
    """
    by_delay = (ahead_us > 0) & (ahead_us <= on_delay_us)
    return np.maximum(np.where(by_delay, ahead_us, 0), state.rules.settle_us)


def found_us(state: State, rows: Rows, due_us: Times) -> Times:
    """When each delay that ran out before its row is found, in receive time, shape (n, K); anything where none did."""
    previous_us, received_us = previous(state, rows)
    ours = np.where(due_us == NEVER, FAR, received_us + (due_us - previous_us))
    return np.maximum(np.minimum(ours, rows.batch.receive_us[:, None]), state.floor_us)


def _latest_word(up: Marks, down: Marks, initial: Marks, groups: Segments) -> Marks:
    """Whether each level is held after each row: the latest clear word, up or down, else as it was."""
    was = initial.take(groups.of, axis=0)
    if not np.where(was, down & ~up, up).any():  # nobody contradicts
        return was
    latest = latest_true(up | down, groups)
    return np.where(latest >= 0, np.take_along_axis(up, np.maximum(latest, 0), axis=0), was)


def _run_begins(word: Marks, ends: Marks, time_us: Times, initial_us: Times, groups: Segments) -> Times:
    """The time at which the run that goes on after each row began; `NEVER` where none does."""
    latest = latest_true(word | ends, groups)
    goes_on = np.take_along_axis(word, np.maximum(latest, 0), axis=0)
    initial = initial_us.take(groups.of, axis=0)
    runs = np.where(latest >= 0, goes_on, initial != NEVER)
    begins = word & ~before(runs, initial_us != NEVER, groups)
    begun = latest_true(begins, groups)
    since = np.where(begun >= 0, time_us[np.maximum(begun, 0)], initial)
    return np.where(runs, since, NEVER)


def _due(begun_us: Times, delay_us: Times) -> Times:
    return np.where((begun_us == NEVER) | (delay_us == 0), NEVER, begun_us + delay_us)


def _fires(state: State, rows: Rows, due_us: Times) -> Marks:
    """Which delays run out before their row: by its time, or by its receive time."""
    waits: Marks = due_us != NEVER
    if not waits.any():
        return waits
    previous_us, received_us = previous(state, rows)
    by_own = due_us <= rows.batch.time_us[:, None]
    ours = received_us + (np.where(waits, due_us, 0) - np.where(waits, previous_us, 0))
    fires: Marks = waits & (by_own | (ours < rows.batch.receive_us[:, None]))
    return fires


def previous(state: State, rows: Rows) -> tuple[Times, Times]:
    """Phenomenon and receive time of the newest observation before each row, shape (n, 1)."""
    key = rows.groups.key
    previous_us = before(rows.batch.time_us, state.newest.time_us[key], rows.groups)
    received_us = before(rows.batch.receive_us, state.newest.received_us[key], rows.groups)
    return previous_us[:, None], received_us[:, None]
