"""Who actually saw it: screens say which annunciations they have painted (`screens`).

A wall that hangs, a browser behind a blank screen, a list that is scrolled away: the server sent it, and nobody saw it.
An annunciation that no screen has painted within `UNSEEN_AFTER_S` is counted, shown and told by `/healthz`.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from command_center.alarms.alarm import Alarm
from sensors.times import SECOND_US

UNSEEN_AFTER_S: Final = 30
MOST_KEPT: Final = 20_000  # painted annunciations that are remembered; the oldest make room
MOST_IN_ONE: Final = 500  # of one message of a screen


def annunciation_id(alarm: Alarm) -> str:
    """The alarm's newest annunciation, as screens name it."""
    return f"{alarm.id}/{alarm.calls}"


class Receipts:
    """What was painted first when, on any screen."""

    def __init__(self, began_us: int = 0) -> None:
        self._began_us = began_us  # what was painted before is not known: screens say it again when they are back
        self._painted_us: OrderedDict[str, int] = OrderedDict()

    def note(self, ids: list[str], now_us: int) -> None:
        """Annunciations (`{alarm}/{call}`) that a person in front of a screen sees now."""
        for one in ids[:MOST_IN_ONE]:
            self._painted_us.setdefault(one[:200], now_us)
        while len(self._painted_us) > MOST_KEPT:
            self._painted_us.popitem(last=False)

    @property
    def is_blind(self) -> bool:
        """Whether no screen has shown any annunciation since the start."""
        return not self._painted_us

    def painted_us(self, alarm: Alarm) -> int | None:
        """When the alarm's newest annunciation was first seen on a screen; None = on none."""
        return self._painted_us.get(annunciation_id(alarm))

    def unseen(self, alarms: Iterable[Alarm], now_us: int) -> list[Alarm]:
        """Of open alarms those whose newest annunciation was heard by nobody's screen for too long."""
        before_us = now_us - UNSEEN_AFTER_S * SECOND_US
        if self._began_us > before_us:
            return []
        return [
            alarm
            for alarm in alarms
            if alarm.unacknowledged
            and not alarm.muted
            and alarm.called_us is not None
            and alarm.called_us <= before_us
            and self.painted_us(alarm) is None
        ]
