"""Across stations: waves along the reaches, and datastreams that count others.  Follows transitions, which are few."""

from dataclasses import replace
from itertools import groupby

import numpy as np

from sensors.detector.counts import Counts
from sensors.detector.holding import Holding
from sensors.detector.judged_batch import JudgedBatch
from sensors.detector.levels import judge_levels
from sensors.detector.timers import fire, with_due
from sensors.detector.waves import Waves, wave_due_us
from sensors.rows import Rows, rows_of
from sensors.segments import stable_order
from sensors.state import State
from sensors.transition import Transition


def across_due_us(state: State) -> int:
    """When the next thing falls due across stations, in receive time; `NO_TIMER` where nothing can."""
    return wave_due_us(state.waves)


def across(
    begun: State, state: State, transitions: list[Transition], now_us: int, judged: JudgedBatch
) -> tuple[State, list[Transition]]:
    """The state after the transitions of a step, sorted, that began with `begun`; and what follows from them."""
    rules, told = state.rules, list[Transition]()
    if not len(rules.waves.upstream) and not len(rules.counts.number):
        return state, told
    waves = Waves(rules.waves, begun.waves)
    counts = Counts(rules.counts, state.newest)
    is_first = begun.now_us == begun.floor_us  # after a start or other rules: what is held may have changed
    if transitions or is_first or waves.are_due(now_us):
        holding = Holding(begun)
        if is_first:
            counts.begin(holding, begun.newest, begun.floor_us)
        for at_us, together in groupby(transitions, key=lambda transition: transition.at_us):
            moment = list(together)
            waves.pass_time(at_us - 1, holding)
            for transition in moment:
                if holding.moves(transition):
                    counts.see(transition, holding)
            waves.see(moment, holding)
        waves.pass_time(now_us, holding)
        state = replace(state, waves=waves.state)
    rows = _rows(counts, judged)
    if len(rows):
        state = judge_levels(state, rows, told).state
        state = with_due(state, rows.groups.key)
    state = fire(state, now_us, told, rules.counts.number)
    return state, told + waves.told


def _rows(counts: Counts, judged: JudgedBatch) -> Rows:
    batch = counts.batch()
    if len(batch):
        judged.add(batch)
    order = stable_order(batch.datastream)
    return rows_of(batch.take(order), np.asarray(order))
