"""The alarm state machine: pure, no clock, no database.  Live, restart and tests use this one.

`apply` takes the datastream's newest alarm (open or closed) and one transition and gives the alarm after it.  A
transition that the alarm has seen already changes nothing, so reading a stretch of the log again changes nothing.

Rules, beyond ISA-18.2's two bits:

- One open alarm per datastream; its level is the worst one held.  Reaching a level worse than what is held now calls
  the operator again and clears the acknowledgement.
- `historical` transitions are listed, never sounded, and need no acknowledgement.  The late story of a datastream whose
  live alarm is open is told in that alarm's history and moves nothing else; so is a late raise whose end is known
  already.  A fresh transition makes a historical alarm real.
- Silence keeps an alarm active like a level does.  A datastream never heard at all raises none.
- A gauge lost while it holds a level is worse news than the level: silence on top of an acknowledged level calls again,
  and weighs at least as much as the level.
- Chatter (the detector's count: >= 3 raises within 60 s of each other, ISA-18.2 practice) is shown with its count and
  calls nobody again, unless it is of the highest severity; what still holds when it is over is called.
- What people set aside is in `command_center.alarms.set_aside`: none of it moves a bit of these.
- What is not certain (`verify`, `confirmed`, `possible`) is in `command_center.alarms.doubt`.
"""

from typing import Final

from msgspec.structs import replace

from command_center.alarms import doubt
from command_center.alarms.alarm import HIGHEST_SEVERITY, SILENT_LEVEL, Alarm, Change, Event, Held, Position
from command_center.alarms.step import Context, called, called_anew, held_of, noted, stepped, unseen
from command_center.errors import AlarmActive
from sensors.transition import Cause, Kind, Transition

CHATTER_COUNT: Final = 3  # raises in a row from which on they are chatter (FACTS 2.1)


def apply(alarm: Alarm | None, transition: Transition, context: Context) -> Alarm | None:
    """The datastream's newest alarm after `transition`; the same object where nothing changed."""
    if alarm is not None and alarm.last_log_id == context.log_id and context.position <= alarm.last:
        return alarm
    match transition.kind:
        case Kind.RAISED:
            return _raised(alarm, transition, context)
        case Kind.RETURNED:
            return _returned(alarm, transition, context)
        case Kind.SILENT:
            return _silent(alarm, transition, context)
        case Kind.HEARD:
            return _heard(alarm, transition, context)
        case Kind.VERIFY:
            return doubt.verify(alarm, transition, context)
        case Kind.CONFIRMED:
            return doubt.confirmed(alarm, transition, context)
        case Kind.POSSIBLE:
            return doubt.possible(alarm, transition, context)
        case Kind.WAVE | Kind.REBASED:  # no alarms: what is expected downstream, and a clock of ours that was set back
            return alarm


def acknowledge(alarm: Alarm, by: str, now_us: int) -> Alarm:
    """`alarm` acknowledged by `by`; the same object where somebody did that before: the first name stays."""
    if not alarm.is_open or (not alarm.unacknowledged and alarm.acknowledged_by is not None):
        return alarm
    after = replace(
        alarm,
        unacknowledged=False,
        acknowledged_us=now_us,
        acknowledged_by=by,
        worst=alarm.shown,
        changed_us=now_us,
        held_back=False,
    )
    return closed(after, now_us)


def close(alarm: Alarm, by: str, now_us: int) -> Alarm:
    """`alarm` off the list and the shelf, acknowledged by the same act; the same object where it is normal already.

    Raises AlarmActive while what it warns of is still there.
    """
    if alarm.active:
        raise AlarmActive(
            f"{alarm.datastream} still holds {alarm.shown.level}: acknowledge it; it closes when it returns"
        )
    after = acknowledge(alarm, by, now_us)
    if after.is_open and after.shelf is not None:
        after = closed(replace(after, shelf=None, changed_us=now_us), now_us)
    return after


def let_go(alarm: Alarm, log_id: str, now_us: int) -> Alarm:
    """`alarm` when log `log_id` takes the place of the one that held its levels: not active.

    The new log starts from nothing and raises again what is still held.
    """
    if not alarm.is_open or alarm.last_log_id == log_id:
        return alarm
    change = Change(
        event=Event.LOG_CHANGED,
        kind="",
        cause="",
        level=alarm.shown.level,
        rank=alarm.shown.rank,
        limit=alarm.shown.limit,
        value=None,
        time_us=now_us,
        at_us=now_us,
    )
    after = replace(alarm, held=(), silence=None, possible=(), doubt=None, release=None, changed_us=now_us)
    after = replace(after, last_log_id=log_id, last=Position(0, 0))
    return _settled(noted(after, change), returned_us=now_us)


def _raised(alarm: Alarm | None, transition: Transition, context: Context) -> Alarm:
    held = held_of(transition, context)
    if alarm is not None and _is_over(alarm, transition):
        return stepped(alarm, Event.CHANGED, transition, context)
    if alarm is None or not alarm.is_open:
        return _born(held, transition, context)
    if transition.cause is Cause.STILL_HELD:
        known = [h.time_us for h in alarm.held if h.level == held.level and h.historical]
        held = replace(held, time_us=min([held.time_us, *known]))
    others = tuple(h for h in alarm.held if not _is_replaced(h, held))
    worst_now = max((h.rank for h in alarm.held if not h.historical or alarm.historical), default=0)
    becomes_real = alarm.historical and not held.historical
    calls = not held.historical and (becomes_real or held.rank > worst_now)
    event = Event.CHANGED if not calls else Event.WORSE if alarm.active else Event.RAISED
    after = replace(alarm, held=(*others, held), worst=_worst(alarm, held, calls), returned_us=None)
    if becomes_real:
        after = replace(after, historical=False, raised_us=held.time_us)
    if not held.historical:
        after = replace(after, doubt=None)
    if calls:
        after = _called_unless_chatter(after, held, context)
    return stepped(after, event, transition, context)


def _returned(alarm: Alarm | None, transition: Transition, context: Context) -> Alarm | None:
    if alarm is None or not alarm.is_open:
        return alarm
    left = _left(alarm, transition)
    if len(left) == len(alarm.held):
        return stepped(alarm, Event.CHANGED, transition, context) if transition.cause is Cause.LATE else alarm
    is_doubted = bool(left) and transition.historical
    after = replace(alarm, held=left, doubt=alarm.doubt if is_doubted else None)
    if not after.holds_highest:
        after = replace(after, release=None)  # should it rise again, it has to be seen again
    event = Event.CHANGED if after.active else Event.RETURNED
    return _settled(stepped(after, event, transition, context), returned_us=transition.time_us)


def _silent(alarm: Alarm | None, transition: Transition, context: Context) -> Alarm | None:
    if transition.cause is Cause.NEVER_HEARD:
        return alarm
    silence = replace(held_of(transition, context), level=SILENT_LEVEL, rank=0)
    if alarm is None or not alarm.is_open:
        return _born(silence, transition, context)
    silence = replace(silence, severity=max(silence.severity, *(h.severity for h in alarm.held), 0))
    after = replace(alarm, silence=silence, returned_us=None)
    is_lost_anew = alarm.silence is None and not silence.historical and not alarm.historical
    if is_lost_anew:
        after = called_anew(after, context.now_us, louder=after.severity > alarm.severity)
    if alarm.historical and not silence.historical:
        real = replace(after, historical=False, raised_us=silence.time_us, worst=silence)
        after = called(real, context.now_us)
    return stepped(after, Event.SILENT, transition, context)


def _heard(alarm: Alarm | None, transition: Transition, context: Context) -> Alarm | None:
    if alarm is None or not alarm.is_open or alarm.silence is None:
        return alarm
    after = replace(alarm, silence=None, possible=())
    return _settled(stepped(after, Event.HEARD, transition, context), returned_us=transition.time_us)


def _born(held: Held, transition: Transition, context: Context) -> Alarm:
    silent = held.level == SILENT_LEVEL and transition.kind is Kind.SILENT
    alarm = Alarm(
        log_id=context.log_id,
        born=context.position,
        last_log_id=context.log_id,
        last=context.position,
        datastream=context.datastream,
        unit=context.unit,
        held=() if silent else (held,),
        silence=held if silent else None,
        worst=held,
        unacknowledged=not held.historical,
        historical=held.historical,
        raised_us=held.time_us,
        detected_us=context.now_us,
        changed_us=context.now_us,
        aside=context.aside,
    )
    if not held.historical:
        alarm = _called_unless_chatter(alarm, held, context)
    return stepped(alarm, Event.SILENT if silent else Event.RAISED, transition, context)


def _called_unless_chatter(alarm: Alarm, held: Held, context: Context) -> Alarm:
    if held.count >= CHATTER_COUNT and held.severity < HIGHEST_SEVERITY:
        return replace(unseen(alarm), held_back=True)
    return called(alarm, context.now_us)


def _is_replaced(known: Held, by: Held) -> bool:
    """A level is held once; beside it there may be late stories of the same level, each from another time."""
    if known.level != by.level:
        return False
    return not by.historical or (known.historical and known.time_us == by.time_us)


def _worst(alarm: Alarm, held: Held, calls: bool) -> Held:
    """The worst since the last acknowledgement, once `held` is reached."""
    if calls and (not alarm.unacknowledged or alarm.historical):
        return held
    if held.historical and not alarm.historical:
        return alarm.worst
    return max(alarm.worst, held, key=lambda h: h.rank)


def _is_over(alarm: Alarm, transition: Transition) -> bool:
    """Whether a raise that was found late is history only.

    The detector never moves its live state by what comes late: nothing of a live alarm's follows from it.  And of what
    was found late only what is new is told: where the level was left after it in time, no return will follow.
    """
    if transition.cause is not Cause.LATE:
        return False
    left = (c for c in alarm.changes if c.kind == Kind.RETURNED and c.level == transition.level)
    return (alarm.is_open and not alarm.historical) or any(c.time_us > transition.time_us for c in left)


def _left(alarm: Alarm, transition: Transition) -> tuple[Held, ...]:
    """What stays held after a return.

    A historical return ends what was reached before it, the newest first: a late story of this morning must not end the
    flood of this afternoon.  What was found late ends nothing that is held live: a gauge that stood above its level
    before and after a late reading stands there now.  A fresh return ends its level whatever the times say (a clock may
    have been set back).
    """
    held = alarm.held
    ended = [h for h in held if h.level == transition.level]
    if transition.cause is Cause.LATE:
        ended = [h for h in ended if h.historical]
    if transition.historical:
        before = [h for h in ended if h.time_us <= transition.time_us]
        ended = [max(before, key=lambda h: (h.historical, h.time_us))] if before else []
    return tuple(h for h in held if not any(h is gone for gone in ended))


def _settled(alarm: Alarm, returned_us: int) -> Alarm:
    """`alarm` after something that held it ended: returned, and normal where nobody has to acknowledge it."""
    if alarm.active:
        return alarm
    return closed(replace(alarm, returned_us=returned_us), alarm.changed_us)


def closed(alarm: Alarm, at_us: int) -> Alarm:
    """`alarm` as normal, where nothing keeps it open: it is not active, acknowledged, and not on the shelf."""
    if alarm.active or alarm.unacknowledged or alarm.shelf is not None:
        return alarm
    return replace(alarm, closed_us=at_us, refutation=None, release=None, aside=None)
