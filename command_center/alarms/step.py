"""One step in an alarm's history: what a transition becomes there."""

from dataclasses import dataclass

from msgspec.structs import replace

from command_center.alarms.alarm import (
    MAX_CHANGES,
    Alarm,
    Aside,
    Change,
    Event,
    Held,
    Position,
    Refutation,
    Shelf,
)
from sensors.origin import Origin
from sensors.transition import Cause, Kind, Transition


@dataclass(frozen=True, slots=True)
class Context:
    """Where a transition was found and what it is about."""

    log_id: str
    position: Position
    now_us: int  # the row's `now`
    datastream: str  # {station}:{property}
    unit: str
    illustrative: bool  # the city itself says that the level is made up
    aside: Aside | None = None  # what is in force for the datastream: maintenance, or out of service


def held_of(transition: Transition, context: Context) -> Held:
    """The condition that a transition tells of."""
    rate_per_h = transition.rate_per_h
    was_rising = transition.cause is Cause.LOST_RISING or (rate_per_h is not None and rate_per_h > 0)
    return Held(
        level=transition.level,
        rank=transition.rank,
        severity=transition.severity,
        limit=transition.limit,
        time_us=transition.time_us,
        value=transition.value,
        quality=transition.quality,
        origin=transition.origin,
        historical=transition.historical,
        exercise=context.illustrative or Origin(transition.origin).is_exercise,
        signed_off=transition.cause is Cause.DEATH,
        verify=transition.verify,
        count=max(1, transition.count),
        lost_rising=transition.kind is Kind.SILENT and was_rising,
        rate_per_h=rate_per_h,
    )


def stepped(alarm: Alarm, event: Event, transition: Transition, context: Context) -> Alarm:
    """`alarm` with the transition in its history, and seen up to there."""
    change = Change(
        event=event,
        kind=transition.kind,
        cause=transition.cause,
        level=transition.level,
        rank=transition.rank,
        limit=transition.limit,
        value=transition.value,
        time_us=transition.time_us,
        at_us=context.now_us,
        historical=transition.historical,
        verify=transition.verify,
        count=transition.count,
        rate_per_h=transition.rate_per_h,
    )
    after = replace(alarm, last_log_id=context.log_id, last=context.position, changed_us=context.now_us)
    return noted(after, change)


def noted(alarm: Alarm, change: Change) -> Alarm:
    """`alarm` with one more change in its history."""
    return replace(alarm, changes=(*alarm.changes, change)[-MAX_CHANGES:])


def called(alarm: Alarm, at_us: int) -> Alarm:
    """`alarm` with the operator called (again): nobody has acknowledged it.

    What is worse than what was shelved or refuted is heard all the same.
    """
    return replace(
        unseen(alarm),
        shelf=None if is_worse_than(alarm, alarm.shelf) else alarm.shelf,
        refutation=None if is_worse_than(alarm, alarm.refutation) else alarm.refutation,
        calls=alarm.calls + 1,
        called_us=at_us,
        held_back=False,
    )


def unseen(alarm: Alarm) -> Alarm:
    """`alarm` as nobody has acknowledged it."""
    return replace(alarm, unacknowledged=True, acknowledged_us=None, acknowledged_by=None)


def called_anew(alarm: Alarm, at_us: int, *, louder: bool = False) -> Alarm:
    """`alarm` with the operator called for what it shows now, where somebody had acknowledged or muted less.

    `louder`: it is graver than when it was called last, so that those are told who are not told of less.
    """
    breaks_out = is_worse_than(alarm, alarm.shelf) or is_worse_than(alarm, alarm.refutation)
    if alarm.unacknowledged and not breaks_out and not louder:
        return alarm
    return called(alarm if alarm.unacknowledged else replace(alarm, worst=alarm.shown), at_us)


def is_worse_than(alarm: Alarm, known: Shelf | Refutation | None) -> bool:
    """Whether the alarm shows something worse than what was shelved or refuted; not where nothing was."""
    return known is not None and (alarm.shown.rank > known.rank or alarm.severity > known.severity)
