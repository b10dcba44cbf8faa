"""The detector's memory under other rules: when the catalogue is reloaded."""

from dataclasses import fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.derived.state import remap_derived
from sensors.quality_tests.stage import remap_quality
from sensors.rules import NO_TIMER, Rules
from sensors.state import Late, State, arrays_of, fresh_state
from sensors.trend.state import remap_trend
from sensors.wave_state import remap_waves


def remap(state: State, rules: Rules, now_us: int) -> State:
    """The same memory under other rules: datastreams by number, levels by name; what is new is unheard.

    What the newest observations hold is for `install` to say.  At another pace of the rivers, how fast they moved and
    when they were to reach a level is forgotten with what it held, as their trends are: it was so at the old pace.
    """
    fresh = fresh_state(rules, now_us)
    old = state.rules
    kept = min(old.shape[0], rules.shape[0])
    stays = np.flatnonzero(old.known[:kept] & rules.known[:kept])
    believed = stays[~loses_meaning(old, rules)[stays]]
    observed = stays[~(old.derived[stays] | rules.derived[stays])]
    for part, numbers in (
        ("newest", believed),
        ("sound", believed),
        ("heard", stays),
        ("doubt", stays),
        ("recent", observed),
    ):
        for name, array in arrays_of("", getattr(state, part)):
            getattr(getattr(fresh, part), name)[numbers] = array[numbers]
    fresh.heard.allowed_us[:] = rules.silence.calm_us
    fresh.heard.told_us[:] = _told(fresh)
    fresh.heard.silent[rules.derived] = False
    _move_levels(state, fresh, believed)
    listed = np.isin(state.late.datastream, stays)
    late = Late(*[getattr(state.late, field.name)[listed] for field in fields(Late)])
    return replace(
        fresh,
        late=late,
        quality=remap_quality(state.quality, old.quality, rules.quality),
        trend=remap_trend(state.trend, old.trend, rules.trend),
        derivation=remap_derived(state.derivation, old.derivation, rules.derivation),
        waves=remap_waves(state.waves, old.waves, rules.waves),
    )


def loses_meaning(old: Rules, new: Rules) -> NDArray[np.bool_]:
    """Which of the datastreams that both have say nothing any more, since the rivers' pace is another.  Shape (D,)."""
    kept = min(old.shape[0], new.shape[0])
    return (old.paced[:kept] | new.paced[:kept]) & (old.pace != new.pace)


def _told(state: State) -> NDArray[np.int64]:
    """The silence that devices allow, by the intervals that they told last."""
    rules = state.rules.silence
    told = np.where(rules.told_by >= 0, state.heard.tells[np.maximum(rules.told_by, 0)], np.nan)
    numbers = np.flatnonzero(~np.isnan(told))
    allowed_us = np.full(len(told), NO_TIMER, np.int64)
    allowed_us[numbers] = rules.by_interval(numbers, told[numbers])
    return allowed_us


def _move_levels(state: State, fresh: State, stays: NDArray[np.intp]) -> None:
    """What was held, by the names of the levels; delays begin anew, bits of the remembered move with their levels."""
    old_names, new_names = state.rules.levels.names, fresh.rules.levels.names
    for number in map(int, stays):
        if old_names[number] == new_names[number]:
            width = len(new_names[number])
            for name in _KEPT:
                getattr(fresh.held, name)[number, :width] = getattr(state.held, name)[number, :width]
            continue
        places = {level: place for place, level in enumerate(old_names[number])}
        ring = fresh.recent.held[number : number + 1]  # none of a derived one
        bits = ring.copy()
        ring[:] = 0
        for place, level in enumerate(new_names[number]):
            if level not in places:
                continue
            for name in _KEPT:
                getattr(fresh.held, name)[number, place] = getattr(state.held, name)[number, places[level]]
            ring |= ((bits >> places[level]) & 1) << place


_KEPT: Final = ("reached", "announced", "doubtful", "possible", "since_us", "raised_us", "chatter")
