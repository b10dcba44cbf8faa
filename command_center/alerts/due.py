"""What a rule would draft now: pure, from the alarm, the story's newest message and the draft that lies there."""

from dataclasses import dataclass
from typing import Final

from command_center.alarms.alarm import HIGHEST_SEVERITY, Alarm, Held
from command_center.alerts.compose import MessageType, warned_of
from command_center.alerts.record import Record
from sensors.times import MINUTE_US
from sensors.warning_rules import CapRules

RENEWED_US: Final = 30 * MINUTE_US  # before a warning ends that still holds, an update is drafted


@dataclass(frozen=True, slots=True)
class Due:
    """A message that should be drafted; `held` None: what was warned of is over."""

    msg_type: MessageType
    held: Held | None
    key: str  # of what it is for: drafted once, whatever becomes of it


def due(alarm: Alarm, status: str, head: Record | None, cap: CapRules, now_us: int) -> Due | None:
    """The message that the alarm calls for, in the story whose newest live message is `head`; None where none does.

    A silent gauge ends no warning, nor does one that is shelved, refuted or out of service: a person does.
    """
    held = warned_of(alarm)
    rule = None if held is None else cap.rule_for(held.severity)
    if held is None or rule is None or not rule.draft:
        is_over = head is not None and (not alarm.active or held is not None)
        return over(alarm, status, head, cap) if is_over else None
    if alarm.muted or alarm.historical:
        return None
    if head is None:
        return Due("Alert", held, f"{status} {alarm.id} {held.level} {held.time_us} first")
    if head.about.level != held.level:
        return Due("Update", held, f"{status} {alarm.id} {held.level} {held.time_us} after {head.id}")
    expires_us = head.expires_us()
    if expires_us is not None and expires_us - now_us < RENEWED_US:
        return Due("Update", held, f"{status} {alarm.id} {held.level} renews {head.id}")
    return None


def over(alarm: Alarm, status: str, head: Record | None, cap: CapRules) -> Due | None:
    """The message that ends a story; None where there is none to end, or somebody has muted the alarm."""
    if head is None or alarm.muted:
        return None
    kind: MessageType = "Cancel" if cap.back_to_normal == "cancel" else "Update"
    return Due(kind, None, f"{status} {alarm.id} over {alarm.returned_us or alarm.changed_us} after {head.id}")


def is_for(draft: Record, wanted: Due) -> bool:
    """Whether a draft says already what is due."""
    level = "" if wanted.held is None else wanted.held.level
    return draft.alert.msg_type == wanted.msg_type and draft.about.level == level


def goes_by_itself(alarm: Alarm, held: Held | None, cap: CapRules) -> bool:
    """Whether a warning of a condition is issued by the city's standing order, without a hand.

    Of the highest level only what was confirmed: as with sirens and mass messages.
    """
    if not cap.automatic or held is None or held.severity not in cap.automatic_severities:
        return False
    is_confirmed = held.severity < HIGHEST_SEVERITY or alarm.release is not None
    return is_confirmed and not held.verify and alarm.doubt is None and not alarm.muted
