"""What the detector finds, as transitions, and the order in which they count as found."""

import math
from typing import Final, NamedTuple

import msgspec

from sensors.batch import Batch
from sensors.quality import Quality
from sensors.rules import HISTORICAL_AFTER_US, Rules
from sensors.state import Held, Newest, State
from sensors.transition import Cause, Kind, Transition

_ORDER: Final = {
    Kind.REBASED: 0,
    Kind.SILENT: 1,
    Kind.HEARD: 2,
    Kind.VERIFY: 4,
    Kind.RETURNED: 5,
    Kind.RAISED: 6,
    Kind.CONFIRMED: 7,
    Kind.POSSIBLE: 8,
}
_RAN_OUT: Final = 3  # a delay runs out before the observation that comes then moves anything
_LATE: Final = 9  # after what is so now
_AFTER_ALL: Final = 2**31  # for a wave, in place of its datastream
_BAD: Final = frozenset({int(Quality.SUSPECT), int(Quality.FAIL)})


class Seen(NamedTuple):
    """The observation behind a transition: its time, and when the transition is found."""

    time_us: int
    at_us: int
    value: float
    quality: int
    origin: int

    @staticmethod
    def newest(state: State, number: int, at_us: int) -> "Seen":
        """The newest observation of a datastream, looked at again at `at_us`."""
        return Seen._of(state.newest, number)._replace(at_us=at_us)

    @staticmethod
    def last_sound(state: State, number: int) -> "Seen":
        """The newest observation of a datastream that did not fail, when it was received."""
        return Seen._of(state.sound, number)

    @staticmethod
    def _of(newest: Newest, number: int) -> "Seen":
        return Seen(
            newest.time_us.item(number),
            newest.received_us.item(number),
            newest.value.item(number),
            newest.quality.item(number),
            newest.origin.item(number),
        )

    @staticmethod
    def at(batch: Batch, index: int) -> "Seen":
        """The observation at `index`."""
        return Seen(
            batch.time_us.item(index),
            batch.receive_us.item(index),
            batch.value.item(index),
            batch.quality.item(index),
            batch.origin.item(index),
        )

    @property
    def is_old(self) -> bool:
        """Whether it lies too far back to be news."""
        return self.time_us < self.at_us - HISTORICAL_AFTER_US

    @property
    def is_bad(self) -> bool:
        """Whether it is suspect or failed its quality tests."""
        return self.quality in _BAD


class Found(NamedTuple):
    """A transition and its place in the order of finding."""

    key: tuple[int, ...]
    transition: Transition


def found(transition: Transition) -> Found:
    """With its place: by `at`, datastream, kind, rank; what is late by its time after that; waves after all."""
    at_us, number, kind = transition.at_us, transition.datastream, transition.kind
    rank = -transition.rank if kind is Kind.RETURNED else transition.rank
    if kind is Kind.WAVE:
        return Found((at_us, _AFTER_ALL, number, transition.other), transition)
    if transition.cause is Cause.LATE:
        return Found((at_us, number, _LATE, transition.time_us, _ORDER[kind], rank), transition)
    if transition.cause is Cause.DELAYED:
        return Found((at_us, number, _RAN_OUT, _ORDER[kind], rank), transition)
    return Found((at_us, number, _ORDER[kind], rank), transition)


def level_moved(rules: Rules, kind: Kind, cause: Cause, at: tuple[int, int], seen: Seen) -> Transition:
    """The level at (number, place) `at` was reached, left, confirmed or thought possible."""
    levels = rules.levels
    number, place = at
    return Transition(
        datastream=number,
        kind=kind,
        cause=cause,
        level=levels.names[number][place],
        rank=levels.rank.item(at),
        severity=levels.severity.item(at),
        limit=levels.limit.item(at) * levels.sign.item(at),
        time_us=seen.time_us,
        at_us=seen.at_us,
        value=None if math.isnan(seen.value) else seen.value,
        quality=seen.quality,
        origin=seen.origin,
        historical=cause is not Cause.STILL_HELD and seen.is_old,
        verify=kind is Kind.RAISED and seen.is_bad,
    )


def still_held(rules: Rules, at: tuple[int, int], seen: Seen, held: Held, *, doubtful: bool) -> Transition:
    """The level at (number, place) was reached in the past, and is news now: with its count, and its doubt."""
    told = level_moved(rules, Kind.RAISED, Cause.STILL_HELD, at, seen)
    return msgspec.structs.replace(told, verify=doubtful, count=int(held.chatter[at]))


def ran_out(state: State, newest: Seen, due_us: int, by_us: int) -> Seen:
    """A delay that ran out at `due_us` of own time, with `newest` (received at its `at_us`) the newest observation.

    It is found when own time, which goes on as ours does, reaches it; at `by_us` at the latest, which is when a newer
    observation came; not before the last start or change of rules.
    """
    at_us = min(newest.at_us + (due_us - newest.time_us), by_us)
    return Seen(due_us, max(at_us, state.floor_us), newest.value, newest.quality, newest.origin)


def fell_silent(number: int, cause: Cause, due_us: int, severity: int, origin: int) -> Transition:
    """Datastream `number` is silent from `due_us` on; `origin` is that of the last observation heard."""
    return Transition(
        datastream=number,
        kind=Kind.SILENT,
        cause=cause,
        severity=severity,
        time_us=due_us,
        at_us=due_us,
        quality=9,
        origin=origin,
    )


def spoke(heard: Batch, index: int) -> Transition:
    """The observation at `index` ended a silence."""
    return _observed(heard, index, Kind.HEARD, Cause.SPOKE)


def rebased(heard: Batch, index: int) -> Transition:
    """The observation at `index` takes the place of a newest one that lay ahead of our clock."""
    return _observed(heard, index, Kind.REBASED, Cause.CLOCK)


def let_go(state: State, number: int, at_us: int) -> Transition:
    """Datastream `number` is no longer in the catalogue: nobody waits for it any more."""
    return Transition(
        datastream=number,
        kind=Kind.HEARD,
        cause=Cause.CATALOGUE,
        time_us=at_us,
        at_us=at_us,
        quality=9,
        origin=int(state.heard.origin[number]),
    )


def _observed(batch: Batch, index: int, kind: Kind, cause: Cause) -> Transition:
    seen = Seen.at(batch, index)
    return Transition(
        datastream=int(batch.datastream[index]),
        kind=kind,
        cause=cause,
        time_us=seen.time_us,
        at_us=seen.at_us,
        value=seen.value,
        quality=seen.quality,
        origin=seen.origin,
    )
