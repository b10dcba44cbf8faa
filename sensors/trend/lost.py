"""What the trend says of a datastream that fell silent: whether it was rising, and how fast at most."""

import numpy as np
from numpy.typing import NDArray

from sensors.trend.rules import TrendRules
from sensors.trend.state import TrendState


def lost_rising(
    state: TrendState, rules: TrendRules, number: NDArray[np.int32], newest_us: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether datastreams were rising, without a doubt, when they were last heard.

    Parameters
    ----------
    state, rules : of S slots for D datastreams
    number : ndarray, shape (n,), int32, datastreams, less than D
    newest_us : ndarray, shape (n,), int64, phenomenon time of each one's newest observation, microseconds

    Returns
    -------
    lost_rising : ndarray, shape (n,), bool: the lower bound of the rate at the newest point is > 0, and that point is
        not older than the window before the newest observation; False where there is no trend

    References
    ----------
    `docs/detector.md`, "Silence".
    """
    return _while_fresh(state.low, state, rules, number, newest_us) > 0


def widening_per_h(
    state: TrendState, rules: TrendRules, number: NDArray[np.int32], newest_us: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How fast what is possible widens upward while datastreams are silent.

    Parameters
    ----------
    as of `lost_rising`

    Returns
    -------
    rate : ndarray, shape (n,), float64, unit of the datastream per hour: the upper bound of the rate at the newest
        point, which may be zero or negative; NaN = too few points, too old ones (as of `lost_rising`), or no trend

    References
    ----------
    `docs/detector.md`, "Silence".
    """
    return _while_fresh(state.high, state, rules, number, newest_us)


def _while_fresh(
    bound: NDArray[np.float64],
    state: TrendState,
    rules: TrendRules,
    number: NDArray[np.int32],
    newest_us: NDArray[np.int64],
) -> NDArray[np.float64]:
    """The bound (S,) of each datastream's slot, shape (n,); NaN where it has none or its newest point is too old."""
    found = np.full(len(number), np.nan)
    slot = rules.slot[number]
    index = np.flatnonzero(slot >= 0)
    slot = slot[index]
    fresh = state.rate_us[slot] + rules.window_us[slot] >= newest_us[index]
    found[index] = np.where(fresh, bound[slot], np.nan)
    return found
