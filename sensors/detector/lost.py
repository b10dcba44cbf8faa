"""A gauge that is lost: whether it was rising, and which levels it could have reached by now."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from sensors.detector.findings import Seen, fell_silent, level_moved
from sensors.detector.memory import is_sound
from sensors.rows import Rows
from sensors.segments import latest_true
from sensors.state import State
from sensors.times import HOUR_US, NEVER
from sensors.transition import Cause, Kind, Transition
from sensors.trend.advance import Points, advance

POSSIBLE_UP_TO_US: Final = 24 * HOUR_US  # after its newest observation: beyond a day anything is possible


class Rate(NamedTuple):
    """A trend at a moment, unit per hour."""

    at_us: int
    low: float
    middle: float
    high: float


NO_RATE: Final = Rate(NEVER, np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class Lost:
    """A silent datastream as it was last seen.

    since_us  receive time from which it is silent
    newest    its newest observation that did not fail; while a fall is in doubt with the value before the fall
    rate      its trend, unit per hour; NaN = none, or too old
    held      levels held after that, a bit each
    """

    number: int
    since_us: int
    newest: Seen
    rate: Rate
    held: int

    @property
    def is_rising(self) -> bool:
        """Whether it was rising, for certain, when it was last seen."""
        return self.rate.low > 0


class Course:
    """What was known of datastreams at each of their rows: `state` before, the rows, the levels `held` after each."""

    def __init__(self, state: State, rows: Rows, held: NDArray[np.uint8], believed: NDArray[np.float64]) -> None:
        self.state, self.held, self._believed = state, held, believed
        self._rows = rows

    @cached_property
    def _points(self) -> Points:
        """The rates at the rows; asked for where a silence lies between two of them, which is seldom."""
        return advance(self.state.trend, self.state.rules.trend, self._rows)[1]

    @cached_property
    def _latest_sound(self) -> NDArray[np.intp]:
        """The newest row that did not fail, at each row; -1 = it lies before them."""
        return latest_true(is_sound(self.state, self._rows.batch.quality)[:, None], self._rows.groups)[:, 0]

    def lost(self, number: int, before: int, since_us: int) -> Lost:
        """A datastream that is silent from `since_us` on, with the first `before` rows behind it."""
        batch, index = self._rows.batch, before - 1
        if index < 0 or int(batch.datastream[index]) != number:
            return lost_now(self.state, number, since_us)
        sound = int(self._latest_sound[index])
        if sound < 0:
            return lost_now(self.state, number, since_us)
        newest = Seen.at(batch, sound)._replace(value=float(self._believed[sound]))
        points = self._points
        point = int(np.searchsorted(points.row, before)) - 1
        if point >= 0 and int(batch.datastream[points.row[point]]) == number:
            at_us = int(batch.time_us[points.row[point]])
            rate = Rate(at_us, *(float(bound[point]) for bound in (points.low, points.middle, points.high)))
        else:
            rate = _trend_of(self.state, number)
        rate = _unless_old(self.state, number, rate, newest.time_us)
        return Lost(number, since_us, newest, rate, int(self.held[sound]))


def lost_now(state: State, number: int, since_us: int) -> Lost:
    """The same where the state is that after its newest observation."""
    newest = Seen.last_sound(state, number)
    if state.doubt.since_us[number] != NEVER:
        newest = newest._replace(value=float(state.doubt.before[number]))
    rate = _unless_old(state, number, _trend_of(state, number), newest.time_us)
    return Lost(number, since_us, newest, rate, int(state.sound.held[number]))


def lost_before(state: State, number: int) -> Lost:
    """The same of a datastream that is silent already: with the rate that it was lost with."""
    lost = lost_now(state, number, int(state.heard.silent_us[number]))
    return replace(lost, rate=NO_RATE._replace(high=float(state.heard.lost_per_h[number])))


def silence(state: State, lost: Lost, cause: Cause, origin: int) -> Transition:
    """The transition into silence; a gauge lost while it was rising outranks one lost flat."""
    rules = state.rules.silence
    rising = lost.is_rising and cause is not Cause.NEVER_HEARD
    severity = max(rules.severity, rules.rising_severity) if rising else rules.severity
    if rising and cause is Cause.OVERDUE:
        cause = Cause.LOST_RISING
    told = fell_silent(lost.number, cause, lost.since_us, severity, origin)
    return msgspec.structs.replace(told, rate_per_h=lost.rate.middle) if rising else told


def possible(state: State, lost: Lost) -> list[tuple[int, int, Transition]]:
    """(receive time, place, transition) of each level that a silent datastream could come to reach unseen."""
    levels, number = state.rules.levels, lost.number
    if not lost.rate.high > 0 or lost.newest.time_us == NEVER:  # re-based while it was silent
        return []
    reachable = []
    for place in range(len(levels.names[number])):
        limit = float(levels.limit[number, place])
        if levels.sign[number, place] < 0 or lost.held >> place & 1 or limit <= lost.newest.value:
            continue
        time_us = possible_us(lost, limit)
        if time_us <= lost.newest.at_us + POSSIBLE_UP_TO_US:
            at_us = max(time_us, state.floor_us)
            seen = lost.newest._replace(time_us=time_us, at_us=at_us)
            told = level_moved(state.rules, Kind.POSSIBLE, Cause.UNSEEN, (number, place), seen)
            reachable.append((at_us, place, msgspec.structs.replace(told, rate_per_h=lost.rate.high)))
    return reachable


def possible_us(lost: Lost, limit: float) -> int:
    """When the water could stand at `limit`, in receive time; not before the silence."""
    hours_us = (limit - lost.newest.value) / lost.rate.high * HOUR_US
    return max(lost.newest.at_us + round(min(hours_us, 2.0 * POSSIBLE_UP_TO_US)), lost.since_us)


def _trend_of(state: State, number: int) -> Rate:
    slot = int(state.rules.trend.slot[number])
    if slot < 0:
        return NO_RATE
    trend = state.trend
    return Rate(int(trend.rate_us[slot]), float(trend.low[slot]), float(trend.rate[slot]), float(trend.high[slot]))


def _unless_old(state: State, number: int, rate: Rate, newest_us: int) -> Rate:
    if rate.at_us == NEVER or rate.at_us < newest_us - int(state.rules.trend.window_us[state.rules.trend.slot[number]]):
        return NO_RATE
    return rate
