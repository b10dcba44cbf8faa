"""The last observations of each datastream: the newest one, and the ring of those remembered."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sensors.detector.changes import changed
from sensors.rows import Rows
from sensors.state import REMEMBERED, Newest, Recent, State

_PLACES: Final = REMEMBERED - 1  # a power of two less one: what it leaves of a number is its place in a ring


def remember(state: State, rows: Rows, held: NDArray[np.uint8], barred: NDArray[np.bool_]) -> State:
    """The state with these rows as the newest of their datastreams.

    `held`, shape (n,): the levels held after each, a bit each; `barred`, shape (n,): it could end no level.
    """
    newest = newest_of(state, rows, held)
    if state.rules.derived[rows.groups.key].any():  # either all of them are, or none
        return replace(state, newest=newest)
    return replace(state, newest=newest, recent=_in_ring(state, rows, held, barred))


def newest_of(state: State, rows: Rows, held: NDArray[np.uint8]) -> Newest:
    """The newest observations after these rows, with the levels `held` after each, shape (n,), a bit each."""
    batch, last = rows.batch, rows.groups.last
    return changed(
        state.newest,
        rows.groups.key,
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
