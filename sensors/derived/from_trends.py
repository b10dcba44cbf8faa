"""Rates, and minutes to the next level, at the points of their inputs' trends."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.derived.consumers import Consumers
from sensors.derived.emission import Emitted, are_newer, passed_on
from sensors.derived.eta import OTHER_END, minutes_to_limit
from sensors.derived.rate import rate_per_h
from sensors.derived.rules import DerivedRules
from sensors.derived.state import DerivedState
from sensors.quality import is_only_fast
from sensors.rows import Rows
from sensors.segments import stable_order
from sensors.trend.advance import Points
from sensors.trend.projection import next_limit


class Limits(NamedTuple):
    """The levels of D datastreams, up to K each: `limit` (D, K) float64 times `sign`, NaN = none; `sign` (D, K) ±1."""

    limit: NDArray[np.float64]
    sign: NDArray[np.float64]


def rates(state: DerivedState, rules: DerivedRules, uses: Consumers, rows: Rows, points: Points) -> Emitted:
    """One observation at each point at which the rate is known; suspect where the point is, else of quality 2.

    Parameters
    ----------
    state, rules : what is remembered (not changed), the derivations
    uses : which rates are taken of whom
    rows, points : n observations, and the m of them that are points of trends

    Returns
    -------
    emitted : float64 values in the unit of the input per hour, falling is negative; never NaN

    References
    ----------
    `docs/derived.md`, "`rate`, `eta`".
    """
    which, place = _known(state, uses, rows, points)
    return _emitted(rows, points.row[which], place, rate_per_h(points, which, rules.bound[place]))


def minutes(
    state: DerivedState, rules: DerivedRules, uses: Consumers, rows: Rows, points: Points, limits: Limits
) -> Emitted:
    """One observation at each such point: the time until the next rising level is reached.

    Parameters
    ----------
    state, rules, uses, rows, points : as of `rates`
    limits : the levels in force of D datastreams, shape (D, K)

    Returns
    -------
    emitted : float64 values in minutes, 0 to 1440 = not within a day; never NaN

    References
    ----------
    As of `rates`.
    """
    which, place = _known(state, uses, rows, points)
    row = points.row[which]
    number, value = rows.batch.datastream[row], rows.batch.value[row]
    limit = next_limit(value, limits.limit.take(number, axis=0), limits.sign.take(number, axis=0))
    rate = rate_per_h(points, which, OTHER_END[rules.bound[place]])
    return _emitted(rows, row, place, minutes_to_limit(value, limit, rate))


def _known(
    state: DerivedState, uses: Consumers, rows: Rows, points: Points
) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """(point, place) of each observation that comes out, by place and arrival; shapes (m,)."""
    known = np.flatnonzero(~np.isnan(points.middle))
    index, place = uses.some(rows.batch.datastream[points.row[known]])
    which = known[index]
    if (place[1:] < place[:-1]).any():
        order = stable_order(place)
        which, place = which[order], place[order]
    row = points.row[which]
    newer = are_newer(rows.batch.time_us[row], rows.batch.receive_us[row], state.last_us, place)
    return (which, place) if newer.all() else (which[newer], place[newer])


def _emitted(rows: Rows, row: NDArray[np.intp], place: NDArray[np.int32], value: NDArray[np.float64]) -> Emitted:
    batch = rows.batch
    is_fast = is_only_fast(batch.quality[row], batch.reasons[row])  # no other suspect row is a point
    quality, reasons = passed_on(is_fast, is_fast, np.zeros(len(row), np.bool_))
    return Emitted(
        place=place,
        arrival=rows.arrival[row],
        time_us=batch.time_us[row],
        receive_us=batch.receive_us[row],
        value=value,
        origin=batch.origin[row],
        quality=quality,
        reasons=reasons,
    )
