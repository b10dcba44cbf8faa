"""What the desk knows and operations.db does not hold yet, and one step of what a person or time does."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from command_center.actions.book import ActionBook, write_of
from command_center.alarms.alarm import Alarm, Event
from command_center.alarms.annunciation import Annunciation, annunciation_of
from command_center.alarms.orders import Order
from command_center.alarms.store import AlarmEvent, Changes
from command_center.operations import Write


@dataclass(frozen=True, slots=True)
class Step:
    """What a person or time did to an alarm."""

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


@dataclass(slots=True)
class Pending:
    """Waits for operations.db.  `unstored`: ids of the alarms of which it holds nothing at all yet."""

    actions: ActionBook
    alarms: dict[str, Alarm] = field(default_factory=dict)
    events: list[AlarmEvent] = field(default_factory=list)
    calls: list[Annunciation] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    unstored: set[str] = field(default_factory=set)

    def changes(self, steps: Sequence[Step] = (), orders: Sequence[Order] = (), also: Sequence[Write] = ()) -> Changes:
        """All of it, and what a person does on top."""
        opened = [write_of(one) for step in steps for one in self.actions.opened(step.before, step.after)]
        calls = [call for step in steps if (call := step.annunciation) is not None]
        return Changes(
            [*self.alarms.values(), *(step.after for step in steps)],
            [*self.events, *(step.event for step in steps)],
            [*self.calls, *calls],
            [*self.orders, *orders],
            [*self.actions.writes(), *opened, *also],
        )

    def clear(self) -> None:
        """It is stored."""
        for part in (self.alarms, self.events, self.calls, self.orders, self.unstored):
            part.clear()
        self.actions.stored()


def event_of(alarm: Alarm) -> AlarmEvent:
    """The newest change of an alarm, as an event."""
    change = alarm.changes[-1]
    return AlarmEvent(alarm.id, change.at_us, change.event, change=change)
