"""report.json: what came of each file, series and level.  Times are RFC 3339 UTC; absent figures are null."""

from collections.abc import Sequence

import msgspec
import numpy as np


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A figure over `n` cases; null where there is none."""

    n: int
    min: float | None = None
    q1: float | None = None
    median: float | None = None
    q3: float | None = None
    max: float | None = None


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """How long before the crossing something told of it, without a break until then; see docs/evaluation.md."""

    crossings: int  # that were found
    told: int  # of these, of which it told at all
    min: Spread  # of those told, in minutes


class HorizonError(msgspec.Struct, frozen=True, kw_only=True):
    """The projection `horizon_min` before crossings: projected less actual time."""

    horizon_min: int
    crossings: int  # that were found
    error_min: Spread  # of those that were projected then


class LevelReport(msgspec.Struct, frozen=True, kw_only=True):
    """One level of one series against the truth."""

    level: str
    rank: int
    direction: str
    limit: float
    hysteresis: float
    truth: str  # file of the ground truth, or "plain rule"
    crossings: int  # excursions of the truth
    hits: int  # each raised once, within the excursion
    merged: int  # excursions that began while the level was still held since the one before
    misses: int
    false_alarms: int  # raised outside every excursion
    repeated: int  # raised again within one excursion
    flaps: int  # raised again at most 6 h after it was raised
    flaps_plain: int  # the same by the plain rule
    merged_at: list[str]
    missed_at: list[str]
    false_at: list[str]
    repeated_at: list[str]
    delay_s: Spread  # from the start of the excursion to the raise
    held_longer_s: Spread  # from the end of the excursion to the return, of hits
    lead_by_rate: Lead  # surely rising
    lead_by_naming: Lead  # projected to be reached within a day
    lead_by_projection: Lead  # the same, and the crossing within the projection's interval
    projection: list[HorizonError]


class SeriesReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one series."""

    file: str
    station: str
    variable: str
    unit: str
    observations: int
    missing: int
    repeated: int  # further observations of a time that was there before: the first counts
    first: str
    last: str
    step_s: float | None  # median
    interval_s: float  # at which it is expected in calm: the city's, or the record's step where that is longer
    city_interval_s: float | None  # that the city states
    silent_after_s: float
    levels: list[LevelReport]
    silences: int
    verify: int  # "verify now": falls in doubt, and levels reached by suspect or failed observations
    suspect: dict[str, int]  # suspect observations by reason
    failed: dict[str, int]


class DerivedLevel(msgspec.Struct, frozen=True, kw_only=True):
    """One level of a datastream that the city derives: nobody knows its truth."""

    level: str
    rank: int
    direction: str
    limit: float
    raised: int
    verify: int  # of these, to be verified
    raised_at: list[str]


class DerivedReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a datastream with levels that the city derives of the series of a file."""

    file: str
    station: str
    property: str
    unit: str
    observations: int
    levels: list[DerivedLevel]


class WaveReport(msgspec.Struct, frozen=True, kw_only=True):
    """The waves along one reach of the city, between two series of a file."""

    file: str
    upstream: str  # ids of the datastreams
    downstream: str
    expected: int  # windows; each ends on_time, early, absent or unseen
    on_time: int
    early: int
    absent: int
    unseen: int  # the gauge downstream was silent
    came_late: int  # of those absent or unseen
    is_open: bool  # the last window lasts beyond the record


class LevelUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one set of levels makes of a level of the record."""

    limit: float
    alarms: int
    alarms_per_year: float
    alarms_per_month: float
    flaps: int
    hours_at_level: float


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A level as it is, and as it would be."""

    file: str
    station: str
    variable: str
    unit: str
    level: str
    record_hours: float  # from the first observation to the last
    now: LevelUse | None  # null: the level is new
    other: LevelUse | None  # null: the level is gone
    peaks: int  # excursions over the present limit
    peaks_hit: int  # of these, in which the other level is raised or held too
    peaks_missed: int
    beyond: int  # raises of the other level outside every one of them
    gained_min: Spread  # how much earlier than now the hit ones are raised


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """report.json."""

    recording: str
    plain: bool
    detector: int  # its version
    verdict: str
    series: list[SeriesReport]
    derived: list[DerivedReport]
    waves: list[WaveReport]
    not_derived: list[str]  # of what the city derives of the series: what has not all its inputs
    counterfactual: list[Comparison]
    counterfactual_of: str  # the file of the other levels; empty where none was given
    skipped: list[str]
    refused_rows: list[str]
    refused_row_count: int


def spread(values: Sequence[float]) -> Spread:
    """Minimum, quartiles (linear between ranks) and maximum, to 6 decimals.

    >>> spread([3.0, 1.0]).median, spread([]).n
    (2.0, 0)
    """
    if not values:
        return Spread(n=0)
    found = (round(float(x), 6) for x in np.quantile(np.array(values, np.float64), (0, 0.25, 0.5, 0.75, 1)))
    return Spread(n=len(values), **dict(zip(("min", "q1", "median", "q3", "max"), found, strict=True)))


def lead(minutes: Sequence[float]) -> Lead:
    """Of the lead of each crossing in minutes, 0 = none."""
    told = [one for one in minutes if one > 0]
    return Lead(crossings=len(minutes), told=len(told), min=spread(told))


def verdict(series: Sequence[SeriesReport]) -> str:
    """The whole run in a sentence."""
    levels = [level for one in series for level in one.levels]
    if not levels:
        return "No series has levels: there was nothing to find."
    crossings, misses = sum(x.crossings for x in levels), sum(x.misses for x in levels)
    merged, false = sum(x.merged for x in levels), sum(x.false_alarms + x.repeated for x in levels)
    late_s = max((level.delay_s.max or 0.0 for level in levels), default=0.0)
    found = f"{crossings - misses} of {crossings} crossings found" if misses else f"All {crossings} crossings found"
    when = f", at most {late_s / 60:g} min after their observation" if late_s else ", each at its own observation"
    held = f" ({merged} of them while the level was still held since the one before)" if merged else ""
    return f"{found}{when if crossings > misses else ''}{held}; {misses} missed, {false} false."
