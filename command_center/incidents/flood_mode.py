"""Flood mode: more alarms than a person can work through.

It begins when more than 10 annunciations came within 10 minutes and ends when there are fewer than 5 (ISA-18.2 as
quoted by prosys.com; FACTS 2.1).  Then the list shows incidents; the highest level is never folded.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Final

from sensors.times import MINUTE_US

WINDOW_US: Final = 10 * MINUTE_US
BEGINS_OVER: Final = 10
ENDS_UNDER: Final = 5


class AlarmLoad:
    """The annunciations of the last ten minutes, and whether they are a flood."""

    def __init__(self, known_us: Iterable[int] = ()) -> None:
        """`known_us`: when those were made that came before."""
        self._times_us = sorted(known_us)
        self.is_flood = False
        self.since_us: int | None = None  # when the flood began

    def note(self, at_us: int) -> None:
        """One more annunciation that was heard."""
        insort(self._times_us, at_us)

    def at(self, now_us: int) -> int:
        """How many came within the ten minutes before `now_us`; begins or ends the flood by that."""
        del self._times_us[: bisect_left(self._times_us, now_us - WINDOW_US)]
        count = len(self._times_us)
        if not self.is_flood and count > BEGINS_OVER:
            self.is_flood, self.since_us = True, now_us
        elif self.is_flood and count < ENDS_UNDER:
            self.is_flood, self.since_us = False, None
        return count
