"""Other rules in force: what the newest observation holds, or no longer holds, by them."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sensors.detector.bits import packed
from sensors.detector.chatter import Chatter
from sensors.detector.findings import Found, Seen, found, let_go, level_moved
from sensors.detector.rest import with_rest
from sensors.detector.timers import with_due
from sensors.quality import Quality, is_bad
from sensors.remapping import loses_meaning, remap
from sensors.rules import HISTORICAL_AFTER_US, NO_TIMER, Rules
from sensors.state import State
from sensors.times import NEVER
from sensors.transition import Cause, Kind, Transition


def install(state: State, rules: Rules, now_us: int) -> tuple[State, tuple[Transition, ...]]:
    """Put other rules in force: what the newest observation holds or no longer holds becomes a transition.

    Their cause is `catalogue`; a level that is gone while it was held is returned, as is one on a rate or on minutes to
    come where the rivers' pace is another; a silent datastream that is gone is not waited for any more.  Delays do not
    count here, and begin anew.
    """
    new = replace(remap(state, rules, now_us), now_us=max(now_us, state.now_us))
    moved: list[Found] = [found(t) for t in _vanished(state, new, now_us)]
    levels, newest = rules.levels, new.newest
    value = newest.value[:, None] * levels.sign
    in_doubt = ((new.doubt.since_us != NEVER) & rules.doubt.applies) | (
        (newest.quality == Quality.FAIL) & rules.quality_gates
    )
    with np.errstate(invalid="ignore"):
        clears = (value < levels.clear) & ~in_doubt[:, None]
        held = (value >= levels.limit) | (new.held.reached & ~clears)
    held &= ~np.isnan(levels.limit) & (newest.time_us != NEVER)[:, None]
    changed, chatter = held != new.held.reached, Chatter(new)
    for number, place in np.argwhere(changed).tolist():
        kind = Kind.RAISED if held[number, place] else Kind.RETURNED
        seen = Seen.newest(new, number, now_us)
        told = level_moved(rules, kind, Cause.CATALOGUE, (number, place), seen)
        moved.append(found(chatter.counted(told, (number, place)) if held[number, place] else told))
    moved.sort(key=lambda one: one.key)
    fresh = (newest.time_us >= now_us - HISTORICAL_AFTER_US)[:, None]
    bad = is_bad(newest.quality)[:, None]
    levels_held = replace(
        chatter.held,
        reached=held,
        announced=held & (new.held.announced | (changed & fresh)),
        doubtful=held & np.where(changed, bad, new.held.doubtful),
        since_us=np.where(changed & held, newest.time_us[:, None], new.held.since_us),
    )
    bits = packed(held)
    new = replace(new, held=levels_held, newest=replace(newest, held=bits), sound=replace(new.sound, held=bits))
    every = np.arange(rules.shape[0])
    new = _waiting(with_rest(_doubting(new), every), now_us)
    return with_due(new, every), tuple(one.transition for one in moved)


def _doubting(state: State) -> State:
    """Doubts about falls by the levels that are held now; where none is held there is none."""
    rising = state.held.reached & (state.rules.levels.sign > 0)
    goes_on = (state.doubt.since_us != NEVER) & state.rules.doubt.applies & rising.any(axis=1)
    doubt = replace(
        state.doubt,
        since_us=np.where(goes_on, state.doubt.since_us, NEVER),
        rows=np.where(goes_on, state.doubt.rows, 0).astype(np.int32),
        clear=np.where(goes_on, state.doubt.clear, np.nan),
    )
    return replace(state, doubt=doubt)


def _waiting(state: State, now_us: int) -> State:
    """The silence that is allowed: what the device told, else calm or storm by what is held; none ended before now."""
    rules, told_us = state.rules.silence, state.heard.told_us
    by_levels = np.where(state.held.bits != 0, rules.storm_us, rules.calm_us)
    allowed_us = np.where((told_us == NO_TIMER) | (rules.told_by < 0), by_levels, told_us)
    allowed_us = np.where(state.heard.silent, allowed_us, np.maximum(allowed_us, now_us - state.heard.heard_us))
    return replace(state, heard=replace(state.heard, allowed_us=allowed_us))


def _vanished(old: State, new: State, now_us: int) -> Iterator[Transition]:
    """Levels that were held and are no longer in the rules or mean nothing there; silence of those that are not."""
    size, forgotten = new.rules.shape[0], loses_meaning(old.rules, new.rules)
    for number, place in np.argwhere(old.held.reached).tolist():
        name = old.rules.levels.names[number][place]
        if number >= size or forgotten[number] or name not in new.rules.levels.names[number]:
            seen = Seen.newest(old, number, now_us)
            yield level_moved(old.rules, Kind.RETURNED, Cause.CATALOGUE, (number, place), seen)
    for number in np.flatnonzero(old.heard.silent).tolist():
        if number >= size or not new.rules.known[number] or new.rules.derived[number]:
            yield let_go(old, number, now_us)
