"""What an alarm makes of findings that are not certain: look, it is so, it could be.

Pure, like `command_center.alarms.life_cycle`, which calls these.  None of them ends anything: a level that is held
stays held, and silence stays silence.

- `verify`: a fall is not believed.  The level stays, and the operator is called: the detector tells it once for each
  doubt.  Any later transition of a level ends it; so does an observation that is not in doubt any more
  (`command_center.alarms.view.as_seen`), of which there is no transition.
- `confirmed`: what a suspect observation had reached is held by a good one.  Nobody is called again.
- `possible`: a silent gauge could have reached the level.  The operator is called where that is worse than what he was
  told before.
"""

from msgspec.structs import replace

from command_center.alarms.alarm import Alarm, Doubt, Event
from command_center.alarms.step import Context, called_anew, held_of, stepped
from sensors.transition import Transition


def verify(alarm: Alarm | None, transition: Transition, context: Context) -> Alarm | None:
    """The alarm after a fall that is in doubt; the same object where no level is held."""
    if alarm is None or not alarm.held:
        return alarm
    doubt = Doubt(cause=transition.cause, time_us=transition.time_us, value=transition.value)
    after = replace(alarm, doubt=doubt)
    if not transition.historical and not alarm.historical:
        after = called_anew(after, context.now_us)
    return stepped(after, Event.VERIFY, transition, context)


def confirmed(alarm: Alarm | None, transition: Transition, context: Context) -> Alarm | None:
    """The alarm after a good observation; the same object where there was no doubt."""
    if alarm is None or not alarm.is_open:
        return alarm
    held = tuple(replace(h, verify=False) if h.level == transition.level else h for h in alarm.held)
    if held == alarm.held and alarm.doubt is None:
        return alarm
    worst = replace(alarm.worst, verify=False) if alarm.worst.level == transition.level else alarm.worst
    after = replace(alarm, held=held, worst=worst, doubt=None)
    return stepped(after, Event.CONFIRMED, transition, context)


def possible(alarm: Alarm | None, transition: Transition, context: Context) -> Alarm | None:
    """The alarm of a silent gauge that could have reached a level; the same object where it is not silent."""
    if alarm is None or alarm.silence is None:
        return alarm
    others = tuple(h for h in alarm.possible if h.level != transition.level)
    after = replace(alarm, possible=(*others, held_of(transition, context)))
    is_worse = transition.severity > alarm.severity and not transition.historical and not alarm.historical
    if is_worse:
        after = called_anew(after, context.now_us, louder=True)
    return stepped(after, Event.WORSE if is_worse else Event.POSSIBLE, transition, context)
