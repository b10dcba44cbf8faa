"""What the quality tests remember of each datastream between one batch and the next."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sensors.quality_tests.grading import NO_LIMIT_US
from sensors.quality_tests.limits import QualityRules
from sensors.times import NEVER


@dataclass(frozen=True, slots=True, eq=False)
class QualityState:
    """What is remembered of D datastreams (index = number); all but `seen_us` only of those whose values are tracked.

    seen_us    (D,) int64    phenomenon time of the newest observation, microseconds UTC; `NEVER` = none
    sound_us   (D,) int64    that of the newest one that did not fail by the quality it came with; `NEVER` = none
    sound      (D,) float64  its value, unit of the datastream; NaN = none
    earlier    (D,) float64  the sound value before that one; NaN = none, or over a gap
    run_us     (D,) int64    phenomenon time of the first value of the flat run that it belongs to; `NEVER` = none
    run        (D,) float64  that value; NaN = none
    """

    seen_us: NDArray[np.int64]
    sound_us: NDArray[np.int64]
    sound: NDArray[np.float64]
    earlier: NDArray[np.float64]
    run_us: NDArray[np.int64]
    run: NDArray[np.float64]


def fresh_quality(rules: QualityRules) -> QualityState:
    """Nothing seen yet."""
    size = len(rules)
    return QualityState(
        seen_us=np.full(size, NEVER, np.int64),
        sound_us=np.full(size, NEVER, np.int64),
        sound=np.full(size, np.nan),
        earlier=np.full(size, np.nan),
        run_us=np.full(size, NEVER, np.int64),
        run=np.full(size, np.nan),
    )


def remap_quality(state: QualityState, old_rules: QualityRules, new_rules: QualityRules) -> QualityState:
    """The same memory under other rules: datastreams by number; what is new starts fresh.

    So do the values of a datastream that was not tracked.  Where the tolerance changes, or runs were not looked for,
    the flat run begins anew at the newest value: whether those before lie within the tolerance is not remembered.
    """
    kept = min(len(old_rules), len(new_rules))
    stays = (old_rules.gap_us[:kept] != NO_LIMIT_US) & (new_rules.gap_us[:kept] != NO_LIMIT_US)
    tracked = stays & old_rules.is_tracked[:kept] & new_rules.is_tracked[:kept]
    new = fresh_quality(new_rules)
    for field in fields(new):
        where = stays if field.name == "seen_us" else tracked
        getattr(new, field.name)[:kept][where] = getattr(state, field.name)[:kept][where]
    if new_rules.has_flats:
        same = old_rules.flat_tolerance[:kept] == new_rules.flat_tolerance[:kept]
        anew = tracked & ~(same & old_rules.has_flats)
        new.run_us[:kept][anew] = new.sound_us[:kept][anew]
        new.run[:kept][anew] = new.sound[:kept][anew]
    return new
