"""Reports by the clock: while a level is held, somebody tells those who wait for it how it stands, every so often.

Pure: no clock, no database.  A level is reported at once when it is reached, then so many minutes after it was last.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from command_center.alarms.alarm import Alarm, Held
from sensors.catalogue import StandingAction, Text
from sensors.times import MINUTE_US

How = Literal["chat", "radio", "phone", "other"]


class ReportText(msgspec.Struct, frozen=True, kw_only=True):
    """What is told: as a message, and as it is read out over the radio."""

    chat: Text
    radio: Text


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A report that a named person has given."""

    id: str
    alarm_id: str
    datastream: str
    level: str
    count: int  # the how-manieth of its alarm and level
    by: str
    how: How
    comment: str
    sent_us: int
    text: ReportText  # as it stood then


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """How often a level was reported under an alarm, and when and by whom last."""

    count: int
    last_us: int
    last_by: str


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """The next report of an alarm."""

    alarm: Alarm
    held: Held  # the worst level that is held
    every_min: float
    count: int  # the how-manieth it will be
    due_us: int
    given: Given | None  # the one before

    @property
    def id(self) -> str:
        """The same until it is given."""
        return f"{self.alarm.id}.{self.held.level}.{self.count}"


def next_report(alarm: Alarm, table: Iterable[StandingAction], given: Mapping[tuple[str, str], Given]) -> Due | None:
    """The next report of an alarm; None where no level that it holds is reported by the clock.

    `table` has the rows of its datastream, `given` what was reported by (alarm id, level).  The worst held level is
    reported, as often as the most urgent of all held ones asks for.  A level that was not reported under this alarm
    yet is due since it was reached; in maintenance and of old stories nothing is.
    """
    held = [one for one in alarm.held if not one.historical]
    if not held or alarm.aside is not None:
        return None
    names = {one.level for one in held}
    every = [row.report_every_min for row in table if row.level in names and row.report_every_min is not None]
    if not every:
        return None
    worst = max(held, key=lambda one: one.rank)
    last = given.get((alarm.id, worst.level))
    due_us = worst.time_us if last is None else last.last_us + round(min(every) * MINUTE_US)
    return Due(
        alarm=alarm,
        held=worst,
        every_min=min(every),
        count=1 if last is None else last.count + 1,
        due_us=due_us,
        given=last,
    )
