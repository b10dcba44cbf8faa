"""The same record with other levels, side by side: what would have been raised, how often, how much earlier."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from gateway.errors import GatewayError
from gateway.evaluation.judging import Judged
from gateway.evaluation.measures import FLAP_US
from gateway.evaluation.report import Comparison, LevelUse, spread
from gateway.evaluation.spans import Span, first_overlaps, flaps, held_spans
from gateway.evaluation.thresholds import Threshold
from sensors.catalogue import Catalogue, Level
from sensors.times import HOUR_US, MINUTE_US

YEAR_US: Final = 8766 * HOUR_US  # 365.25 days
MONTHS: Final = 12


def refuse_nonsense(file: str, others: Sequence[Threshold], catalogue: Catalogue) -> None:
    """GatewayError where other levels could never be right for the series of a file, as `catalogue_of` made them.

    A unit that none of the station's series has; ranks and values in contrary order; a value outside the range in which
    the sensor can be right, as far as the city states one.
    """
    for station in sorted({t.station for t in others} & set(catalogue.station_by_id)):
        rows = [t for t in others if t.station == station]
        datastreams = [d for d in catalogue.observed.datastreams if d.station == station]
        known = {d.unit for d in datastreams}
        for row in rows:
            if row.canonical_unit not in known:
                raise GatewayError(f"{file}: {_named(row)}: the unit of {station} here is {', '.join(sorted(known))}")
        for unit in sorted({row.canonical_unit for row in rows}):
            _refuse_inverted(file, [row for row in rows if row.canonical_unit == unit])
        for d in datastreams:
            for row in (row for row in rows if row.canonical_unit == d.unit):
                _refuse_unreachable(file, row, d.valid_min, d.valid_max)


def _refuse_inverted(file: str, rows: Sequence[Threshold]) -> None:
    ordered = sorted(rows, key=lambda t: (t.rank, t.value))
    for low, high in pairwise(ordered):
        if low.rank == high.rank or low.value >= high.value:
            raise GatewayError(
                f"{file}: {_named(high)} has rank {high.rank}, {low.level} {low.value:g} has rank {low.rank}:"
                " expected a higher value for a higher rank"
            )


def _refuse_unreachable(file: str, row: Threshold, lowest: float | None, highest: float | None) -> None:
    below = lowest is not None and row.value < lowest
    above = highest is not None and row.value > highest
    if below or above:
        span = f"{'-∞' if lowest is None else f'{lowest:g}'} to {'∞' if highest is None else f'{highest:g}'}"
        raise GatewayError(f"{file}: {_named(row)} can never be measured: the sensor's range is {span} {row.unit}")


def _named(row: Threshold) -> str:
    return f"{row.station}, {row.level} {row.value:g} {row.unit}"


def touched(others: Iterable[Threshold], judged: Judged) -> bool:
    """Whether other levels are given for a series."""
    return any(t.station == judged.series.station and t.canonical_unit == judged.datastream.unit for t in others)


def compare(file: str, now: Judged, other: Judged, truth: dict[str, list[Span]]) -> list[Comparison]:
    """One series with its levels and with others, level by level (by name, lowest first); `truth` of its own levels."""
    present = {level.level: level for level in now.datastream.levels}
    changed = {level.level: level for level in other.datastream.levels}
    levels = present | changed
    ordered = sorted(levels.values(), key=lambda level: (level.rank, level.level))
    return [
        _comparison(file, now, other, level.level, (present, changed), truth.get(level.level, [])) for level in ordered
    ]


def _comparison(
    file: str,
    now: Judged,
    other: Judged,
    name: str,
    levels: tuple[dict[str, Level], dict[str, Level]],
    peaks: Sequence[Span],
) -> Comparison:
    held, held_other = held_spans(now.level_transitions, name), held_spans(other.level_transitions, name)
    record, record_other = _record_of(now), _record_of(other)
    hit = sum(span is not None for span in first_overlaps(peaks, held_other))
    return Comparison(
        file=file,
        station=now.series.station,
        variable=now.series.variable,
        unit=now.datastream.unit,
        level=name,
        record_hours=round((record.end_us - record.start_us) / HOUR_US, 3),
        now=level_use(levels[0].get(name), held, record),
        other=level_use(levels[1].get(name), held_other, record_other),
        peaks=len(peaks),
        peaks_hit=hit,
        peaks_missed=len(peaks) - hit,
        beyond=sum(span is None for span in first_overlaps(held_other, peaks)),
        gained_min=spread(gained_min(held, held_other)),
    )


def _record_of(judged: Judged) -> Span:
    return Span(int(judged.time_us[0]), int(judged.time_us[-1]))


def level_use(level: Level | None, held: Sequence[Span], record: Span) -> LevelUse | None:
    """What a set of levels makes of one: its spans, over a record from the first to the last observation."""
    if level is None:
        return None
    last_us = record.end_us
    years = max(1, last_us - record.start_us) / YEAR_US
    at_level_us = sum(min(span.end_us, last_us) - span.start_us for span in held)
    return LevelUse(
        limit=level.value,
        alarms=len(held),
        alarms_per_year=round(len(held) / years, 3),
        alarms_per_month=round(len(held) / years / MONTHS, 3),
        flaps=flaps(held, FLAP_US),
        hours_at_level=round(at_level_us / HOUR_US, 3),
    )


def gained_min(held: Sequence[Span], held_other: Sequence[Span]) -> list[float]:
    """Minutes by which the other level is raised earlier; one that stays through several peaks counts at the first."""
    gained, counted = [], None
    for span, other in zip(held, first_overlaps(held, held_other), strict=True):
        if other is not None and other != counted:
            gained.append((span.start_us - other.start_us) / MINUTE_US)
            counted = other
    return gained


def in_one_line(file: str, compared: Sequence[Comparison]) -> str:
    """What other levels come to over the whole record, for a terminal.

    >>> in_one_line("other.csv", [])
    'with other.csv: 0 alarms instead of 0, hours at a level 0 instead of 0; 0 of 0 peaks hit'
    """
    now, other = [one.now for one in compared if one.now], [one.other for one in compared if one.other]
    alarms = f"{sum(use.alarms for use in other)} alarms instead of {sum(use.alarms for use in now)}"
    hours = f"{sum(use.hours_at_level for use in other):.4g} instead of {sum(use.hours_at_level for use in now):.4g}"
    peaks = f"{sum(one.peaks_hit for one in compared)} of {sum(one.peaks for one in compared)} peaks hit"
    gained = [one.gained_min.median for one in compared if one.gained_min.median is not None]
    earlier = f", raised {min(gained):g} to {max(gained):g} min earlier (medians)" if gained else ""
    return f"with {file}: {alarms}, hours at a level {hours}; {peaks}{earlier}"
