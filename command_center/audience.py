"""Whose work a call is: the operators', the maintainers', or both."""

from enum import StrEnum

from command_center.alarms.alarm import SILENT_LEVEL, Alarm
from command_center.alarms.annunciation import Annunciation
from sensors.catalogue import Silence


class Audience(StrEnum):
    """Who is told."""

    OPERATORS = "operators"
    MAINTAINERS = "maintainers"  # `[notify] maintainers`; where a city names none, the operators
    BOTH = "both"


def audience_of(call: Annunciation, silence: Silence) -> Audience:
    """A gauge lost in calm is the maintainers' matter, all else that an alarm tells is the operators'.

    In calm = it holds no level, and is no graver than the city's silence in calm: one that was lost while it rose, or
    with rain or a breach upstream (`command_center.alarms.silence_watch`), is.
    """
    return _audience(call.level, call.severity, silence)


def audience_of_alarm(alarm: Alarm, silence: Silence) -> Audience:
    """The same of an alarm as it stands."""
    return _audience(alarm.shown.level, alarm.severity, silence)


def _audience(level: str, severity: int, silence: Silence) -> Audience:
    is_calm = level == SILENT_LEVEL and severity <= silence.severity and severity < silence.rising_severity
    return Audience.MAINTAINERS if is_calm else Audience.OPERATORS
