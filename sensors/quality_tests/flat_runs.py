"""Runs of values that do not move, for the flat line test: each near its predecessor and near the run's first."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.segments import Segments

_FEW: Final = 32  # runs that still drift: below it a loop over their values is faster than another round of columns
_ROUNDS: Final = 4  # a run that drifts on after so many breaks is long: the loop takes each of its values once


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """The datastreams of a batch and the run that each was in before it.

    first     (g,) float64  the run's first value, unit of the datastream
    since_us  (g,) int64    its time, microseconds UTC
    """

    groups: Segments
    first: NDArray[np.float64]
    since_us: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """The runs within a batch: `first` and `since_us` hold at their heads, and `head` leads there.

    head      (n,) intp     where in the batch each value's run begins, or goes on
    first     (n,) float64  at a head: the run's first value, unit of the datastream
    since_us  (n,) int64    at a head: its time, microseconds UTC
    """

    head: NDArray[np.intp]
    first: NDArray[np.float64]
    since_us: NDArray[np.int64]


def flat_runs(
    values: NDArray[np.float64],
    times_us: NDArray[np.int64],
    stays: NDArray[np.bool_],
    tolerance: NDArray[np.float64] | None,
    begun: Begun,
) -> Runs:
    """The runs of values sorted by datastream, within it by time.

    Parameters
    ----------
    values : ndarray, shape (n,), float64, unit of the datastream, finite
    times_us : ndarray, shape (n,), int64, microseconds UTC
    stays : ndarray, shape (n,), bool, True where a value is within the tolerance of its predecessor, which may be of an
        earlier batch
    tolerance : ndarray, shape (n,), float64, unit of the datastream, >= 0, equal within a datastream; None = 0 for all
    begun : the datastreams, and the runs that they were in before

    Returns
    -------
    runs : of each value the first of its run, and since when it lasts

    Notes
    -----
    A value further than the tolerance from its run's first begins a new run: a slow drift is no flat line.  One pass
    for tolerance 0; else as many as a run has such breaks, at most `_ROUNDS`, and a loop over what drifts on.

    References
    ----------
    QARTOD Water Level v2.1, test 8 "flat line test", by duration.
    """
    runs = _runs(values, times_us, stays, begun)
    drifted = () if tolerance is None else _drifted(values, tolerance, runs)
    if not len(drifted):
        return runs
    stays = stays.copy()
    stays[drifted] = False
    return _runs(values, times_us, stays, begun)


def _runs(values: NDArray[np.float64], times_us: NDArray[np.int64], stays: NDArray[np.bool_], begun: Begun) -> Runs:
    start = begun.groups.start
    is_head = ~stays
    is_head[start] = True
    goes_on = stays[start]  # the run of an earlier batch
    first, since_us = values.copy(), times_us.copy()
    first[start[goes_on]], since_us[start[goes_on]] = begun.first[goes_on], begun.since_us[goes_on]
    return Runs(np.maximum.accumulate(np.arange(len(values)) * is_head), first, since_us)


def _drifted(values: NDArray[np.float64], tolerance: NDArray[np.float64], runs: Runs) -> NDArray[np.intp]:
    """Where values within runs begin new ones, because they are too far from the first of theirs."""
    off = np.flatnonzero(np.abs(values - runs.first[runs.head]) > tolerance)
    breaks = off[_is_first(runs.head[off])]
    heads = np.append(np.flatnonzero(runs.head == np.arange(len(values))), len(values))
    ends = heads[np.searchsorted(heads, breaks, side="right")]
    found = [breaks]
    for _ in range(_ROUNDS):
        if len(breaks) < _FEW:
            break
        lengths = ends - breaks
        stretch = np.repeat(np.arange(len(breaks)), lengths)
        places = np.arange(len(stretch)) + (breaks - (np.cumsum(lengths) - lengths))[stretch]
        off = np.flatnonzero(np.abs(values[places] - values[breaks][stretch]) > tolerance[places])
        off = off[_is_first(stretch[off])]
        breaks, ends = places[off], ends[stretch[off]]
        found.append(breaks)
    found.append(_drifted_on(values, tolerance, breaks, ends))
    return np.concatenate(found)


def _is_first(of: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which items of an ascending array differ from the one before."""
    is_first = np.ones(len(of), np.bool_)
    is_first[1:] = of[1:] != of[:-1]
    return is_first


def _drifted_on(
    values: NDArray[np.float64], tolerance: NDArray[np.float64], heads: NDArray[np.intp], ends: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The further breaks after `heads`, value by value."""
    found = []
    for head, end in zip(heads.tolist(), ends.tolist(), strict=True):
        run, limit = values[head:end].tolist(), float(tolerance[head])
        first = run[0]
        for place, value in enumerate(run):
            if abs(value - first) > limit:
                found.append(head + place)
                first = value
    return np.array(found, np.intp)
