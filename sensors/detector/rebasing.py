"""Re-basing: a newest time that lies ahead of our clock was set by a clock that was wrong, and is let go."""

from dataclasses import replace

import numpy as np

from sensors.detector.changes import changed
from sensors.detector.findings import rebased
from sensors.detector.rest import with_rest
from sensors.detector.sorting import Sorted
from sensors.detector.timers import fire
from sensors.state import State
from sensors.times import NEVER
from sensors.transition import Transition
from sensors.trend.state import reset_trend


def let_go_ahead(state: State, heard: Sorted, told: list[Transition]) -> State:
    """The state in which the observations that re-base find no newest time before them.

    What is remembered of their datastreams' times begins anew: the last observations, delays, the trend, a doubt about
    a fall.  What is held stays held.
    """
    at = np.flatnonzero(heard.rebases)
    numbers, receive_us = heard.batch.datastream[at], heard.batch.receive_us[at]
    for now_us in np.unique(receive_us).tolist():  # what fell due before
        state = fire(state, now_us - 1, told, numbers[receive_us == now_us])
    observed = numbers[~state.rules.derived[numbers]]  # of what follows from them nobody need be told
    told.extend(rebased(heard.batch, index) for index in at[~state.rules.derived[numbers]].tolist())
    doubted = np.flatnonzero(state.doubt.since_us[numbers] != NEVER)
    doubt_rows = {"since_us": heard.batch.time_us[at[doubted]], "rows": 0, "moved": False}
    state = replace(
        state,
        newest=changed(state.newest, numbers, {"time_us": NEVER}),
        sound=changed(state.sound, numbers, {"time_us": NEVER, "value": np.nan}),
        recent=changed(
            state.recent,
            numbers[~state.rules.derived[numbers]],
            {"time_us": NEVER, "value": np.nan, "at": 0},
        ),
        held=changed(state.held, numbers, {"up_us": NEVER, "down_us": NEVER, "raised_us": NEVER}),
        doubt=changed(state.doubt, numbers[doubted], doubt_rows),
        trend=reset_trend(state.trend, state.rules.trend.slot[observed]),  # of derived ones `derive` does it
    )
    return with_rest(state, numbers)
