"""Devices that tell at which interval they send now: the silence of their other datastreams is judged by it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sensors.detector.changes import changed
from sensors.detector.sorting import Sorted
from sensors.detector.timers import fall_silent, with_due
from sensors.quality import Quality
from sensors.state import State
from sensors.transition import Transition

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
    state = fall_silent(state, numbers, from_us - 1, told)
    allowed_us = np.maximum(new_us, from_us - state.heard.heard_us[numbers])  # nobody is silent before he is told to be
    heard = changed(state.heard, numbers, {"allowed_us": allowed_us, "told_us": new_us})
    return with_due(replace(state, heard=heard), numbers)
