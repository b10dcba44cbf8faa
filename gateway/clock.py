"""Our own clock, which can be wrong too: the wall clock, checked against the monotonic one and the devices' clocks."""

import logging
import time
from collections.abc import Callable
from typing import Final

from gateway.our_clock import WINDOW_US, Disagreement
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

    `steps` counts the steps that were followed, `stepped_us` is what they come to.
    """

    def __init__(self, wall_us: Callable[[], int] = _wall_us, monotonic_us: Callable[[], int] = _monotonic_us) -> None:
        self._wall_us, self._monotonic_us = wall_us, monotonic_us
        self._anchor = (wall_us(), monotonic_us())
        self._stepped_us: int | None = None  # monotonic time at which the present step was first seen
        self._step_error = ""
        self._disagreement: Disagreement | None = None
        self._disagreed_us = 0  # monotonic time at which it was last heard
        self.steps = 0
        self.stepped_us = 0

    @property
    def error(self) -> str:
        """What is wrong with the clock just now; "" = nothing."""
        if self._step_error or self.disagreement is None:
            return self._step_error
        return f"{self.disagreement}: it is wrong, or the one clock that all of these have their time from"

    @property
    def disagreement(self) -> Disagreement | None:
        """What most devices say against it, if they said so lately."""
        is_old = self._monotonic_us() - self._disagreed_us > WINDOW_US
        return None if is_old else self._disagreement

    def now_us(self) -> int:
        """Microseconds UTC."""
        wall_us, monotonic_us = self._wall_us(), self._monotonic_us()
        expected_us = self._anchor[0] + monotonic_us - self._anchor[1]
        step_us = wall_us - expected_us
        if abs(step_us) > STEP_US:
            if not self._has_lasted(step_us, monotonic_us):
                return expected_us
            self.steps += 1
            self.stepped_us += step_us
            self._disagreement = None  # it was said of the clock as it was
            _log.error("OUR clock was set by %+.1f s, and is followed now", step_us / SECOND_US)
        self._anchor, self._stepped_us, self._step_error = (wall_us, monotonic_us), None, ""
        return wall_us

    def hear(self, disagreement: Disagreement | None) -> None:
        """Note what most devices say against it; None: nothing."""
        if disagreement is not None and self.disagreement is None:
            _log.error("OUR clock: %s", disagreement)
        self._disagreement, self._disagreed_us = disagreement, self._monotonic_us()

    def _has_lasted(self, step_us: int, monotonic_us: int) -> bool:
        if self._stepped_us is None:
            self._stepped_us = monotonic_us
            self._step_error = f"the wall clock stepped by {step_us / SECOND_US:+.1f} s; not followed yet"
            _log.error("OUR clock: %s", self._step_error)
        return monotonic_us - self._stepped_us >= PATIENCE_US
