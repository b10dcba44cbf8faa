"""Whether most devices say that our own clock is wrong: then it is not theirs that are shown as faulty."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.clock_memory import OFF_US, ClockMemory
from sensors.times import MINUTE_US, NEVER, SECOND_US

WINDOW_US: Final = 10 * MINUTE_US  # a device heard so lately has a voice
SAME_US: Final = MINUTE_US  # offsets no further apart are one and the same
MIN_DEVICES: Final = 3  # fewer prove nothing


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What most devices say of our clock.  `ahead_us` is negative where it is behind theirs."""

    ahead_us: int
    devices: int
    heard: int

    def __str__(self) -> str:
        where = "ahead of" if self.ahead_us > 0 else "behind"
        return f"{abs(self.ahead_us) / SECOND_US:.0f} s {where} the clocks of {self.devices} of {self.heard} devices"


@dataclass(frozen=True, slots=True, eq=False)
class Voices:
    """n readings of this tick whose clocks agree with ours or not; a backlog says nothing of a clock.

    number (n,) int32, lag_us (n,) int64: receive less device time, at_us (n,) int64: receive time
    """

    number: NDArray[np.int32]
    lag_us: NDArray[np.int64]
    at_us: NDArray[np.int64]


def disagreement(memory: ClockMemory, device: NDArray[np.int32], since_us: int, voices: Voices) -> Disagreement | None:
    """What most devices that were heard lately say against our clock.

    Parameters
    ----------
    memory : what is remembered of D datastreams
    device : ndarray, shape (S,), int32, the device of each datastream of the catalogue, from 0
    since_us : int, microseconds UTC, when our clock was set last: what was heard before says nothing of it
    voices : what was heard just now; each device has one voice, its latest

    Returns
    -------
    disagreement : by how many microseconds more than two thirds of the devices heard (3 or more) say that our clock is
        wrong, over `OFF_US` and all within a minute of the middle one; None where they do not, or nobody was heard now
    """
    if not len(voices.number):
        return None
    now_us = int(voices.at_us.max())
    size = min(len(memory.heard_us), len(device))
    offset_us, heard_us = memory.offset_us[:size], memory.heard_us[:size]
    agrees = (offset_us <= OFF_US) & (offset_us >= -OFF_US)
    lately = memory.ever_heard[:size] & (heard_us > max(since_us, now_us - WINDOW_US)) & (offset_us != NEVER)
    spoke = np.flatnonzero(lately & (agrees | memory.is_moved()[:size]))
    said_us = np.concatenate([offset_us[spoke], voices.lag_us])
    at_us = np.concatenate([heard_us[spoke], voices.at_us])
    whose = device[np.concatenate([spoke, voices.number])]
    latest_us = np.full(int(device.max()) + 1, NEVER)
    np.maximum.at(latest_us, whose, at_us)
    is_latest = at_us == latest_us[whose]
    by_device = np.full(len(latest_us), NEVER)
    by_device[whose[is_latest]] = said_us[is_latest]
    return _majority(by_device[latest_us != NEVER])


def _majority(offset_us: NDArray[np.int64]) -> Disagreement | None:
    """More than two thirds say the same: then the middle one is of them."""
    ahead_us = int(np.sort(offset_us)[len(offset_us) // 2])
    devices = int(np.count_nonzero(np.abs(offset_us - ahead_us) <= SAME_US))
    if abs(ahead_us) <= OFF_US or devices < MIN_DEVICES or 3 * devices <= 2 * len(offset_us):
        return None
    return Disagreement(ahead_us, devices, len(offset_us))
