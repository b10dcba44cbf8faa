"""Where the levels of a datastream rest: the values that move none of them, and whether anything else could."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.detector.bits import packed
from sensors.detector.changes import changed
from sensors.state import State
from sensors.times import NEVER


def with_rest(state: State, numbers: NDArray[np.integer[Any]]) -> State:
    """The state with the derived columns of what these datastreams hold, after it changed."""
    held, levels, numbers = state.held, state.rules.levels, numbers.astype(np.intp)
    reached = held.reached.take(numbers, axis=0)
    waits = (reached | (held.up_us.take(numbers, axis=0) != NEVER)).any(axis=1) & levels.delayed[numbers]
    open_questions = held.doubtful.take(numbers, axis=0) | (reached & ~held.announced.take(numbers, axis=0))
    low, high = levels.band(numbers, reached)
    rows = {
        "active": waits | open_questions.any(axis=1) | (state.doubt.since_us[numbers] != NEVER),
        "bits": packed(reached),
        "low": low,
        "high": high,
    }
    return replace(state, held=changed(held, numbers, rows))
