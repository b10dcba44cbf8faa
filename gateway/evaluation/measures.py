"""The figures of a judged series: its levels against the truth, its lead times, its quality."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.evaluation.datastreams import known_as
from gateway.evaluation.judging import Judged
from gateway.evaluation.matching import Matching, match
from gateway.evaluation.report import HorizonError, LevelReport, SeriesReport, lead, spread
from gateway.evaluation.spans import OPEN, Span, flaps, held_spans
from gateway.evaluation.trend import Leads, leads_us, projected_error_us
from gateway.evaluation.truth import FILE, Truth
from sensors.catalogue import Catalogue, Level
from sensors.quality import Quality, Reason
from sensors.times import HOUR_US, MINUTE_US, SECOND_US, rfc3339
from sensors.transition import Kind

FLAP_US: Final = 6 * HOUR_US
HORIZONS_MIN: Final = (15, 30, 60, 120, 240)
PLAIN_RULE: Final = "plain rule"
Truths = Mapping[str, tuple[str, list[Span]]]  # per level of a series where its truth is from, and its excursions
MAX_TIMES: Final = 50  # crossings that went wrong are named up to so many


def truths_of(file: str, judged: Sequence[Judged], plain: Sequence[Judged], truth: Truth) -> list[Truths]:
    """Of each series of a file, per level, where its truth is from and its excursions.

    The ground truth's, else those of the plain rule.  A ground truth names stations; where one has several series with
    levels in the file, it does not say which one it means, and the plain rule is the truth.
    """
    with_levels = Counter(one.series.station for one in judged if one.datastream.levels)
    return [
        _truths(file, one, baseline, truth if with_levels[one.series.station] == 1 else {})
        for one, baseline in zip(judged, plain, strict=True)
    ]


def _truths(file: str, judged: Judged, plain: Judged, truth: Truth) -> Truths:
    found = {}
    for level in judged.datastream.levels:
        stated = truth.get((file, judged.series.station, level.level))
        if stated is None:
            found[level.level] = (PLAIN_RULE, held_spans(plain.level_transitions, level.level))
        else:
            found[level.level] = (FILE, stated)
    return found


def series_report(file: str, judged: Judged, plain: Judged, truth: Truths, city: Catalogue) -> SeriesReport:
    """The figures of one series; `plain` is the same series by the plain rule."""
    known = known_as(judged.series, city)
    return SeriesReport(
        file=file,
        station=judged.series.station,
        variable=judged.series.variable,
        unit=judged.datastream.unit,
        observations=len(judged.value),
        missing=int(np.isnan(judged.value).sum()),
        repeated=int((np.diff(judged.time_us) == 0).sum()),
        first=rfc3339(int(judged.time_us[0])),
        last=rfc3339(int(judged.time_us[-1])),
        step_s=judged.step_s,
        interval_s=judged.datastream.interval_calm_s,
        city_interval_s=None if known is None else known.interval_calm_s,
        silent_after_s=city.city.silence.intervals * judged.datastream.interval_calm_s,
        levels=[_level_report(judged, plain, level, *truth[level.level]) for level in judged.datastream.levels],
        silences=sum(t.kind is Kind.SILENT for t in judged.transitions),
        verify=sum(t.kind is Kind.VERIFY or t.verify for t in judged.transitions),
        suspect=_by_reason(judged, Quality.SUSPECT),
        failed=_by_reason(judged, Quality.FAIL),
    )


def _level_report(judged: Judged, plain: Judged, level: Level, source: str, excursions: list[Span]) -> LevelReport:
    held = held_spans(judged.level_transitions, level.level)
    found = match(excursions, held)
    ended = [(e, h) for e, h in found.hits if e.end_us != OPEN and h.end_us != OPEN]
    leads = _leads(judged, level, found)
    return LevelReport(
        level=level.level,
        rank=level.rank,
        direction=level.direction,
        limit=level.value,
        hysteresis=level.hysteresis,
        truth=source,
        crossings=len(excursions),
        hits=len(found.hits),
        merged=len(found.merged),
        misses=len(found.misses),
        false_alarms=len(found.false),
        repeated=len(found.repeated),
        flaps=flaps(held, FLAP_US),
        flaps_plain=flaps(held_spans(plain.level_transitions, level.level), FLAP_US),
        merged_at=_starts(found.merged),
        missed_at=_starts(found.misses),
        false_at=_starts(found.false),
        repeated_at=_starts(found.repeated),
        delay_s=spread([(h.start_us - e.start_us) / SECOND_US for e, h in found.hits]),
        held_longer_s=spread([(h.end_us - e.end_us) / SECOND_US for e, h in ended]),
        lead_by_rate=lead([one.rate / MINUTE_US for one in leads]),
        lead_by_naming=lead([one.naming / MINUTE_US for one in leads]),
        lead_by_projection=lead([one.projection / MINUTE_US for one in leads]),
        projection=_projection(judged, level, found),
    )


def _leads(judged: Judged, level: Level, found: Matching) -> list[Leads]:
    """Of each hit; none of falling levels."""
    if level.direction != "rising" or not found.hits:
        return []
    trend = judged.trend
    named = trend.names(level, judged.datastream.levels)
    observed_us = judged.time_us[~np.isnan(judged.value)]
    starts = [excursion.start_us for excursion, _ in found.hits]
    return [leads_us(trend, named, _last_before(observed_us, start_us), start_us) for start_us in starts]


def _last_before(time_us: NDArray[np.int64], moment_us: int) -> int:
    """The last of the times (n,), ascending, before a moment; the moment itself where there is none."""
    place = int(np.searchsorted(time_us, moment_us))
    return int(time_us[place - 1]) if place else moment_us


def _projection(judged: Judged, level: Level, found: Matching) -> list[HorizonError]:
    """Errors by horizon, as far as the step of the series can tell horizons apart."""
    if level.direction != "rising" or not found.hits or judged.step_s is None:
        return []
    trend = judged.trend
    named = trend.names(level, judged.datastream.levels)
    tolerance_us = round(judged.step_s * SECOND_US)
    errors = []
    for horizon_min in HORIZONS_MIN:
        horizon_us = horizon_min * MINUTE_US
        if tolerance_us > horizon_us:
            continue
        us = [projected_error_us(trend, named, e.start_us, horizon_us, tolerance_us) for e, _ in found.hits]
        error_min = spread([one / MINUTE_US for one in us if one is not None])
        errors.append(HorizonError(horizon_min=horizon_min, crossings=len(found.hits), error_min=error_min))
    return errors


def _starts(spans: Sequence[Span]) -> list[str]:
    return [rfc3339(span.start_us) for span in spans[:MAX_TIMES]]


def _by_reason(judged: Judged, quality: Quality) -> dict[str, int]:
    """Observations of a quality by reason; one with several counts under each."""
    reasons = judged.reasons[judged.quality == quality]
    counts = {str(bit.name).lower(): int(np.count_nonzero(reasons & np.uint16(bit))) for bit in Reason if bit}
    found = {name: count for name, count in counts.items() if count}
    return found if found or not len(reasons) else {"no reason": len(reasons)}
