"""The last observations of each datastream: the newest one, the newest that did not fail, and those remembered."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sensors.detector.changes import changed
from sensors.quality import Quality
from sensors.rows import Rows
from sensors.segments import before, latest_true
from sensors.state import REMEMBERED, Newest, Recent, State

_FAIL: Final = np.uint8(Quality.FAIL)
_PLACES: Final = REMEMBERED - 1  # a power of two less one: what it leaves of a number is its place in a ring


def remember(state: State, rows: Rows, held: NDArray[np.uint8], barred: NDArray[np.bool_]) -> State:
    """The state with these rows as the newest of their datastreams.

    `held`, shape (n,): the levels held after each, a bit each; `barred`, shape (n,): it could end no level.
    """
    state = passed(state, rows, held)
    if state.rules.derived[rows.groups.key].any():  # either all of them are, or none
        return state
    return replace(state, recent=_in_ring(state, rows, held, barred))


def passed(state: State, rows: Rows, held: NDArray[np.uint8]) -> State:
    """The state with these rows behind it, not yet remembered.  `held`, shape (n,): the levels after each, as bits."""
    last = rows.groups.last
    newest, sound = _newest(state.newest, rows, last, held), is_sound(state, rows.batch.quality)
    if not sound[last].all():
        last = latest_true(sound[:, None], rows.groups)[last, 0]
        last = last[last >= 0]
    return replace(state, newest=newest, sound=_newest(state.sound, rows, last, held))


def is_sound(state: State, quality: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which qualities, shape (n,), did not fail, where quality counts at all."""
    sound: NDArray[np.bool_] = quality != _FAIL
    return sound if state.rules.quality_gates else np.ones(len(quality), np.bool_)


def sound_before(state: State, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Time, microseconds, and value of the newest observation before each row that did not fail, shapes (n,).

    `NEVER` and NaN = none.
    """
    groups, key = rows.groups, rows.groups.key.astype(np.intp)
    sound, time_us, value = is_sound(state, rows.batch.quality), rows.batch.time_us, rows.batch.value
    if sound.all():
        return before(time_us, state.sound.time_us[key], groups), before(value, state.sound.value[key], groups)
    latest = before(latest_true(sound[:, None], groups)[:, 0], np.full(len(key), -1), groups)
    is_row, at = latest >= 0, np.maximum(latest, 0)
    was_us, was = state.sound.time_us[key][groups.of], state.sound.value[key][groups.of]
    return np.where(is_row, time_us[at], was_us), np.where(is_row, value[at], was)


def _newest(part: Newest, rows: Rows, last: NDArray[np.intp], held: NDArray[np.uint8]) -> Newest:
    """With the rows at `last`, at most one of a datastream."""
    batch = rows.batch
    return changed(
        part,
        batch.datastream[last],
        {
            "time_us": batch.time_us[last],
            "received_us": batch.receive_us[last],
            "value": batch.value[last],
            "quality": batch.quality[last],
            "origin": batch.origin[last],
            "held": held[last],
        },
    )


def _in_ring(state: State, rows: Rows, held: NDArray[np.uint8], barred: NDArray[np.bool_]) -> Recent:
    recent, groups = state.recent, rows.groups
    key, number = groups.key.astype(np.intp), rows.batch.datastream.astype(np.intp)
    size, begin = groups.last + 1 - groups.start, recent.at[key].astype(np.intp)
    flat = number * REMEMBERED + (((begin - groups.start)[groups.of] + np.arange(len(rows))) & _PLACES)
    columns: dict[str, NDArray[Any]] = {
        "time_us": rows.batch.time_us,
        "value": rows.batch.value,
        "held": held,
        "barred": barred,
        "quality": rows.batch.quality,
        "origin": rows.batch.origin,
    }
    if size.max() > REMEMBERED:
        stays = np.flatnonzero(np.arange(len(rows)) >= (groups.start + size - REMEMBERED)[groups.of])
        flat, columns = flat[stays], {name: column[stays] for name, column in columns.items()}
    arrays = {}
    for name, column in columns.items():
        arrays[name] = getattr(recent, name).copy()
        arrays[name].reshape(-1)[flat] = column
    at = recent.at.copy()
    at[key] = (begin + size) & _PLACES
    return replace(recent, at=at, **arrays)
