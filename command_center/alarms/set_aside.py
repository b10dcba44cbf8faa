"""What people set aside, and how it comes back: pure, beside `command_center.alarms.life_cycle`.

ISA-18.2 / IEC 62682: shelved (by an operator, for a time), suppressed by design (maintenance at the station), out of
service (by datastream).  None of them moves the two bits: what happens meanwhile is listed and muted.  What is over and
still holds, unacknowledged, is annunciated then.  The highest severity is never shelved; it can be refuted.
"""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from command_center.alarms.alarm import HIGHEST_SEVERITY, Alarm, Aside, Event, Refutation, Release, Shelf
from command_center.alarms.life_cycle import closed
from command_center.alarms.step import called
from command_center.errors import NotAllowed
from sensors.times import SECOND_US

SEEN_BY: Final = ("camera", "radio", "neighbour", "on_site")
HELD_BACK_US: Final = 60 * SECOND_US  # without another raise the chatter is over (FACTS 2.1: 3 in 60 s)


def shelve(alarm: Alarm, by: str, reason: str, now_us: int, until_us: int) -> Alarm:
    """`alarm` on the shelf until `until_us`.  Raises NotAllowed: the highest severity, or nothing that could call."""
    if alarm.severity >= HIGHEST_SEVERITY:
        raise NotAllowed(f"{alarm.datastream} is of the highest level, which is never shelved: it can be refuted")
    if not alarm.is_open:
        raise NotAllowed(f"{alarm.datastream} is normal: there is nothing to shelve")
    shelf = Shelf(by=by, reason=reason, at_us=now_us, until_us=until_us, rank=alarm.shown.rank, severity=alarm.severity)
    return replace(alarm, shelf=shelf, changed_us=now_us)


def unshelve(alarm: Alarm, now_us: int) -> Alarm:
    """`alarm` off the shelf, called if it still holds and nobody has seen it; the same object where it is not on it."""
    if alarm.shelf is None:
        return alarm
    return _back(replace(alarm, shelf=None, changed_us=now_us), now_us)


def refute(alarm: Alarm, refutation: Refutation) -> Alarm:
    """`alarm` with what a named person saw.  Raises NotAllowed where it can be shelved instead, or has returned."""
    if not alarm.active:
        raise NotAllowed(f"{alarm.datastream} has returned: there is nothing to refute")
    if alarm.severity < HIGHEST_SEVERITY and not alarm.shown.verify and alarm.doubt is None:
        raise NotAllowed(f"{alarm.datastream} is in no doubt and not of the highest level: shelve it instead")
    if alarm.refutation is not None:
        raise NotAllowed(f"{alarm.datastream} is refuted already, by {alarm.refutation.by}: it speaks again first")
    return replace(
        alarm,
        refutation=replace(refutation, rank=alarm.shown.rank, severity=alarm.severity),
        release=None,
        unacknowledged=False,
        acknowledged_us=refutation.at_us,
        acknowledged_by=refutation.by,
        changed_us=refutation.at_us,
        held_back=False,
    )


def put_aside(alarm: Alarm, aside: Aside | None, now_us: int) -> Alarm:
    """`alarm` as maintenance or an order out of service begins or ends; the same object where nothing changes."""
    if not alarm.is_open or alarm.aside is aside:
        return alarm
    after = replace(alarm, aside=aside, changed_us=now_us)
    if aside is None:
        return _back(after, now_us)
    return replace(after, release=None)  # when it is over, it has to be seen again


def release(alarm: Alarm, released: Release) -> Alarm:
    """`alarm` with sirens and mass messages let go; the same object where they are, or where there is nothing to."""
    is_heard = alarm.refutation is None and alarm.aside is None and not alarm.historical
    if not is_heard or not alarm.holds_highest or alarm.release is not None:
        return alarm
    return replace(alarm, release=released, changed_us=released.at_us)


def expire(alarm: Alarm, now_us: int) -> list[tuple[Alarm, Event]]:
    """What falls due for `alarm` up to `now_us`, one after the other: each alarm after it, and the event that it is."""
    steps: list[tuple[Alarm, Event]] = []
    for is_due, change, event in _DUE:
        if is_due(alarm, now_us):
            alarm = change(alarm, now_us)
            steps.append((alarm, event))
    return steps


def _back(alarm: Alarm, now_us: int) -> Alarm:
    """`alarm` after something that muted it is over."""
    if alarm.muted:
        return alarm
    if alarm.active and alarm.unacknowledged and not alarm.historical:
        return called(alarm, now_us)
    return closed(alarm, now_us)


def _refutation_over(alarm: Alarm, now_us: int) -> Alarm:
    after = replace(alarm, refutation=None, changed_us=now_us)
    return called(after, now_us) if after.active and not after.historical else after


def _chatter_over(alarm: Alarm, now_us: int) -> Alarm:
    return called(replace(alarm, changed_us=now_us), now_us)


_Due = tuple[Callable[[Alarm, int], bool], Callable[[Alarm, int], Alarm], Event]
_DUE: Final[tuple[_Due, ...]] = (
    (lambda a, now_us: a.shelf is not None and a.shelf.until_us <= now_us, unshelve, Event.UNSHELVED),
    (
        lambda a, now_us: a.refutation is not None and a.refutation.until_us <= now_us,
        _refutation_over,
        Event.SPEAKS_AGAIN,
    ),
    (
        lambda a, now_us: a.held_back and a.active and a.changed_us + HELD_BACK_US <= now_us,
        _chatter_over,
        Event.SPEAKS_AGAIN,
    ),
)
