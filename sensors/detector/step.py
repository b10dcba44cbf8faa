"""The detector: a pure, deterministic state machine over columns, for all datastreams at once.

Live, replay of the log, evaluation and tests call the same function.  Its transitions do not depend on how the
observations were split into batches; nothing here reads a clock.  `docs/detector.md` is its contract.
"""

from dataclasses import dataclass, replace

import numpy as np

from sensors.batch import Batch
from sensors.derived.stage import derive
from sensors.detector.across import across, across_due_us
from sensors.detector.cutting import first_cut
from sensors.detector.findings import Found, found
from sensors.detector.judged_batch import JudgedBatch, as_ingested
from sensors.detector.late import due_us, judge_late, waiting
from sensors.detector.levels import judge_levels
from sensors.detector.lost import Course
from sensors.detector.rebasing import let_go_ahead
from sensors.detector.silence import hear
from sensors.detector.sorting import Sorted, sort
from sensors.detector.telling import tell_intervals
from sensors.detector.timers import fire, with_due
from sensors.errors import BatchError
from sensors.quality_tests.stage import judge_quality
from sensors.rows import Rows
from sensors.rules import NO_TIMER
from sensors.state import State
from sensors.transition import Transition


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What came of a step.

    state        after it
    transitions  in the order in which they were found
    batch        the observations with their quality as judged, in the order they came, and after them the derived ones
    """

    state: State
    transitions: tuple[Transition, ...]
    batch: Batch


def step(state: State, batch: Batch, now_us: int) -> tuple[State, tuple[Transition, ...]]:
    """`judge` without the observations as judged."""
    judgement = judge(state, batch, now_us)
    return judgement.state, judgement.transitions


def next_due_us(state: State) -> int:
    """When the next timer fires if nothing more is heard, in receive time; `NO_TIMER` where none can."""
    by_datastream = int(state.due_us.min(initial=due_us(state.late)))
    return min(by_datastream, across_due_us(state))


def judge(state: State, batch: Batch, now_us: int) -> Judgement:
    """Judge a batch that was received up to `now_us`, and every timer that fell due until then.

    Parameters
    ----------
    state : the state after all earlier steps; not changed
    batch : n observations in order of arrival, receive times after `state.now_us`, none after `now_us`; those of
        derived datastreams are passed over, and what an earlier step judged of quality is judged anew, so that a batch
        from the log is as good as a fresh one
    now_us : int, microseconds UTC, never less than in an earlier step (`resume` may set it back)

    Returns
    -------
    judgement : the state after it, the transitions, and the batch as judged; a value NaN is missing

    Raises
    ------
    BatchError : `now_us` goes backward, or a datastream number is not in the rules

    Notes
    -----
    O(n + D) where nothing moves, D the datastreams.  Transitions are found one by one: they are few.

    References
    ----------
    `docs/detector.md`.
    """
    if now_us < state.now_us:
        raise BatchError(f"now: expected {state.now_us} or later, got {now_us}")
    if len(batch) and not (batch.datastream.min() >= 0 and batch.datastream.max() < state.rules.shape[0]):
        got = f"{batch.datastream.min()} to {batch.datastream.max()}"
        raise BatchError(f"datastream: expected 0 to {state.rules.shape[0] - 1}, got {got}")
    begun = state
    batch = as_ingested(batch, state.rules)
    judged, told = JudgedBatch(batch), list[Transition]()
    if len(batch):
        state = _judge_rows(state, batch, judged, told)
    state = _pass_time(state, now_us, told)
    every: list[Found] = sorted((found(t) for t in told), key=lambda one: one.key)
    state, more = across(begun, state, [one.transition for one in every], now_us, judged)
    if more:
        every = sorted([*every, *map(found, more)], key=lambda one: one.key)
    return Judgement(replace(state, now_us=now_us), tuple(one.transition for one in every), judged.batch())


def _judge_rows(state: State, batch: Batch, judged: JudgedBatch, told: list[Transition]) -> State:
    """The observations, in stretches: up to where something else has to happen first."""
    left = np.arange(len(batch))
    while len(left):
        places = left
        if (moment_us := due_us(state.late)) != NO_TIMER:
            places = left[batch.receive_us[left] <= moment_us]
            if not len(places):
                state = judge_late(state, max(moment_us, state.floor_us), told)
                continue
        part = batch if len(places) == len(batch) else batch.take(places)
        heard = sort(state, part, places)
        cut = first_cut(state, heard, part, places)
        if cut.taken is not None:
            places = places[cut.taken]
            heard = sort(state, part.take(cut.taken), places)
        if heard.rebases.any():
            state = let_go_ahead(state, heard, told)
            continue
        if len(heard):
            state = _take(state, heard, judged, told)
            state = tell_intervals(state, heard, told)
        left = left[:0] if len(places) == len(left) else np.setdiff1d(left, places, assume_unique=True)
        if cut.is_full:
            state = judge_late(state, int(batch.receive_us[left[0]]), told)
    return state


def _take(state: State, heard: Sorted, judged: JudgedBatch, told: list[Transition]) -> State:
    """Observations that can be judged at once."""
    before, rows = state, heard.rows()
    held, believed = np.zeros(0, np.uint8), rows.batch.value
    if len(rows):
        quality, batch = judge_quality(state.quality, state.rules.quality, rows)
        levels = judge_levels(replace(state, quality=quality), rows.with_batch(batch), told)
        judged.note(levels.rows, rows.batch)
        rows, held, believed = levels.rows, levels.held, levels.believed
        state = _derive(levels.state, rows, judged, told)
    state = hear(state, heard, Course(before, rows, held, believed), told)
    return with_due(waiting(state, heard), heard.groups.key)


def _derive(state: State, rows: Rows, judged: JudgedBatch, told: list[Transition]) -> State:
    """What follows from the rows: derived observations, judged like any other."""
    rules = state.rules
    derivation, trend, derived, _ = derive(
        state.derivation, rules.derivation, (state.trend, rules.trend), (rules.levels.limit, rules.levels.sign), rows
    )
    state = replace(state, derivation=derivation, trend=trend)
    if not len(derived):
        return state
    judged.add(derived)
    places = np.arange(len(derived))  # in order of arrival within a datastream, which is all that counts
    while (heard := sort(state, derived, places)).rebases.any():
        state = let_go_ahead(state, heard, told)
    rows = heard.rows()
    if not len(rows):  # none of them given
        return state
    return with_due(judge_levels(state, rows, told).state, rows.groups.key)


def _pass_time(state: State, now_us: int, told: list[Transition]) -> State:
    """What falls due up to `now_us` though nothing is heard."""
    if due_us(state.late) <= now_us:
        state = judge_late(state, max(due_us(state.late), state.floor_us), told)
    return fire(state, now_us, told)
