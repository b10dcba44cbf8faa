"""What is remembered of each trend: its last points and the rate at the newest."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.times import NEVER
from sensors.trend.rules import PARTS, TrendRules


@dataclass(frozen=True, slots=True, eq=False)
class TrendState:
    """The points and rates of S slots.

    time_us    (S, 8) int64    phenomenon times of the last points, the newest last; `NEVER` = none there
    value      (S, 8) float64  their values, unit of the datastream; NaN = none there
    next_us    (S,) int64      when the part after that of the newest point begins; `NEVER` = no point yet
    rate       (S,) float64    at the newest point, unit per hour, falling is negative; NaN = too few points
    low, high  (S,) float64    its bounds, unit per hour; NaN where `rate` is
    """

    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    next_us: NDArray[np.int64]
    rate: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def rate_us(self) -> NDArray[np.int64]:
        """Phenomenon time of the newest point, shape (S,); `NEVER` = none."""
        return self.time_us[:, -1]

    def put(self, slot: NDArray[np.integer[Any]], **rows: Any) -> "TrendState":
        """A copy with other rows (by field name, shape (k, …) or a scalar) for the slots, shape (k,)."""
        changed = {}
        for name, values in rows.items():
            changed[name] = getattr(self, name).copy()
            changed[name][slot] = values
        return replace(self, **changed)


def fresh_trend(rules: TrendRules) -> TrendState:
    """No points yet."""
    size = len(rules.number)
    return TrendState(
        time_us=np.full((size, PARTS), NEVER, np.int64),
        value=np.full((size, PARTS), np.nan),
        next_us=np.full(size, NEVER, np.int64),
        rate=np.full(size, np.nan),
        low=np.full(size, np.nan),
        high=np.full(size, np.nan),
    )


def remap_trend(state: TrendState, old_rules: TrendRules, new_rules: TrendRules) -> TrendState:
    """The same memory under other rules, by the datastream's number; a trend whose window changed begins anew."""
    _, old, new = np.intersect1d(old_rules.number, new_rules.number, assume_unique=True, return_indices=True)
    same = old_rules.window_us[old] == new_rules.window_us[new]
    kept = {field.name: getattr(state, field.name)[old[same]] for field in fields(state)}
    return fresh_trend(new_rules).put(new[same], **kept)


def reset_trend(state: TrendState, slots: NDArray[np.integer[Any]]) -> TrendState:
    """The state without the points of some slots, shape (k,): their own time begins anew; −1 is passed over."""
    some = slots[slots >= 0]
    return state.put(some, time_us=NEVER, value=np.nan, next_us=NEVER, rate=np.nan, low=np.nan, high=np.nan)
