"""What has been told of the levels that are held: as news, in doubt, confirmed.  Scans over the course of the rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.detector.words import Course, Marks, Times, found_us, previous, settling_us
from sensors.quality import is_bad
from sensors.rows import Rows
from sensors.rules import HISTORICAL_AFTER_US
from sensors.segments import Segments, before, latest_true, segments
from sensors.state import State


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What is told of K levels in the course of n rows; every array has shape (n, K), bool, times int64, microseconds.

    announced   after the row the level is held and has been told as news
    settled     told as news before the row (`still_held`), when nothing newer had come for a while; before or after
                what delays did then
    settled_us  when that is found; anything where it is not
    news        told as news by the row, though it was reached before (`still_held`)
    before_us   phenomenon time at which it was reached, just before the row
    since_us    the same, after the row
    doubtful    reached by an observation that is not to be trusted, and not confirmed, after the row
    doubtful_before  the same, just before it
    confirmed   confirmed by the row
    """

    announced: Marks
    settled: Marks
    settled_us: Times
    news: Marks
    before_us: Times
    since_us: Times
    doubtful: Marks
    doubtful_before: Marks
    confirmed: Marks


def standing(state: State, rows: Rows, moves: Course) -> Standing:
    """What the rows make of what has been told."""
    batch, key = rows.batch, rows.groups.key
    since_us = _since(moves, batch.time_us, state.held.since_us.take(key, axis=0), rows.groups)
    doubts = _doubtful(state, rows, moves)
    is_fresh = batch.time_us >= batch.receive_us - HISTORICAL_AFTER_US
    all_told = np.array_equal(state.held.announced.take(key, axis=0), state.held.reached.take(key, axis=0))
    if is_fresh.all() and all_told and not moves.raised_by_delay.any():
        none = np.zeros_like(moves.held)
        return Standing(moves.held, none, since_us, none, since_us, since_us, *doubts)
    return _told(state, rows, moves, is_fresh, since_us, doubts)


def _told(
    state: State,
    rows: Rows,
    moves: Course,
    is_fresh: NDArray[np.bool_],
    since_us: Times,
    doubts: tuple[Marks, Marks, Marks],
) -> Standing:
    """Three moments for each row: before delays run out, after they did, and after the row itself."""
    groups = rows.groups
    by_delay, receive_us = moves.raised_by_delay, rows.batch.receive_us[:, None]
    earlier_us = before(since_us, state.held.since_us.take(groups.key, axis=0), groups)
    before_us = np.where(by_delay, moves.raise_us, earlier_us)
    settled_us = _settled_us(state, rows, before_us)
    until_us = np.where(moves.returned_by_delay, found_us(state, rows, moves.return_us), receive_us)
    raise_us = found_us(state, rows, moves.raise_us)
    fresh_delay = by_delay & (moves.raise_us >= raise_us - HISTORICAL_AFTER_US)
    held = _interleaved(moves.held_before, moves.held_between, moves.held)
    seen = held & _interleaved(
        settled_us < until_us, by_delay & (fresh_delay | (settled_us < receive_us)), moves.held & is_fresh[:, None]
    )
    thrice = segments(np.repeat(rows.batch.datastream, 3))
    initial = state.held.announced.take(groups.key, axis=0)
    let_go, latest = latest_true(~held, thrice), latest_true(seen, thrice)
    announced = held & ((latest > let_go) | (initial.take(thrice.of, axis=0) & (let_go < 0)))
    newly = announced & ~before(announced, initial, thrice)
    return Standing(
        announced=announced[2::3],
        settled=newly[0::3] | (newly[1::3] & ~fresh_delay),
        settled_us=settled_us,
        news=newly[2::3] & ~moves.raised,
        before_us=before_us,
        since_us=since_us,
        doubtful=doubts[0],
        doubtful_before=doubts[1],
        confirmed=doubts[2],
    )


def _settled_us(state: State, rows: Rows, since_us: Times) -> Times:
    """When a level held before each row is an alarm now though it was told as history only."""
    time_us, received_us = previous(state, rows)
    on_delay_us = state.rules.levels.on_delay_us.take(rows.batch.datastream, axis=0)
    waited_us = settling_us(state, since_us - time_us, on_delay_us)
    settled_us: Times = np.maximum(received_us + waited_us, state.floor_us)
    return settled_us


def _interleaved(*moments: Marks) -> Marks:
    return np.stack(moments, axis=1).reshape(-1, moments[0].shape[1])


def _since(moves: Course, time_us: Times, initial: Times, groups: Segments) -> Times:
    """Phenomenon time at which each level was last reached, after each row."""
    raised, by_delay = moves.raised, moves.raised_by_delay
    reaches = raised | by_delay
    if not reaches.any():
        return initial.take(groups.of, axis=0)
    latest = latest_true(reaches, groups)
    reached_us = np.where(raised, time_us[:, None], moves.raise_us)
    then = np.take_along_axis(reached_us, np.maximum(latest, 0), axis=0)
    return np.where(latest >= 0, then, initial.take(groups.of, axis=0))


def _doubtful(state: State, rows: Rows, moves: Course) -> tuple[Marks, Marks, Marks]:
    """Which levels are held in doubt after each row, just before it, and which the row confirms."""
    groups, initial = rows.groups, state.held.doubtful.take(rows.groups.key, axis=0)
    bad = is_bad(rows.batch.quality)
    by_delay = moves.raised_by_delay
    bad_before = before(bad, is_bad(state.newest.quality[groups.key]), groups)
    if not (initial.any() or bad.any() or (bad_before.any() and by_delay.any())):
        none = np.zeros_like(moves.held)
        return none, none, none
    good_up = moves.up & ~bad[:, None]
    doubts = np.where(moves.raised, bad[:, None], np.where(good_up, False, by_delay & bad_before[:, None]))
    latest = latest_true(moves.raised | good_up | by_delay, groups)
    marked = np.take_along_axis(doubts, np.maximum(latest, 0), axis=0)
    doubtful = moves.held & np.where(latest >= 0, marked, initial.take(groups.of, axis=0))
    was = np.where(by_delay, bad_before[:, None], before(doubtful, initial, groups))
    confirmed: Marks = good_up & ~moves.raised & moves.held & moves.held_between & was
    return doubtful, was, confirmed
