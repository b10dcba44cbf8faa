"""What is remembered of devices' times, to judge their clocks by."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.phenomenon_time import FUTURE_LIMIT_US
from sensors.state import State
from sensors.times import NEVER, SECOND_US

OFF_US: Final = FUTURE_LIMIT_US  # a clock that is off by no more is believed
MOVED_US: Final = 50  # receive times of one message lie 1 µs apart for each of the elements of a datastream

Times = NDArray[np.int64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ClockMemory:
    """What the detector remembers of the times of D datastreams (index = number): arrays of its state.

    newest_us   (D,) int64     newest phenomenon time; `NEVER` = none
    received_us (D,) int64     when that came
    heard_us    (D,) int64     receive time of the last row, or when listening began
    ever_heard  (D,) bool
    offset_us   (D,) int64     receive less device time of the last row with a device time, believed or not; `NEVER`
    recent_us   (D, 32) int64  the last phenomenon times, in any order; `NEVER` = empty
    """

    newest_us: Times
    received_us: Times
    heard_us: Times
    ever_heard: Marks
    offset_us: Times
    recent_us: Times

    def is_moved(self, away_us: int = 0) -> Marks:
        """Whose last row is the newest, with a time that was not believed: it was moved to its receipt.  Shape (D,).

        Where nobody listened for `away_us` before the last start, `heard_us` was moved on by so much.
        """
        off = (self.offset_us != NEVER) & ((self.offset_us > SECOND_US) | (self.offset_us < -SECOND_US))
        after_us, since_us = self.newest_us - self.received_us, self.heard_us - self.received_us
        is_last = (since_us == 0) | (since_us == away_us)
        moved: Marks = self.ever_heard & off & is_last & (after_us >= 0) & (after_us <= MOVED_US)
        return moved

    def of(self, number: NDArray[np.int32]) -> "ClockMemory":
        """The memory of each of these datastreams, shape (n,) in place of (D,); what is beyond D was never heard."""
        known = number < len(self.newest_us)
        if known.all():
            return ClockMemory(*[getattr(self, field.name)[number] for field in fields(self)])
        blank = ClockMemory(
            newest_us=np.full(len(number), NEVER),
            received_us=np.full(len(number), NEVER),
            heard_us=np.full(len(number), NEVER),
            ever_heard=np.zeros(len(number), np.bool_),
            offset_us=np.full(len(number), NEVER),
            recent_us=np.full((len(number), self.recent_us.shape[1]), NEVER),
        )
        for field in fields(self):
            getattr(blank, field.name)[known] = getattr(self, field.name)[number[known]]
        return blank


def memory_of(state: State) -> ClockMemory:
    """The memory that a detector's state holds."""
    return ClockMemory(
        newest_us=state.newest.time_us,
        received_us=state.newest.received_us,
        heard_us=state.heard.heard_us,
        ever_heard=state.heard.ever,
        offset_us=state.heard.offset_us,
        recent_us=state.recent.time_us,
    )
