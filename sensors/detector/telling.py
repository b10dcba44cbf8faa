"""Devices that tell at which interval they send now: the silence of their other datastreams is judged by it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sensors.detector.changes import changed
from sensors.detector.lost import lost_now, silence
from sensors.detector.sorting import Sorted
from sensors.detector.timers import with_due
from sensors.quality import Quality
from sensors.rules import NO_TIMER
from sensors.state import State
from sensors.transition import Cause, Transition

Times = NDArray[np.int64]


def tell_intervals(state: State, heard: Sorted, told: list[Transition]) -> State:
    """The silence that is allowed from the last of these observations on, where one of them tells an interval.

    A datastream that was silent by the interval before is told so first.
    """
    rules = state.rules.silence
    if not rules.tells[heard.groups.key].any():
        return state
    at = np.flatnonzero(rules.tells[heard.batch.datastream] & heard.newer)
    for index in at[np.argsort(heard.arrival[at])].tolist():
        if not is_interval(heard, index):
            continue
        numbers, allowed_us = allowed_by(state, heard, index)
        tells = changed(state.heard, heard.batch.datastream[[index]], {"tells": heard.batch.value[index]})
        state = replace(state, heard=tells)
        state = _allow(state, numbers, allowed_us, int(heard.batch.receive_us[index]), told)
    return state


def is_interval(heard: Sorted, index: int) -> bool:
    """Whether what is told at `index` can be an interval; otherwise the one before stays."""
    return bool(heard.batch.value[index] > 0 and heard.batch.quality[index] != Quality.FAIL)


def allowed_by(state: State, heard: Sorted, index: int) -> tuple[NDArray[np.intp], Times]:
    """The datastreams that the interval told at `index` is for, and the silence that it allows them."""
    rules = state.rules.silence
    numbers = rules.listeners[int(heard.batch.datastream[index])]
    return numbers, rules.by_interval(numbers, np.full(len(numbers), heard.batch.value[index]))


def _allow(state: State, numbers: NDArray[np.intp], new_us: Times, from_us: int, told: list[Transition]) -> State:
    changes = new_us != state.heard.told_us[numbers]
    numbers, new_us = numbers[changes], new_us[changes]
    if not len(numbers):
        return state
    heard = state.heard
    silent, silent_us, lost_per_h = heard.silent.copy(), heard.silent_us.copy(), heard.lost_per_h.copy()
    for number in numbers.tolist():
        due_us = int(heard.heard_us[number] + heard.allowed_us[number])
        if silent[number] or heard.allowed_us[number] == NO_TIMER or due_us >= from_us:
            continue
        cause = Cause.OVERDUE if heard.ever[number] else Cause.NEVER_HEARD
        lost = lost_now(state, number, due_us)
        told.append(silence(state, lost, cause, int(heard.origin[number])))
        silent[number], silent_us[number], lost_per_h[number] = True, due_us, lost.rate.high
    allowed, told_us = heard.allowed_us.copy(), heard.told_us.copy()
    allowed[numbers] = np.maximum(new_us, from_us - heard.heard_us[numbers])  # nobody is silent before he is told to be
    told_us[numbers] = new_us
    heard = replace(heard, silent=silent, silent_us=silent_us, lost_per_h=lost_per_h)
    heard = replace(heard, allowed_us=allowed, told_us=told_us)
    return with_due(replace(state, heard=heard), numbers)
