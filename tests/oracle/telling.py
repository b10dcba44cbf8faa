"""Transitions as the oracle writes them."""

from sensors.catalogue import Level
from sensors.transition import Cause, Kind, Transition
from tests.oracle.gauge import FIFTEEN_MINUTES_US, Gauge, Remembered, Row

_KINDS = (
    Kind.REBASED,
    Kind.SILENT,
    Kind.HEARD,
    Kind.VERIFY,
    Kind.RETURNED,
    Kind.RAISED,
    Kind.CONFIRMED,
    Kind.POSSIBLE,
)


_BEFORE_DELAYS = (Kind.REBASED, Kind.SILENT, Kind.HEARD)


def order(transition: Transition) -> tuple[int, ...]:
    """By the moment of finding (waves last), datastream, what was found late last; kind, then rank.

    Returned from the worst rank down, the rest up.
    """
    t = transition
    if t.kind is Kind.WAVE:
        return t.at_us, 1, t.datastream, t.other
    late = t.cause is Cause.LATE
    sign = -1 if t.kind is Kind.RETURNED else 1
    step = 0 if late or t.kind in _BEFORE_DELAYS else 1 if t.cause is Cause.DELAYED else 2
    return t.at_us, 0, t.datastream, late, t.time_us if late else 0, step, _KINDS.index(t.kind), sign * t.rank


def level_told(
    number: int,
    level: Level,
    kind: Kind,
    cause: Cause,
    seen: Row | Remembered,
    *,
    at_us: int,
    time_us: int | None = None,
    verify: bool = False,
    count: int = 0,
) -> Transition:
    """What happened to a level, with the observation that shows it; its own time unless `time_us` is given."""
    time_us = seen.time_us if time_us is None else time_us
    old = time_us < at_us - FIFTEEN_MINUTES_US
    return Transition(
        datastream=number,
        kind=kind,
        cause=cause,
        level=level.level,
        rank=level.rank,
        severity=level.severity,
        limit=level.value,
        time_us=time_us,
        at_us=at_us,
        value=seen.value,
        quality=seen.quality,
        origin=seen.origin,
        historical=cause is Cause.LATE or (old and cause is not Cause.STILL_HELD),
        verify=verify,
        count=count,
    )


def row_told(row: Row, kind: Kind, cause: Cause) -> Transition:
    """That something was heard, or heard under another clock."""
    return Transition(
        datastream=row.number,
        kind=kind,
        cause=cause,
        time_us=row.time_us,
        at_us=row.receive_us,
        value=row.value,
        quality=row.quality,
        origin=row.origin,
    )


def nothing_heard(
    number: int, gauge: Gauge, kind: Kind, cause: Cause, at_us: int, *, severity: int = 0, rate: float | None = None
) -> Transition:
    """A silence, or its end because nobody waits any more."""
    return Transition(
        datastream=number,
        kind=kind,
        cause=cause,
        severity=severity,
        time_us=at_us,
        at_us=at_us,
        quality=9,
        origin=gauge.origin,
        rate_per_h=rate,
    )
