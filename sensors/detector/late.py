"""Late observations: they wait for the next half minute, and are judged among those remembered, as history."""

from dataclasses import dataclass, fields, replace
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from sensors.detector.bits import packed, unpacked
from sensors.detector.changes import changed
from sensors.detector.findings import Seen, level_moved
from sensors.detector.sorting import Sorted
from sensors.quality import Quality
from sensors.rules import NO_TIMER
from sensors.segments import before, latest_true, segments
from sensors.state import REMEMBERED, Late, Recent, State, no_late
from sensors.times import NEVER, SECOND_US
from sensors.transition import Cause, Kind, Transition

GRID_US: Final = 30 * SECOND_US  # redelivery after a restart comes in bursts: they are judged as one
MOST: Final = 262_144  # that wait at once; the row that would be one more has them judged before it

Marks = NDArray[np.bool_]


def due_us(late: Late) -> int:
    """When those that wait are judged, in receive time; `NO_TIMER` where none do."""
    return moment_us(int(late.receive_us[0])) if len(late.receive_us) else NO_TIMER


def moment_us(receive_us: int) -> int:
    """The first whole half minute that is not before `receive_us`."""
    return -(-receive_us // GRID_US) * GRID_US


def waiting(state: State, heard: Sorted) -> State:
    """The state with the late ones among these observations waiting."""
    at = np.flatnonzero(heard.late)
    if not len(at):
        return state
    at = at[np.argsort(heard.arrival[at])]
    batch = heard.batch
    columns = {field.name: getattr(batch, field.name)[at] for field in fields(Late)}
    late = Late(**{name: np.concatenate([getattr(state.late, name), column]) for name, column in columns.items()})
    return replace(state, late=late)


def judge_late(state: State, at_us: int, told: list[Transition]) -> State:
    """Judge those that wait, at `at_us`; the live state stays, they join what is remembered.

    Told is what is found with them and not without them: by hysteresis, without delays.
    """
    if not len(state.late.receive_us):
        return state
    merged = _merged(state)
    held = _held(state, merged, np.ones(len(merged.time_us), np.bool_))
    found, known = _moves(held, merged), _moves(_held(state, merged, ~merged.joined), merged)
    for kind, more in ((Kind.RAISED, found[0] & ~known[0]), (Kind.RETURNED, found[1] & ~known[1])):
        for index, place in np.argwhere(more).tolist():
            moved = level_moved(
                state.rules, kind, Cause.LATE, (int(merged.datastream[index]), place), merged.seen(index, at_us)
            )
            told.append(msgspec.structs.replace(moved, historical=True, count=int(kind is Kind.RAISED)))
    return replace(state, late=no_late(), recent=_rejoined(state, merged, held))


@dataclass(frozen=True, slots=True, eq=False)
class _Merged:
    """n observations of some datastreams, remembered and late ones, sorted by datastream and time, one for each time.

    bits    (n,) uint8  levels held after it as it was judged live; anything for a late one
    barred  (n,) bool   it can end no level
    joined  (n,) bool   it came late
    """

    datastream: NDArray[np.int32]
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    origin: NDArray[np.uint8]
    bits: NDArray[np.uint8]
    barred: Marks
    joined: Marks

    def seen(self, index: int, at_us: int) -> Seen:
        """The observation at `index`."""
        return Seen(
            int(self.time_us[index]),
            at_us,
            float(self.value[index]),
            int(self.quality[index]),
            int(self.origin[index]),
        )


def _merged(state: State) -> _Merged:
    late, recent = state.late, state.recent
    numbers = np.unique(late.datastream)
    kept = recent.time_us[numbers] != NEVER
    failed = (late.quality == Quality.FAIL) & state.rules.quality_gates
    joined = np.repeat([False, True], [int(kept.sum()), len(late.time_us)])
    columns = {
        "datastream": np.concatenate([np.repeat(numbers, kept.sum(axis=1)), late.datastream]),
        "bits": np.concatenate([recent.held[numbers][kept], np.zeros(len(late.time_us), np.uint8)]),
        "barred": np.concatenate([recent.barred[numbers][kept], failed]),
        "joined": joined,
    }
    for name in ("time_us", "value", "quality", "origin"):
        columns[name] = np.concatenate([getattr(recent, name)[numbers][kept], getattr(late, name)])
    order = np.lexsort((joined, columns["time_us"], columns["datastream"]))
    number, time_us = columns["datastream"][order], columns["time_us"][order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (number[1:] != number[:-1]) | (time_us[1:] != time_us[:-1])
    return _Merged(**{name: column[order[first]] for name, column in columns.items()})


def _held(state: State, merged: _Merged, among: Marks) -> Marks:
    """The levels held after each of `among`, shape (n, K); of the others, those held before them.

    Where the oldest is a remembered one, what it held is where all begins.
    """
    levels, number = state.rules.levels, merged.datastream
    groups = segments(number)
    value = merged.value[:, None] * levels.sign[number]
    begins = np.zeros(len(number), np.bool_)
    begins[groups.start] = ~merged.joined[groups.start]
    judged = among & ~begins
    with np.errstate(invalid="ignore"):
        up = judged[:, None] & (value >= levels.limit[number])
        down = (judged & ~merged.barred)[:, None] & (value < levels.clear[number])
    held = unpacked(merged.bits, levels.shape[1])
    up |= begins[:, None] & held
    down |= begins[:, None] & ~held
    latest = latest_true(up | down, groups)
    return (latest >= 0) & np.take_along_axis(up, np.maximum(latest, 0), axis=0)


def _moves(held: Marks, merged: _Merged) -> tuple[Marks, Marks]:
    """Where levels were raised and returned; the oldest moves nothing where it is a remembered one."""
    groups = segments(merged.datastream)
    initial = held[groups.start] & ~merged.joined[groups.start][:, None]
    held_before = before(held, initial, groups)
    return held & ~held_before, held_before & ~held


def _rejoined(state: State, merged: _Merged, held: Marks) -> Recent:
    """What is remembered with the late ones among it: the last by time, the oldest first.

    After a re-base a late one may lie in what is the future now: it was judged, and is not remembered.
    """
    groups = segments(merged.datastream)
    bits = packed(held)
    past = merged.time_us <= state.newest.time_us[merged.datastream]
    size = np.add.reduceat(past.astype(np.intp), groups.start)
    slot = REMEMBERED - size[groups.of] + np.arange(len(merged.time_us)) - groups.first
    last = past & (slot >= 0)
    recent = changed(state.recent, groups.key, {"time_us": NEVER, "value": np.nan, "at": 0})
    at = (merged.datastream[last], slot[last])
    arrays = {}
    for name in ("time_us", "value", "quality", "origin", "barred"):
        arrays[name] = getattr(recent, name).copy()
        arrays[name][at] = getattr(merged, name)[last]
    arrays["held"] = recent.held.copy()
    arrays["held"][at] = bits[last]
    return replace(recent, **arrays)
