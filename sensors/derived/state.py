"""What is remembered of derived datastreams."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sensors.derived.peaks import BLOCKS
from sensors.derived.rules import DerivedRules
from sensors.times import NEVER

_OF_WINDOWS: Final = (
    *("part", "part_total", "part_weight", "before_total", "before_weight"),
    *("closed_part", "closed_total", "closed_weight", "peak_block", "peak"),
)
_OF_SEATS: Final = ("heard_us", "before_us", "value", "quality", "reasons", "origin", "flowed")


@dataclass(frozen=True, slots=True, eq=False)
class DerivedState:
    """N derived datastreams, V of them windows of P parts, Q of them with J seats; places as in their rules.

    last_us     (N,) int64      phenomenon time of the newest derived observation; `NEVER` = none yet
    receive_us  (N,) int64      its receive time; `NEVER` = none yet
    part        (V,) int64      number of the newest part, which is open; `NEVER` = nothing yet
    part_total, part_weight (V,) int64  sum of what its observations add, in millionths of the result's unit; how many
                                they are, of a sum the microseconds that they cover
    before_total, before_weight (V,) int64  the same of the window's closed parts, each mean once
    closed_part (V, P) int64    the last closed parts that hold an observation, the newest last; `NEVER` = none there
    closed_total, closed_weight (V, P) int64  as of the open one
    peak_block, peak (V, 7) int64  as of `Peaks`, of shares of the usual
    heard_us    (Q, J) int64    phenomenon time of each input's newest observation; of one that was never heard that of
                                the first observation of another; `NEVER` = nothing heard
    before_us   (Q, J) int64    that of the observation before it; `NEVER` = none
    value       (Q, J) float64  its value, unit of the input; NaN = none
    quality     (Q, J) uint8    its `Quality`; 0 = never heard
    reasons     (Q, J) uint16   its `Reason` bits
    origin      (Q, J) uint8    its `Origin`
    flowed      (Q,) float64    of levels of service the last volume over capacity over next to nothing; NaN = none
    """

    last_us: NDArray[np.int64]
    receive_us: NDArray[np.int64]
    part: NDArray[np.int64]
    part_total: NDArray[np.int64]
    part_weight: NDArray[np.int64]
    before_total: NDArray[np.int64]
    before_weight: NDArray[np.int64]
    closed_part: NDArray[np.int64]
    closed_total: NDArray[np.int64]
    closed_weight: NDArray[np.int64]
    peak_block: NDArray[np.int64]
    peak: NDArray[np.int64]
    heard_us: NDArray[np.int64]
    before_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    reasons: NDArray[np.uint16]
    origin: NDArray[np.uint8]
    flowed: NDArray[np.float64]

    def put(self, index: NDArray[np.integer[Any]], **rows: NDArray[Any]) -> "DerivedState":
        """A copy with other rows (by field name, shape (k, …)) at `index`, shape (k,)."""
        changed = {}
        for name, values in rows.items():
            changed[name] = getattr(self, name).copy()
            changed[name][index] = values
        return replace(self, **changed)


def fresh_derived(rules: DerivedRules) -> DerivedState:
    """Nothing heard, nothing derived."""
    size, windows, seats = len(rules.number), len(rules.windows.method), rules.seats.used.shape
    closed = (windows, max(rules.windows.width - 1, 0))
    return DerivedState(
        last_us=np.full(size, NEVER, np.int64),
        receive_us=np.full(size, NEVER, np.int64),
        part=np.full(windows, NEVER, np.int64),
        part_total=np.zeros(windows, np.int64),
        part_weight=np.zeros(windows, np.int64),
        before_total=np.zeros(windows, np.int64),
        before_weight=np.zeros(windows, np.int64),
        closed_part=np.full(closed, NEVER, np.int64),
        closed_total=np.zeros(closed, np.int64),
        closed_weight=np.zeros(closed, np.int64),
        peak_block=np.full((windows, BLOCKS + 1), NEVER, np.int64),
        peak=np.zeros((windows, BLOCKS + 1), np.int64),
        heard_us=np.full(seats, NEVER, np.int64),
        before_us=np.full(seats, NEVER, np.int64),
        value=np.full(seats, np.nan),
        quality=np.zeros(seats, np.uint8),
        reasons=np.zeros(seats, np.uint16),
        origin=np.zeros(seats, np.uint8),
        flowed=np.full(seats[0], np.nan),
    )


def remap_derived(state: DerivedState, old: DerivedRules, new: DerivedRules) -> DerivedState:
    """The same memory under other rules, by the datastream's number.

    A changed derivation (or input, table, interval) begins anew: nothing heard.  Its times go on, they never go back.
    """
    fresh = fresh_derived(new)
    arrays = {field.name: getattr(fresh, field.name) for field in fields(fresh)}
    _, before, after = np.intersect1d(old.number, new.number, assume_unique=True, return_indices=True)
    arrays["last_us"][after], arrays["receive_us"][after] = state.last_us[before], state.receive_us[before]
    for source, target in zip(before.tolist(), after.tolist(), strict=True):
        if old.identity[source] != new.identity[target] or target < new.first_window:
            continue
        is_window = target < new.first_seat
        at_old = source - (old.first_window if is_window else old.first_seat)
        at_new = target - (new.first_window if is_window else new.first_seat)
        for name in _OF_WINDOWS if is_window else _OF_SEATS:
            kept, row = getattr(state, name)[at_old], arrays[name][at_new]
            if not row.ndim:
                arrays[name][at_new] = kept
            elif is_window:  # the newest parts stand last, in rows of either width
                count = min(len(kept), len(row))
                row[len(row) - count :] = kept[len(kept) - count :]
            else:
                row[: min(len(kept), len(row))] = kept[: len(row)]
    return fresh
