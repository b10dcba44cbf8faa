"""An annunciation: that the operator was called by an alarm, or would have been had nobody muted it.

Notification, incidents and the figures of ISA-18.2 / EEMUA 191 count these, and nothing else.
"""

from dataclasses import dataclass

from command_center.alarms.alarm import Alarm, Event


@dataclass(frozen=True, slots=True)
class Annunciation:
    """One call of an alarm, as the alarm stood then.

    `call` is the how-manieth of its alarm: with the alarm's id it names the annunciation, and is the same on every
    replay of the log.  `muted` says why it reached nobody; empty: it was heard.
    """

    alarm_id: str
    call: int
    at_us: int
    datastream: str
    level: str
    rank: int
    severity: int
    why: Event
    muted: str
    exercise: bool = False  # simulated, replayed, or a level that the city marks as made up

    @property
    def id(self) -> str:
        """Named in every message, so that a receiver can drop a repeat."""
        return f"{self.alarm_id}/{self.call}"


def annunciation_of(before: Alarm | None, after: Alarm, why: Event) -> Annunciation | None:
    """The annunciation that lies between two states of an alarm; None where nobody was called."""
    if after.calls == (0 if before is None else before.calls):
        return None
    shown = after.shown
    return Annunciation(
        alarm_id=after.id,
        call=after.calls,
        at_us=after.changed_us if after.called_us is None else after.called_us,
        datastream=after.datastream,
        level=shown.level,
        rank=shown.rank,
        severity=after.severity,
        why=why,
        muted=after.muted,
        exercise=shown.exercise,
    )
