"""How fast a value rises: what may be said of it, and for how long.  One rule for every screen, report and warning."""

from typing import Final

import msgspec
import numpy as np

from command_center.picture.series import Rows
from sensors.quality import Quality, is_only_fast
from sensors.times import SECOND_US, parse_rfc3339
from sensors.trend.theil_sen import MIN_POINTS, theil_sen

# As on the wall (trend.js): a rate lasts as long as a value does before it is stale, and no less than five minutes.
LASTS_S: Final = 300.0
LASTS_INTERVALS: Final = 3
NEWEST_SHARE: Final = 4  # a quarter of the window: the shortest that a trend is taken over at all
MOST_READINGS: Final = 8  # of that quarter, evenly: as many as a trend has points


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """How fast it rises; negative = it falls."""

    value: float
    unit: str
    low: float | None
    high: float | None
    time: str  # of the observation up to which it was found
    window_s: float  # over how long it was found; once older than that, it says nothing of now
    turned: bool = False  # the newest readings say the opposite: it rose, or fell, until just now

    @property
    def direction(self) -> int:
        """1 = it rises, -1 = it falls: only where both bounds agree.  0: what may as well be nothing is not told.

        A bound that is not derived is taken to be the middle.  What has turned does neither for certain.
        """
        if self.turned:
            return 0
        low, high = (self.value if bound is None else bound for bound in (self.low, self.high))
        return 1 if low > 0 else -1 if high < 0 else 0

    def is_of_now(self, interval_s: float, now_us: int) -> bool:
        """Whether it says something of now; `interval_s`: expected between observations in calm weather."""
        found_us = parse_rfc3339(self.time)
        lasts_s = min(max(LASTS_S, LASTS_INTERVALS * interval_s), self.window_s)
        return found_us is not None and now_us - found_us <= lasts_s * SECOND_US


def is_opposed(direction: int, newest: Rows) -> bool:
    """Whether the newest readings clearly go against a direction, 1 or -1: by the same bounds as a trend's own.

    `newest` are by time; of those that a trend would take as many as it has points count, the newest among them.
    """
    quality = newest["quality"]
    sound = (quality == Quality.PASS) | (quality == Quality.NOT_EVALUATED) | is_only_fast(quality, newest["reasons"])
    rows = newest[sound & np.isfinite(newest["value"])]
    rows = rows[:: -max(1, -(-len(rows) // MOST_READINGS))][::-1]
    if len(rows) < MIN_POINTS:
        return False
    _middle, low, high = theil_sen(rows["time_us"][None], rows["value"][None])
    return bool(high[0] < 0) if direction > 0 else bool(low[0] > 0)
