"""Our own clock, which can be wrong too: the wall clock, checked against the monotonic one at every reading."""

import logging
import time
from collections.abc import Callable
from typing import Final

from sensors.times import SECOND_US

STEP_US: Final = 2 * SECOND_US  # further apart within one reading than any drift
PATIENCE_US: Final = 10 * SECOND_US  # a step that lasts so long was meant (NTP, a resumed machine)

_log = logging.getLogger("gateway.clock")


def _wall_us() -> int:
    return time.time_ns() // 1000


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1000


class Clock:
    """Read at the edges only.  A step of the wall clock is not followed at once, and is said.

    `error` says what is wrong with the clock just now; `steps` counts the steps that were followed.
    """

    def __init__(self, wall_us: Callable[[], int] = _wall_us, monotonic_us: Callable[[], int] = _monotonic_us) -> None:
        self._wall_us, self._monotonic_us = wall_us, monotonic_us
        self._anchor = (wall_us(), monotonic_us())
        self._stepped_us: int | None = None  # monotonic time at which the present step was first seen
        self.error = ""
        self.steps = 0

    def now_us(self) -> int:
        """Microseconds UTC."""
        wall_us, monotonic_us = self._wall_us(), self._monotonic_us()
        expected_us = self._anchor[0] + monotonic_us - self._anchor[1]
        step_us = wall_us - expected_us
        if abs(step_us) > STEP_US:
            if not self._has_lasted(step_us, monotonic_us):
                return expected_us
            self.steps += 1
            _log.error("OUR clock was set by %+.1f s, and is followed now", step_us / SECOND_US)
        self._anchor, self._stepped_us, self.error = (wall_us, monotonic_us), None, ""
        return wall_us

    def _has_lasted(self, step_us: int, monotonic_us: int) -> bool:
        if self._stepped_us is None:
            self._stepped_us = monotonic_us
            self.error = f"the wall clock stepped by {step_us / SECOND_US:+.1f} s; not followed yet"
            _log.error("OUR clock: %s", self.error)
        return monotonic_us - self._stepped_us >= PATIENCE_US
