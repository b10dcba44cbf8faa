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
    """The state with the derived columns of what these datastreams, shape (m,), hold, after it changed."""
    held, levels, at = state.held, state.rules.levels, numbers.astype(np.intp)
    reached = held.reached.take(at, axis=0)
    waits = (reached | (held.up_us.take(at, axis=0) != NEVER)).any(axis=1) & levels.delayed[at]
    open_questions = held.doubtful.take(at, axis=0) | (reached & ~held.announced.take(at, axis=0))
    low, high = levels.band(at, reached)
    rows = {
        "active": waits | open_questions.any(axis=1) | (state.doubt.since_us[at] != NEVER),
        "bits": packed(reached),
        "low": low,
        "high": high,
    }
    return replace(state, held=changed(held, at, rows))
