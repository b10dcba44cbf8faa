"""How long a rate says something of now, and whether the newest readings deny it."""

from typing import Final

import numpy as np

from command_center.picture.series import Rows
from sensors.quality import Quality, is_only_fast
from sensors.trend.theil_sen import MIN_POINTS, theil_sen

LASTS_S: Final = 300.0  # a rate lasts as long as a value does before it is stale, and no less than this
LASTS_INTERVALS: Final = 3
NEWEST_SHARE: Final = 4  # a quarter of the window: the shortest that a trend is taken over at all
MOST_SEEN: Final = 256  # of that quarter are looked at, evenly: enough to find the sound ones
MOST_READINGS: Final = 8  # of those that are sound, evenly: as many as a trend has points


def rate_lasts_s(interval_s: float, window_s: float, pace: float) -> float:
    """How long a rate says something of now, seconds.

    `interval_s`: between observations in calm weather; `window_s`: over how long the rate is taken; `pace`: how many
    times as fast as life the rivers move.  It lasts as much shorter, but never less than its window.

    >>> rate_lasts_s(120.0, 1800.0, 1.0), rate_lasts_s(120.0, 30.0, 60.0)
    (360.0, 30.0)
    """
    in_life_s = max(LASTS_S, LASTS_INTERVALS * interval_s)
    return max(in_life_s / pace, min(window_s, in_life_s))


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
