"""The detector's state: arrays that are checkpointed, grown and re-mapped as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sensors.derived.state import DerivedState, fresh_derived
from sensors.quality_tests.stage import QualityState, fresh_quality
from sensors.rules import NO_TIMER, Levels, Rules
from sensors.times import NEVER
from sensors.trend.state import TrendState, fresh_trend
from sensors.wave_state import WaveState, fresh_waves

REMEMBERED: Final = 32  # observations of each datastream, for what comes late


@dataclass(frozen=True, slots=True, eq=False)
class Newest:
    """The newest observation of D datastreams, by phenomenon time; or the newest that did not fail.

    time_us, received_us  (D,) int64    `NEVER` = none
    value    (D,) float64
    quality  (D,) uint8                 as judged
    origin   (D,) uint8
    held     (D,) uint8                 the levels held after it, a bit each
    """

    time_us: NDArray[np.int64]
    received_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    origin: NDArray[np.uint8]
    held: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """When D datastreams were last heard, late and repeated observations among them, none that came as failed.

    heard_us    (D,) int64    receive time, or when listening began
    allowed_us  (D,) int64    silence that is allowed just now; `NO_TIMER` = nobody waits
    told_us     (D,) int64    the same as the device itself told it; `NO_TIMER` = it did not
    tells       (D,) float64  of one that tells intervals: the last, in its unit; NaN = none yet
    offset_us   (D,) int64    receive time less the device's, of the last observation with one; `NEVER` = none
    ever        (D,) bool
    silent      (D,) bool     told as silent
    silent_us   (D,) int64    since when, receive time; anything where it is not
    lost_per_h  (D,) float64  upper bound of its trend when it fell silent, unit per hour; NaN = none, or not silent
    origin      (D,) uint8    of the last observation heard
    """

    heard_us: NDArray[np.int64]
    allowed_us: NDArray[np.int64]
    told_us: NDArray[np.int64]
    tells: NDArray[np.float64]
    offset_us: NDArray[np.int64]
    ever: NDArray[np.bool_]
    silent: NDArray[np.bool_]
    silent_us: NDArray[np.int64]
    lost_per_h: NDArray[np.float64]
    origin: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The levels of D datastreams, up to K each.

    reached    (D, K) bool   the level is held
    announced  (D, K) bool   and has been told as news, not only as history
    doubtful   (D, K) bool   and was reached by an observation that is not to be trusted
    possible   (D, K) bool   told as possible while silent
    since_us   (D, K) int64  phenomenon time at which it was reached
    up_us, down_us (D, K) int64  beginning of the run that its on- or off-delay waits for; `NEVER` = none
    raised_us  (D, K) int64  time of its last raise
    chatter    (D, K) int32  raises in a row, each soon after the one before

    Derived from these and the doubts:

    bits       (D,) uint8    `reached`, a bit each
    active     (D,) bool     more than a value can move a level or be told of it: a delay, a doubt, history that is none
    low, high  (D,) float64  else nothing moves by a value from `low` on and below `high`
    """

    reached: NDArray[np.bool_]
    announced: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    possible: NDArray[np.bool_]
    since_us: NDArray[np.int64]
    up_us: NDArray[np.int64]
    down_us: NDArray[np.int64]
    raised_us: NDArray[np.int64]
    chatter: NDArray[np.int32]
    bits: NDArray[np.uint8]
    active: NDArray[np.bool_]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """Falls of D datastreams that are in doubt.

    since_us  (D,) int64  phenomenon time of the fall; `NEVER` = none
    rows      (D,) int32  good observations since
    value     (D,) float64  of the fall
    before    (D,) float64  the value before it
    moved     (D,) bool   a good observation since had another value than the fall
    clear     (D,) float64  at or over it the doubt is over: the clear point of the lowest rising level that was held
    """

    since_us: NDArray[np.int64]
    rows: NDArray[np.int32]
    value: NDArray[np.float64]
    before: NDArray[np.float64]
    moved: NDArray[np.bool_]
    clear: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Recent:
    """The last observations of the first R datastreams, a ring for each: `at` is the place of the oldest.

    Of derived ones nothing is remembered: they never come late.  R is one more than the highest number of the others.

    time_us  (R, REMEMBERED) int64    `NEVER` = none
    value    (R, REMEMBERED) float64
    held     (R, REMEMBERED) uint8    the levels held after it, a bit each
    barred   (R, REMEMBERED) bool     it could end no level
    quality, origin (R, REMEMBERED) uint8
    at       (R,) uint8
    """

    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    held: NDArray[np.uint8]
    barred: NDArray[np.bool_]
    quality: NDArray[np.uint8]
    origin: NDArray[np.uint8]
    at: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Late:
    """m late observations that wait to be judged, in order of arrival; all at the same moment."""

    datastream: NDArray[np.int32]
    time_us: NDArray[np.int64]
    receive_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    origin: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What the detector remembers.

    now_us    the newest `now` that was judged
    floor_us  `now` of the last start or change of rules: no timer fires before it
    newest    of each datastream
    sound     the newest of each that did not fail: what is believed while others fail
    due_us    (D,) int64  when the next timer of each datastream fires, in receive time; derived
    """

    rules: Rules
    now_us: int
    floor_us: int
    newest: Newest
    sound: Newest
    heard: Heard
    held: Held
    doubt: Doubt
    recent: Recent
    late: Late
    quality: QualityState
    trend: TrendState
    derivation: DerivedState
    waves: WaveState
    due_us: NDArray[np.int64]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All arrays by `part.name`."""
        return dict(arrays_of("", self))


def fresh_state(rules: Rules, now_us: int) -> State:
    """Nothing heard yet; listening begins at `now_us`."""
    size = rules.shape[0]
    observed = 1 + int(np.flatnonzero(rules.known & ~rules.derived).max(initial=-1))
    return State(
        rules=rules,
        now_us=now_us,
        floor_us=now_us,
        newest=_none(size),
        sound=_none(size),
        heard=Heard(
            heard_us=np.full(size, now_us, np.int64),
            allowed_us=rules.silence.calm_us.copy(),
            told_us=np.full(size, NO_TIMER, np.int64),
            tells=np.full(size, np.nan),
            offset_us=_never(size),
            ever=np.zeros(size, np.bool_),
            silent=np.zeros(size, np.bool_),
            silent_us=_never(size),
            lost_per_h=np.full(size, np.nan),
            origin=np.zeros(size, np.uint8),
        ),
        held=_nothing_held(rules.levels),
        doubt=_no_doubt(size),
        recent=Recent(
            time_us=_never(observed, REMEMBERED),
            value=np.full((observed, REMEMBERED), np.nan),
            held=np.zeros((observed, REMEMBERED), np.uint8),
            barred=np.zeros((observed, REMEMBERED), np.bool_),
            quality=np.zeros((observed, REMEMBERED), np.uint8),
            origin=np.zeros((observed, REMEMBERED), np.uint8),
            at=np.zeros(observed, np.uint8),
        ),
        late=no_late(),
        quality=fresh_quality(rules.quality),
        trend=fresh_trend(rules.trend),
        derivation=fresh_derived(rules.derivation),
        waves=fresh_waves(rules.waves),
        due_us=_due_of_silence(np.full(size, now_us, np.int64), rules.silence.calm_us),
    )


def no_late() -> Late:
    """Nothing waits."""
    return Late(
        datastream=np.empty(0, np.int32),
        time_us=np.empty(0, np.int64),
        receive_us=np.empty(0, np.int64),
        value=np.empty(0),
        quality=np.empty(0, np.uint8),
        origin=np.empty(0, np.uint8),
    )


def resume(state: State, now_us: int) -> State:
    """The state after nobody listened from `state.now_us` to `now_us`: that time does not count as silence.

    `now_us` may lie before `state.now_us`, where our clock was wrong and is set back.
    """
    away_us = now_us - state.now_us
    back_us = min(away_us, 0)  # what was received before is as long ago as it was
    late = state.late
    waiting = state.due_us != NO_TIMER
    return replace(
        state,
        now_us=now_us,
        floor_us=now_us,
        heard=replace(
            state.heard,
            heard_us=state.heard.heard_us + away_us,
            silent_us=_set_back(state.heard.silent_us, back_us),
        ),
        newest=replace(state.newest, received_us=_set_back(state.newest.received_us, back_us)),
        sound=replace(state.sound, received_us=_set_back(state.sound.received_us, back_us)),
        derivation=replace(state.derivation, receive_us=_set_back(state.derivation.receive_us, back_us)),
        late=replace(late, receive_us=np.full_like(late.receive_us, now_us) if back_us else late.receive_us),
        due_us=np.where(waiting, np.minimum(state.due_us, now_us), NO_TIMER),  # looked at anew by the next step
    )


def _set_back(times_us: NDArray[np.int64], back_us: int) -> NDArray[np.int64]:
    return np.where(times_us != NEVER, times_us + back_us, NEVER) if back_us else times_us


def _none(size: int) -> Newest:
    return Newest(
        time_us=_never(size),
        received_us=_never(size),
        value=np.full(size, np.nan),
        quality=np.full(size, 2, np.uint8),
        origin=np.zeros(size, np.uint8),
        held=np.zeros(size, np.uint8),
    )


def _no_doubt(size: int) -> Doubt:
    return Doubt(
        since_us=_never(size),
        rows=np.zeros(size, np.int32),
        value=np.full(size, np.nan),
        before=np.full(size, np.nan),
        moved=np.zeros(size, np.bool_),
        clear=np.full(size, np.nan),
    )


def _nothing_held(levels: Levels) -> Held:
    size, width = levels.shape
    nothing = np.zeros((size, width), np.bool_)
    low, high = levels.band(np.arange(size), nothing)
    return Held(
        reached=nothing,
        announced=np.zeros((size, width), np.bool_),
        doubtful=np.zeros((size, width), np.bool_),
        possible=np.zeros((size, width), np.bool_),
        since_us=_never(size, width),
        up_us=_never(size, width),
        down_us=_never(size, width),
        raised_us=_never(size, width),
        chatter=np.zeros((size, width), np.int32),
        bits=np.zeros(size, np.uint8),
        active=np.zeros(size, np.bool_),
        low=low,
        high=high,
    )


def _never(*shape: int) -> NDArray[np.int64]:
    return np.full(shape, NEVER, np.int64)


def _due_of_silence(heard_us: NDArray[np.int64], allowed_us: NDArray[np.int64]) -> NDArray[np.int64]:
    waited = allowed_us != NO_TIMER
    return np.where(waited, heard_us + np.where(waited, allowed_us, 0), NO_TIMER)


def arrays_of(prefix: str, part: Any) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """The arrays of a dataclass of arrays and of the dataclasses in it, each with its name behind `prefix`."""
    for field in fields(part):
        value = getattr(part, field.name)
        if isinstance(value, np.ndarray):
            yield prefix + field.name, value
        elif is_dataclass(value) and not isinstance(value, Rules):
            yield from arrays_of(f"{prefix}{field.name}.", value)
