"""A trouble as notification takes it: an annunciation like an alarm's."""

from dataclasses import dataclass

from command_center.alarms.alarm import Event
from command_center.alarms.annunciation import Annunciation
from command_center.audience import Audience
from command_center.troubles.trouble import Trouble
from sensors.catalogue import Silence


@dataclass(frozen=True, slots=True)
class TroubleCall:
    """What `command_center.notify.due` asks of a call (`command_center.notify.notice.Calling`)."""

    trouble: Trouble
    planned_us: int | None  # when the first notices were planned; None: not yet

    @property
    def annunciation(self) -> Annunciation:
        """Its newest call.  The datastream's place is a station, an area or nothing; the level is the kind."""
        trouble, condition = self.trouble, self.trouble.condition
        return Annunciation(
            alarm_id=trouble.id,
            call=trouble.calls,
            at_us=trouble.called_us,
            datastream=f"{condition.place}:{condition.subject}",
            level=condition.kind,
            rank=0,
            severity=condition.severity,
            why=Event.RAISED,
            muted="",
            exercise=condition.exercise,
        )

    @property
    def key(self) -> tuple[str, int]:
        """Of its annunciation."""
        return self.trouble.id, self.trouble.calls

    @property
    def is_heard(self) -> bool:
        """Nobody mutes a trouble."""
        return True

    @property
    def is_wanting(self) -> bool:
        """Whether somebody has yet to acknowledge it."""
        return self.trouble.is_wanting

    @property
    def is_released(self) -> bool:
        """The many are never told of our own troubles."""
        return False

    def audience(self, silence: Silence) -> Audience:
        """Whose work it is, as its condition says; silences are the alarms' matter."""
        del silence
        return self.trouble.condition.audience
