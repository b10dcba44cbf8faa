"""Rate of change, the one quality test that cities of the oracle have: each observation against the one before."""

from dataclasses import replace

from tests.oracle.gauge import RATE_OF_CHANGE, Gauge, GaugeRules, Row, us

HOUR_US = us(3600)


def as_received(rules: GaugeRules, row: Row) -> Row:
    """Without a valid range only a test passes a value: what has a limit and came as passed was not evaluated yet."""
    has_limit = rules.datastream.rise_limit_per_h is not None
    return replace(row, quality=2) if has_limit and row.quality == 1 else row


def rated(rules: GaugeRules, gauge: Gauge, row: Row) -> Row:
    """A newer row with the quality that the test gives it; what failed by the quality it came with is nobody's."""
    limit_per_h = rules.datastream.rise_limit_per_h
    if limit_per_h is None or row.quality == 4:
        return row
    before, gauge.predecessor = gauge.predecessor, (row.time_us, row.value)
    gap_us = us(rules.silence.intervals * rules.datastream.interval_calm_s)
    if before is None or not 0 < row.time_us - before[0] <= gap_us:
        return row
    if (row.value - before[1]) * HOUR_US > limit_per_h * (row.time_us - before[0]):
        return replace(row, quality=3, reasons=row.reasons | RATE_OF_CHANGE)
    return replace(row, quality=1) if row.quality == 2 else row
