"""Theil–Sen through the last points of a datastream, pair by pair."""

from tests.oracle.gauge import Gauge, GaugeRules, Rate, Row, us

PARTS = 8
MICROSECONDS_PER_H = 3.6e9


def take_point(rules: GaugeRules, gauge: Gauge, row: Row) -> None:
    """The first observation of each eighth of the window that can be the river is a point; the last eight are kept."""
    window_us = trend_window_us(rules)
    if window_us is None or row.quality == 4:
        return
    if row.quality == 3 and not (row.is_only_fast and gauge.doubt is None):
        return
    part_us = window_us // PARTS
    if gauge.points and row.time_us // part_us <= gauge.points[-1][0] // part_us:
        return
    gauge.points = [*gauge.points, (row.time_us, row.value)][-PARTS:]


def trend(rules: GaugeRules, gauge: Gauge) -> Rate | None:
    """At the newest point; None where there is none, or where that point is older than the window."""
    window_us = trend_window_us(rules)
    if window_us is None or not gauge.points or gauge.sound is None:
        return None
    newest_us = gauge.points[-1][0]
    if gauge.sound.time_us - newest_us > window_us:
        return None
    points = [point for point in gauge.points if point[0] > newest_us - window_us]
    if len(points) < 3 or 4 * (newest_us - points[0][0]) < window_us:
        return None
    slopes = sorted(
        (value - before) * MICROSECONDS_PER_H / (time_us - before_us)
        for index, (time_us, value) in enumerate(points)
        for before_us, before in points[:index]
    )
    k = len(slopes)
    middle = (slopes[(k - 1) // 2] + slopes[k // 2]) / 2
    return Rate(middle, slopes[k // 6], slopes[k - 1 - k // 6])


def trend_window_us(rules: GaugeRules) -> int | None:
    """How far back it looks: its own, or for rivers the longer of half an hour and six calm intervals."""
    datastream = rules.datastream
    if datastream.trend_window_s is not None:
        return us(datastream.trend_window_s)
    return us(max(1800.0, 6 * datastream.interval_calm_s)) if rules.is_river else None
