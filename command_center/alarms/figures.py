"""How well the alarms serve those who handle them: the figures of ISA-18.2 / IEC 62682 and EEMUA 191.  Pure.

Only annunciations that were heard are counted: acknowledgements, returns and what was muted are none.  Targets
are those of the sources that stand beside them; where sources disagree the named one is taken.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import quantiles
from typing import Final

import msgspec

from command_center.alarms.annunciation import Annunciation
from command_center.incidents.flood_mode import BEGINS_OVER, WINDOW_US
from sensors.times import HOUR_US, MINUTE_US, SECOND_US, rfc3339

STALE_US: Final = 24 * HOUR_US
TOP: Final = 10
TEN_MIN_H: Final = WINDOW_US / HOUR_US
# Hours below which a rate is not told.
NEEDS_H: Final = {"average_10_min": TEN_MIN_H, "flood_share": TEN_MIN_H, "per_hour": 1.0, "per_day": 24.0}
MOST_RATES: Final = 150  # parts of the span that the rate is told of


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: `value` in `unit`, None where there is nothing to count; `good` up to which it is acceptable.

    `needs_h`: hours that the span must have, else `value` is None: five minutes tell nothing of a day.
    """

    name: str
    value: float | None
    unit: str
    good: float | None
    source: str
    needs_h: float = 0.0

    @property
    def is_met(self) -> bool | None:
        """Whether it is acceptable; None where there is no target, or nothing to count."""
        return None if self.value is None or self.good is None else self.value <= self.good


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """One datastream's share of the load."""

    datastream: str
    annunciations: int
    share_percent: float


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Annunciations of a part of the span: all of them, and the most within ten minutes of it."""

    at: str  # its begin
    calls: int
    most_10_min: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a span [from, to)."""

    begin: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    annunciations: int
    figures: list[Figure]
    top: list[Tag]
    by_severity_percent: dict[str, float]
    rate: list[Rate]  # the span in at most `MOST_RATES` parts, oldest first
    rate_min: int  # minutes of a part


def figures(
    calls: Sequence[Annunciation],
    seconds_to_acknowledge: Sequence[float],
    counts: Mapping[str, int],
    span_us: tuple[int, int],
    operators: int = 1,
) -> Figures:
    """The figures of a span.

    Parameters
    ----------
    calls : annunciations that were heard within it, by time
    seconds_to_acknowledge : from each annunciation that was acknowledged to that
    counts : `chattering` (datastreams with three raises in a row, each within 60 s of the one before), `stale` (alarms
        active for over 24 h), `standing` (open ones), `shelved`
    span_us : its begin and end, microseconds UTC
    operators : who share the load

    Returns
    -------
    figures : rates are for each operator, and None of a span shorter than what they are rates of
    """
    begin_us, end_us = span_us
    periods = max(1, -(-(end_us - begin_us) // WINDOW_US))
    each = Counter((call.at_us - begin_us) // WINDOW_US for call in calls)
    hours = (end_us - begin_us) / HOUR_US
    by_tag = Counter(call.datastream for call in calls).most_common(TOP)
    total = len(calls)
    floods = sum(1 for count in each.values() if count > BEGINS_OVER)
    flooded = 100.0 * floods / periods if hours >= TEN_MIN_H else None
    waits = sorted(seconds_to_acknowledge)
    known = [
        ("average_10_min", _rate(total, hours, TEN_MIN_H, operators), "1", 1.0, "ISA-18.2"),
        ("most_10_min", float(max(each.values(), default=0)) / operators, "1", 10.0, "EEMUA 191"),
        ("per_hour", _rate(total, hours, 1.0, operators), "1", 6.0, "ISA-18.2"),
        ("per_day", _rate(total, hours, 24.0, operators), "1", 150.0, "IEC 62682 (2014) 144, ISA-18.2 (2009) 150"),
        ("flood_share", flooded, "%", 1.0, "ISA-18.2: periods with more than 10"),
        ("top_ten_share", 100.0 * sum(n for _, n in by_tag) / total if total else None, "%", 5.0, "ISA-18.2"),
        ("chattering", float(counts["chattering"]), "1", 0.0, "ISA-18.2"),
        ("stale", float(counts["stale"]), "1", 4.0, "ISA-18.2: under 5, active for over 24 h"),
        ("standing", float(counts["standing"]), "1", 9.0, "EEMUA 191: under 10"),
        ("shelved", float(counts["shelved"]), "1", 29.0, "EEMUA 191: under 30"),
        ("acknowledged_after_median", waits[len(waits) // 2] if waits else None, "s", None, ""),
        ("acknowledged_after_90_percent", _ninth_tenth(waits), "s", None, ""),
    ]
    severities = Counter(call.severity for call in calls)
    return Figures(
        begin=rfc3339(begin_us),
        end=rfc3339(end_us),
        annunciations=total,
        figures=[
            Figure(name=n, value=v, unit=u, good=g, source=s, needs_h=NEEDS_H.get(n, 0.0)) for n, v, u, g, s in known
        ],
        top=[Tag(datastream=d, annunciations=n, share_percent=100.0 * n / total) for d, n in by_tag],
        by_severity_percent={str(s): 100.0 * severities[s] / total for s in sorted(severities)},
        rate=_rates(each, periods, begin_us),
        rate_min=_together(periods) * WINDOW_US // MINUTE_US,
    )


def _rate(total: int, hours: float, each_h: float, operators: int) -> float | None:
    """Calls for each `each_h` hours and operator; None of a span that is shorter."""
    return total / hours * each_h / operators if hours >= each_h else None


def _together(periods: int) -> int:
    """How many periods of ten minutes make a part."""
    return -(-periods // MOST_RATES)


def _rates(each: Mapping[int, int], periods: int, begin_us: int) -> list[Rate]:
    parts = _together(periods)
    found: dict[int, list[int]] = {part: [] for part in range(-(-periods // parts))}
    for period, count in each.items():
        found.setdefault(period // parts, []).append(count)
    return [
        Rate(at=rfc3339(begin_us + part * parts * WINDOW_US), calls=sum(counts), most_10_min=max(counts, default=0))
        for part, counts in sorted(found.items())
    ]


def waits_s(calls: Sequence[Annunciation], acknowledged: Mapping[str, Sequence[int]]) -> list[float]:
    """From each annunciation to its alarm's next acknowledgement, in seconds.

    `acknowledged`: the times (microseconds UTC, ascending) at which each alarm was, by its id.
    """
    found = []
    for call in calls:
        after_us = next((at_us for at_us in acknowledged.get(call.alarm_id, ()) if at_us >= call.at_us), None)
        if after_us is not None:
            found.append((after_us - call.at_us) / SECOND_US)
    return found


def _ninth_tenth(waits: Sequence[float]) -> float | None:
    if len(waits) < 2:
        return waits[0] if waits else None
    return quantiles(waits, n=10, method="inclusive")[-1]
