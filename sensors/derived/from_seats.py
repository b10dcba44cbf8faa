"""Values computed from the newest observation of each input."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch, concatenate
from sensors.derived.consumers import Consumers
from sensors.derived.curve import interpolate
from sensors.derived.dominant import dominant
from sensors.derived.emission import Emitted, are_newer, passed_on
from sensors.derived.gate import discharge_under_gates
from sensors.derived.ispu import sub_index
from sensors.derived.ispu_max import largest
from sensors.derived.linear import weighted_sum
from sensors.derived.los import level_of_service
from sensors.derived.rules import DerivedRules
from sensors.derived.seat_rules import CURVE, DOMINANT, GATE, ISPU, ISPU_MAX, LINEAR, LOS, NONE, SeatRules
from sensors.derived.state import DerivedState
from sensors.quality import Quality, Reason, is_only_fast
from sensors.rows import Rows
from sensors.segments import latest_true, segments
from sensors.times import NEVER

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]
Places = NDArray[np.intp] | NDArray[np.int32]

_LATEST: Final = 2**63 - 1  # of a seat in which nobody sits
_INCOMPLETE: Final = np.uint16(Reason.INCOMPLETE)


class _Heard(NamedTuple):
    """Observations of inputs, sorted by place and arrival; shapes (n,)."""

    place: NDArray[np.int32]
    seat: NDArray[np.int32]
    arrival: NDArray[np.intp]
    batch: Batch

    def take(self, index: NDArray[np.intp]) -> "_Heard":
        """Those that `index` picks, in that order."""
        return _Heard(self.place[index], self.seat[index], self.arrival[index], self.batch.take(index))


class _Newest(NamedTuple):
    """The newest of each input at n moments; every column has shape (n, J)."""

    heard_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    reasons: NDArray[np.uint16]
    origin: NDArray[np.uint8]


def from_seats(
    state: DerivedState, rules: DerivedRules, uses: Consumers, known: list[Rows]
) -> tuple[DerivedState, Emitted]:
    """One observation whenever the oldest of the inputs' newest times goes on.

    Parameters
    ----------
    state, rules : what is remembered (not changed), the derivations
    uses : who computes from whom at this depth
    known : the rows of all depths before, the observed ones first

    Returns
    -------
    (state, emitted) : the state after the rows, and the derived observations; NaN = not given

    Notes
    -----
    Its time is that oldest one; its values are the newest of each input at that moment, after all that arrived with
    the same row.  So the order in which simultaneous messages of several inputs arrive does not matter.

    References
    ----------
    `docs/derived.md`.
    """
    heard = _heard(uses, known)
    place = heard.place - rules.first_seat
    used, groups = rules.seats.used, segments(heard.place)
    at = latest_true(heard.seat[:, None] == np.arange(used.shape[1]), groups)
    heard_us = np.where(at >= 0, heard.batch.time_us[at], state.heard_us[place])
    time_us = np.where(used[place], heard_us, _LATEST).min(axis=1, initial=_LATEST)
    is_last, receive_us = _arrivals(heard)
    moment = np.flatnonzero(is_last & (time_us != NEVER))
    moment = moment[are_newer(time_us[moment], receive_us[moment], state.last_us, heard.place[moment])]
    newest, used, last = _newest(state, heard, at[moment], place[moment]), used[place[moment]], groups.last
    state = state.put(place[last], **_newest(state, heard, at[last], place[last])._asdict())
    value, beyond = _values(rules.seats, place[moment], newest, used)
    suspect, fast = (newest.quality == Quality.SUSPECT) & used, is_only_fast(newest.quality, newest.reasons)
    incomplete = np.logical_or.reduce((newest.reasons & _INCOMPLETE > 0) & used, axis=1)
    doubted = beyond | (suspect & ~fast).any(axis=1)
    quality, reasons = passed_on(beyond | suspect.any(axis=1), suspect.any(axis=1) & ~doubted, incomplete)
    return state, Emitted(
        place=heard.place[moment],
        arrival=heard.arrival[moment],
        time_us=time_us[moment],
        receive_us=receive_us[moment],
        value=value,
        origin=np.where(used, newest.origin, np.uint8(0)).max(axis=1, initial=0),
        quality=quality,
        reasons=reasons,
    )


def _heard(uses: Consumers, known: list[Rows]) -> _Heard:
    """What is heard of the inputs, those that failed left out."""
    parts = []
    for rows in known:
        row, place, seat = uses.rows(rows)
        counts = rows.batch.quality[row] != Quality.FAIL
        row, place, seat = row[counts], place[counts], seat[counts]
        if len(row):
            order = np.lexsort((rows.arrival[row], place))
            row = row[order]
            parts.append(_Heard(place[order], seat[order], rows.arrival[row], rows.batch.take(row)))
    if len(parts) == 1:
        return parts[0]
    heard = _Heard(
        place=np.concatenate([part.place for part in parts] or [np.empty(0, np.int32)]),
        seat=np.concatenate([part.seat for part in parts] or [np.empty(0, np.int32)]),
        arrival=np.concatenate([part.arrival for part in parts] or [np.empty(0, np.intp)]),
        batch=concatenate([part.batch for part in parts]),
    )
    return heard.take(np.lexsort((heard.arrival, heard.place)))


def _arrivals(heard: _Heard) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which observation is the last of those that came with one row to one place, and the receive time of these."""
    opens = np.ones(len(heard.place), np.bool_)
    opens[1:] = (heard.place[1:] != heard.place[:-1]) | (heard.arrival[1:] != heard.arrival[:-1])
    if not len(opens):
        return opens, heard.batch.receive_us
    latest_us = np.maximum.reduceat(heard.batch.receive_us, np.flatnonzero(opens))
    return np.append(opens[1:], True), latest_us[np.cumsum(opens) - 1]


def _newest(state: DerivedState, heard: _Heard, at: NDArray[np.intp], place: Places) -> _Newest:
    """The newest of each input: of those heard the one `at`, shape (n, J), else (−1) what is remembered of `place`."""
    is_new, batch = at >= 0, heard.batch
    return _Newest(
        heard_us=np.where(is_new, batch.time_us[at], state.heard_us[place]),
        value=np.where(is_new, batch.value[at], state.value[place]),
        quality=np.where(is_new, batch.quality[at], state.quality[place]),
        reasons=np.where(is_new, batch.reasons[at], state.reasons[place]),
        origin=np.where(is_new, batch.origin[at], state.origin[place]),
    )


def _values(
    seats: SeatRules, place: NDArray[np.int32], newest: _Newest, used: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(value, whether it lies beyond its table) by the method of each; shapes (n,)."""
    value, beyond = np.full(len(place), np.nan), np.zeros(len(place), np.bool_)
    method = seats.method[place]
    with np.errstate(over="ignore", invalid="ignore"):
        inputs = np.where(used, newest.value, 0.0) * seats.factor[place]
        for code in np.unique(method).tolist():
            one = np.flatnonzero(method == code)
            at, x = place[one], inputs[one]
            if code == CURVE:
                value[one], beyond[one] = interpolate(seats.tables, seats.table[at], x[:, 0])
            elif code == ISPU:
                not_given = newest.reasons[one, 0] & _INCOMPLETE > 0  # too little of the day: none is published
                value[one] = sub_index(seats.tables, seats.table[at], np.where(not_given, np.nan, x[:, 0]))
            else:
                value[one] = _COMPUTES[code](seats, at, x, used[one])
    return value, beyond


def _gate(seats: SeatRules, at: Places, x: Floats, _: Marks) -> Floats:
    discharge = discharge_under_gates(x[:, 0], x[:, 1:], seats.weight[at, 1:], seats.constant[at])
    return seats.result[at] * discharge


def _linear(seats: SeatRules, at: Places, x: Floats, _: Marks) -> Floats:
    return weighted_sum(x, seats.weight[at], seats.constant[at])


def _largest(_: SeatRules, __: Places, x: Floats, used: Marks) -> Floats:
    return largest(np.where(used, x, np.nan))


def _dominant(_: SeatRules, __: Places, x: Floats, used: Marks) -> Floats:
    return dominant(np.where(used, x, np.nan))


def _los(seats: SeatRules, at: Places, x: Floats, _: Marks) -> Floats:
    speed, water = _seat(x, seats.speed[at]), _seat(x, seats.water[at])
    return level_of_service(x[:, 0], speed, water, seats.bounds[at], seats.constant[at])


_COMPUTES: Final = {GATE: _gate, LINEAR: _linear, ISPU_MAX: _largest, DOMINANT: _dominant, LOS: _los}


def _seat(values: NDArray[np.float64], seat: NDArray[np.intp]) -> NDArray[np.float64]:
    """The value in a seat, shape (n,); NaN where there is none."""
    picked = values[np.arange(len(seat)), np.maximum(seat, 0)]
    return np.where(seat == NONE, np.nan, picked)
