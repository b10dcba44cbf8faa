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
from sensors.derived.los import NO_FLOW, is_closed, level_of_service
from sensors.derived.rules import DerivedRules
from sensors.derived.seat_rules import CURVE, DOMINANT, GATE, ISPU, ISPU_MAX, LINEAR, LOS, NONE, SeatRules
from sensors.derived.state import DerivedState
from sensors.quality import Quality, Reason, is_only_fast
from sensors.rows import Rows
from sensors.segments import Segments, before, latest_true, segments
from sensors.times import NEVER

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Marks = NDArray[np.bool_]
Places = NDArray[np.intp] | NDArray[np.int32]

_LATEST: Final = 2**63 - 1  # of a seat in which nobody sits
_NEVER_HEARD: Final = 0  # in the place of a quality
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
    """The newest of each input at n moments; every column has shape (n, J), `flowed` (n,): see `DerivedState`."""

    heard_us: NDArray[np.int64]
    before_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    reasons: NDArray[np.uint16]
    origin: NDArray[np.uint8]
    flowed: NDArray[np.float64]

    def take(self, index: NDArray[np.intp]) -> "_Newest":
        """Those at some moments."""
        return _Newest(
            heard_us=self.heard_us[index],
            before_us=self.before_us[index],
            value=self.value[index],
            quality=self.quality[index],
            reasons=self.reasons[index],
            origin=self.origin[index],
            flowed=self.flowed[index],
        )


def from_seats(
    state: DerivedState, rules: DerivedRules, uses: Consumers, known: list[Rows]
) -> tuple[DerivedState, Emitted]:
    """One observation whenever the oldest of the inputs' newest times goes on; without what is lost where that is safe.

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
    the same row.  So the order in which simultaneous messages of several inputs arrive does not matter.  Methods that
    tell the worst of what is given go on without an input that is lost, or it would freeze them for ever: its newest
    time, of one never heard that of the first observation of another, lies more than its silence limit before the time
    of what is heard now.  A level of service pairs nearest observations only.

    References
    ----------
    `docs/derived.md`.
    """
    heard = _heard(uses, known)
    place, groups = heard.place - rules.first_seat, segments(heard.place)
    newest = _newest(state, heard, groups, place)
    is_last, now_us, receive_us = _arrivals(heard)
    used = rules.seats.used[place]
    lost = used & (now_us[:, None] - newest.heard_us > rules.seats.lost_us[place])
    waits = used & ~lost & (newest.quality == _NEVER_HEARD)
    time_us = np.where(used & ~lost, newest.heard_us, _LATEST).min(axis=1, initial=_LATEST)
    is_apart = (used & ~lost & ~_nearest(newest, time_us)).any(axis=1) & (rules.seats.method[place] == LOS)
    moment = np.flatnonzero(is_last & ~waits.any(axis=1) & ~is_apart)
    moment = moment[are_newer(time_us[moment], receive_us[moment], state.last_us, heard.place[moment])]
    last = groups.last
    state = state.put(place[last], **newest.take(last)._asdict())
    value, quality, reasons, origin = _computed(
        rules.seats, place[moment], newest.take(moment), used[moment], lost[moment]
    )
    return state, Emitted(
        place=heard.place[moment],
        arrival=heard.arrival[moment],
        time_us=time_us[moment],
        receive_us=receive_us[moment],
        value=value,
        origin=origin,
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


def _arrivals(heard: _Heard) -> tuple[Marks, Integers, Integers]:
    """Which observation is the last of those that came with one row to one place; the newest time and the receive time
    of these.  Shapes (n,)."""
    opens = np.ones(len(heard.place), np.bool_)
    opens[1:] = (heard.place[1:] != heard.place[:-1]) | (heard.arrival[1:] != heard.arrival[:-1])
    if not len(opens):
        return opens, heard.batch.time_us, heard.batch.receive_us
    start, of = np.flatnonzero(opens), np.cumsum(opens) - 1
    newest_us = np.maximum.reduceat(heard.batch.time_us, start)
    latest_us = np.maximum.reduceat(heard.batch.receive_us, start)
    return np.append(opens[1:], True), newest_us[of], latest_us[of]


def _newest(state: DerivedState, heard: _Heard, groups: Segments, place: NDArray[np.int32]) -> _Newest:
    """The newest of each input at each observation, it among them: those of this batch, else what is remembered."""
    at = latest_true(heard.seat[:, None] == np.arange(state.heard_us.shape[1]), groups)
    is_new, batch = at >= 0, heard.batch
    begun_us = np.where(state.heard_us[place] == NEVER, batch.time_us[groups.first][:, None], state.heard_us[place])
    return _Newest(
        heard_us=np.where(is_new, batch.time_us[at], begun_us),
        before_us=np.where(is_new, _before_us(state, heard, place)[at], state.before_us[place]),
        value=np.where(is_new, batch.value[at], state.value[place]),
        quality=np.where(is_new, batch.quality[at], state.quality[place]),
        reasons=np.where(is_new, batch.reasons[at], state.reasons[place]),
        origin=np.where(is_new, batch.origin[at], state.origin[place]),
        flowed=_flowed(state, heard, groups, place),
    )


def _before_us(state: DerivedState, heard: _Heard, place: NDArray[np.int32]) -> Integers:
    """The time of the observation before each of the same input, shape (n,); `NEVER` = none."""
    key = (place * np.int32(state.heard_us.shape[1]) + heard.seat).astype(np.int32)
    order = np.argsort(key, kind="stable")
    groups = segments(key[order])
    was_heard = state.quality.reshape(-1)[groups.key] != _NEVER_HEARD
    initial = np.where(was_heard, state.heard_us.reshape(-1)[groups.key], NEVER)
    before_us = np.empty(len(key), np.int64)
    before_us[order] = before(heard.batch.time_us[order], initial, groups)
    return before_us


def _flowed(state: DerivedState, heard: _Heard, groups: Segments, place: NDArray[np.int32]) -> Floats:
    """The last value of the first input that was not next to nothing, at each observation, shape (n,)."""
    flows = (heard.seat == 0) & (heard.batch.value >= NO_FLOW)
    at = latest_true(flows[:, None], groups)[:, 0]
    return np.where(at >= 0, heard.batch.value[at], state.flowed[place])


def _nearest(newest: _Newest, time_us: Integers) -> Marks:
    """Whether of each input its newest observation is the nearest to a moment `time_us`, shape (n,), and no earlier.

    Shape (n, J).  Of two inputs that speak in turns every second change is such a moment; at the other the one that
    spoke again belongs to what comes next.
    """
    ahead_us, moment_us = newest.heard_us - time_us[:, None], time_us[:, None]
    since_us = moment_us - np.where(newest.before_us == NEVER, moment_us, newest.before_us)
    nearest: Marks = (newest.before_us == NEVER) | (ahead_us <= np.maximum(since_us, 0))
    return nearest


def _computed(
    seats: SeatRules, place: NDArray[np.int32], newest: _Newest, used: Marks, lost: Marks
) -> tuple[Floats, NDArray[np.uint8], NDArray[np.uint16], NDArray[np.uint8]]:
    """Value, quality, reasons and origin at each moment, shapes (n,); `used` and `lost` have shape (n, J).

    What is lost is not given, and the value is that of the others.  Where the last word of what is lost would make it
    another, that nobody measures it any more is no news that it is over: the value is suspect, and ends no level.
    """
    given = used & ~lost
    value, doubted = _values(seats, place, newest, given)
    less = np.flatnonzero(lost.any(axis=1))
    if len(less):
        value_before, _ = _values(seats, place[less], newest.take(less), used[less])
        doubted[less] |= value_before != value[less]
    suspect, fast = (newest.quality == Quality.SUSPECT) & given, is_only_fast(newest.quality, newest.reasons)
    doubted |= (suspect & ~fast).any(axis=1)
    is_incomplete = (newest.reasons & _INCOMPLETE > 0) & given
    quality, reasons = passed_on(
        doubted | suspect.any(axis=1),
        suspect.any(axis=1) & ~doubted,
        np.logical_or.reduce(is_incomplete | lost, axis=1),
    )
    return value, quality, reasons, np.where(given, newest.origin, np.uint8(0)).max(axis=1, initial=0)


def _values(seats: SeatRules, place: NDArray[np.int32], newest: _Newest, given: Marks) -> tuple[Floats, Marks]:
    """(value, whether it lies beyond its table) by the method of each; shapes (n,)."""
    value, beyond = np.full(len(place), np.nan), np.zeros(len(place), np.bool_)
    method = seats.method[place]
    with np.errstate(over="ignore", invalid="ignore"):
        inputs = np.where(given, newest.value, 0.0) * seats.factor[place]
        for code in np.unique(method).tolist():
            one = np.flatnonzero(method == code)
            at, x = place[one], inputs[one]
            if code == CURVE:
                value[one], beyond[one] = interpolate(seats.tables, seats.table[at], x[:, 0])
            elif code == ISPU:
                not_given = newest.reasons[one, 0] & _INCOMPLETE > 0  # too little of the day: none is published
                value[one] = sub_index(seats.tables, seats.table[at], np.where(not_given, np.nan, x[:, 0]))
            elif code == LOS:
                value[one] = _service(seats, at, np.where(given[one], x, np.nan), newest.flowed[one])
            else:
                value[one] = _COMPUTES[code](seats, at, x, given[one])
    return value, beyond


def _gate(seats: SeatRules, at: Places, x: Floats, _: Marks) -> Floats:
    discharge = discharge_under_gates(x[:, 0], x[:, 1:], seats.weight[at, 1:], seats.constant[at])
    return seats.result[at] * discharge


def _linear(seats: SeatRules, at: Places, x: Floats, _: Marks) -> Floats:
    return weighted_sum(x, seats.weight[at], seats.constant[at])


def _largest(_: SeatRules, __: Places, x: Floats, given: Marks) -> Floats:
    return largest(np.where(given, x, np.nan))


def _dominant(_: SeatRules, __: Places, x: Floats, given: Marks) -> Floats:
    return dominant(np.where(given, x, np.nan))


def _service(seats: SeatRules, at: Places, x: Floats, flowed: Floats) -> Floats:
    speed, water = _seat(x, seats.speed[at]), _seat(x, seats.water[at])
    closed = is_closed(speed, flowed, seats.bounds[at, 0], water, seats.constant[at])
    return level_of_service(x[:, 0], closed, seats.bounds[at])


_COMPUTES: Final = {GATE: _gate, LINEAR: _linear, ISPU_MAX: _largest, DOMINANT: _dominant}


def _seat(values: NDArray[np.float64], seat: NDArray[np.intp]) -> NDArray[np.float64]:
    """The value in a seat, shape (n,); NaN where there is none."""
    picked = values[np.arange(len(seat)), np.maximum(seat, 0)]
    return np.where(seat == NONE, np.nan, picked)
