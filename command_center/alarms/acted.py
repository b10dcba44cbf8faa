"""What a person or time did to an alarm."""

import dataclasses
from dataclasses import dataclass

from command_center.alarms.alarm import Alarm, Event
from command_center.alarms.annunciation import Annunciation, annunciation_of
from command_center.alarms.store import AlarmEvent


@dataclass(frozen=True, slots=True)
class Acted:
    """An alarm before and after, and the act."""

    before: Alarm
    after: Alarm
    act: AlarmEvent

    @property
    def is_news(self) -> bool:
        """Whether there is something to store: a change, or words."""
        return self.after is not self.before or self.act.event is Event.NOTE or bool(self.act.comment.strip())

    @property
    def event(self) -> AlarmEvent:
        """The act; what changed nothing is a note."""
        event = self.act.event if self.after is not self.before else Event.NOTE
        return dataclasses.replace(self.act, alarm_id=self.after.id, event=event)

    @property
    def annunciation(self) -> Annunciation | None:
        """The call that came of it."""
        return annunciation_of(self.before, self.after, self.act.event)
