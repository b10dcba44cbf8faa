"""Silence, in receive time: between one observation and the next, and how long it may last."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sensors.detector.changes import changed
from sensors.detector.findings import spoke
from sensors.detector.lost import Course, Lost, lost_before, possible, silence
from sensors.detector.memory import is_sound
from sensors.detector.sorting import Sorted
from sensors.rules import NO_TIMER
from sensors.segments import before, latest_true
from sensors.state import State
from sensors.times import NEVER
from sensors.transition import Cause, Transition

Times = NDArray[np.int64]
Marks = NDArray[np.bool_]


def hear(state: State, heard: Sorted, course: Course, told: list[Transition]) -> State:
    """Silences that ended or began with these observations; late and repeated ones count as heard.

    `state` is that after their levels were judged, `course` what led there.  A death makes its datastream silent at
    once, and silent it stays until something else is heard of it.  What came as failed is no sign of life: a sensor
    that is gone sends -9999 for ever.
    """
    allowed_us = _allowed(state, course, heard)
    behind: NDArray[np.intp] = np.cumsum(heard.newer) - heard.newer
    signs = heard.dead | is_sound(state, heard.batch.quality)
    if not signs.all():
        heard, allowed_us, behind = heard.take(signs), allowed_us[signs], behind[signs]
        if not len(heard):
            return state
    batch, groups, dead = heard.batch, heard.groups, heard.dead
    key, last = groups.key.astype(np.intp), groups.last
    due_us = _due(state, heard, allowed_us)
    is_dead, is_silent = dead.any(), state.heard.silent[key]
    overdue, was_silent = batch.receive_us > due_us, dead
    if is_dead or is_silent.any():
        was_silent = before(dead, is_silent, groups)
        overdue &= ~was_silent
    silences = _Silences(state, heard, behind, course, told)
    if is_dead or overdue.any() or was_silent.any():
        silences.tell(overdue, was_silent, due_us)
    rows = {
        "heard_us": batch.receive_us[last],
        "allowed_us": allowed_us[last],
        "origin": batch.origin[last],
        "ever": state.heard.ever[key] | np.logical_or.reduceat(~dead, groups.start) if is_dead else True,
        "silent": dead[last],
        "offset_us": _offset(state, heard),
    }
    state = replace(state, heard=changed(state.heard, key, rows))
    return silences.kept(state) if silences.were_any else state


def _due(state: State, heard: Sorted, allowed_us: Times) -> Times:
    """When the silence before each observation falls due."""
    groups, key = heard.groups, heard.groups.key.astype(np.intp)
    allowed_us = before(allowed_us, state.heard.allowed_us[key], groups)
    last_us = before(heard.batch.receive_us, state.heard.heard_us[key], groups)
    waited = allowed_us != NO_TIMER
    return (
        last_us + allowed_us if waited.all() else np.where(waited, last_us + np.where(waited, allowed_us, 0), NO_TIMER)
    )


def _allowed(state: State, course: Course, heard: Sorted) -> Times:
    """The silence that is allowed after each observation: what the device told, else calm or storm by its levels."""
    rules, key, groups = state.rules.silence, heard.groups.key.astype(np.intp), heard.groups
    calm_us, storm_us, told_us = rules.calm_us[key], rules.storm_us[key], state.heard.told_us[key]
    is_told = told_us != NO_TIMER
    in_calm = np.where(is_told, told_us, calm_us)[groups.of]
    may_storm = ~is_told & (calm_us != storm_us)
    if not may_storm.any():
        return in_calm
    held = course.held
    if not heard.newer.all():
        held = np.zeros(len(heard), np.uint8)
        held[heard.newer] = course.held
        latest = latest_true(heard.newer[:, None], groups)[:, 0]
        held = np.where(latest >= 0, held[np.maximum(latest, 0)], course.state.newest.held[key][groups.of])
    storms = held != 0
    return np.where(may_storm[groups.of] & storms, storm_us[groups.of], in_calm) if storms.any() else in_calm


def _offset(state: State, heard: Sorted) -> Times:
    """Receive time less the device's, of the last observation of each datastream that has one."""
    batch, groups = heard.batch, heard.groups
    last = groups.last
    sent = batch.device_us != NEVER
    if sent[last].all():
        return batch.receive_us[last] - batch.device_us[last]
    latest = latest_true(sent[:, None], groups)[:, 0][last]
    at = np.maximum(latest, 0)
    return np.where(latest >= 0, batch.receive_us[at] - batch.device_us[at], state.heard.offset_us[groups.key])


class _Silences:
    """The silences before the observations of a batch, what became possible during them, what ended or began them."""

    def __init__(
        self, state: State, heard: Sorted, behind: NDArray[np.intp], course: Course, told: list[Transition]
    ) -> None:
        """`behind`, shape (n,): how many rows of the course come before each observation."""
        self._state, self._heard, self._behind, self._course, self._told = state, heard, behind, course, told
        self._lost: dict[int, Lost] = {}  # those that are silent just now
        self._possible: dict[int, set[int]] = {}  # levels told as possible in the silence that goes on
        self._ended: set[int] = set()

    @property
    def were_any(self) -> bool:
        """Whether there was a silence."""
        return bool(self._lost or self._ended)

    def tell(self, overdue: Marks, was_silent: Marks, due_us: Times) -> None:
        """Tell them, shape (n,) each: which observations came overdue or after a silence, and when they were due."""
        batch, groups, dead = self._heard.batch, self._heard.groups, self._heard.dead
        origin = before(batch.origin, self._state.heard.origin[groups.key], groups)
        is_first = groups.first == np.arange(len(self._heard))
        for index in np.flatnonzero(overdue | was_silent | dead).tolist():
            number, at_us = int(batch.datastream[index]), int(batch.receive_us[index])
            ever = not is_first[index] or bool(self._state.heard.ever[number])
            if overdue[index]:
                cause = Cause.OVERDUE if ever else Cause.NEVER_HEARD
                self._fall_silent(number, int(self._behind[index]), int(due_us[index]), cause, int(origin[index]))
            elif was_silent[index] and number not in self._lost:
                self._lost[number] = lost_before(self._course.state, number)
                self._possible[number] = set(np.flatnonzero(self._course.state.held.possible[number]).tolist())
            elif dead[index] and not was_silent[index]:
                cause = Cause.DEATH if ever else Cause.NEVER_HEARD
                self._fall_silent(number, int(self._behind[index]), at_us, cause, int(batch.origin[index]))
            self._widen(number, at_us)
            if not dead[index]:
                self._told.append(spoke(batch, index))
                del self._lost[number]
                self._ended.add(number)

    def kept(self, state: State) -> State:
        """The state that remembers the silences that go on, and forgets those that ended."""
        silent_us, lost_per_h = state.heard.silent_us.copy(), state.heard.lost_per_h.copy()
        marks = state.held.possible.copy()
        for number in self._ended:
            marks[number], silent_us[number], lost_per_h[number] = False, NEVER, np.nan
        for number, lost in self._lost.items():
            marks[number], silent_us[number], lost_per_h[number] = False, lost.since_us, lost.rate.high
            marks[number, list(self._possible[number])] = True
        heard = replace(state.heard, silent_us=silent_us, lost_per_h=lost_per_h)
        return replace(state, heard=heard, held=replace(state.held, possible=marks))

    def _fall_silent(self, number: int, behind: int, since_us: int, cause: Cause, origin: int) -> None:
        lost = self._course.lost(number, behind, since_us)
        self._told.append(silence(self._state, lost, cause, origin))
        self._lost[number], self._possible[number] = lost, set()

    def _widen(self, number: int, until_us: int) -> None:
        """What became possible before `until_us`."""
        known = self._possible[number]
        for at_us, place, transition in possible(self._state, self._lost[number]):
            if at_us < until_us and place not in known:
                self._told.append(transition)
                known.add(place)
