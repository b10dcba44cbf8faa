"""A fall that no river makes, decided in exact fractions."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from sensors.catalogue import Level
from sensors.times import HOUR_US
from sensors.transition import Cause, Kind, Transition
from tests.oracle.gauge import Doubt, Gauge, GaugeRules, Row, us
from tests.oracle.telling import level_told

ROWS_THAT_BEAR_OUT = 3


def bears_out(rules: GaugeRules, gauge: Gauge, row: Row) -> bool:
    """End a doubt that this row ends; True where it is the one that bears the fall out."""
    doubt = gauge.doubt
    if doubt is None:
        return False
    if not rules.is_sound(row.quality):
        return False
    if row.value >= rules.clear_point(doubt.lowest):
        gauge.doubt = None
        return False
    if row.quality not in (1, 2):
        return False
    doubt.good += 1
    doubt.moved = doubt.moved or abs(row.value - doubt.value) > rules.datastream.flat_tolerance
    wait_us = us(rules.detector.doubt_s) * (1 if doubt.moved else 12)
    if doubt.good < ROWS_THAT_BEAR_OUT or row.time_us < doubt.time_us + wait_us:
        return False
    gauge.doubt = None
    return True


def doubted(rules: GaugeRules, gauge: Gauge, row: Row) -> Iterator[Transition]:
    """Begin a doubt where the fall from the newest sound row to this one is none that a river makes."""
    newest = gauge.sound
    if newest is None or not rules.is_sound(row.quality) or not rules.judges_falls or gauge.doubt is not None:
        return
    held = held_rising(rules, gauge)
    passed = [level for level in held if newest.value >= rules.clear_point(level) > row.value]
    cause = _cause(rules, gauge, newest, row)
    if passed and cause is not None:
        gauge.doubt = Doubt(row.time_us, held[0], row.value, newest.value)
        yield level_told(rules.number, passed[-1], Kind.VERIFY, cause, row, at_us=row.receive_us)


def _cause(rules: GaugeRules, gauge: Gauge, newest: Row, row: Row) -> Cause | None:
    if row.time_us - newest.time_us > rules.calm_us:
        return Cause.AFTER_GAP
    fall = _per_h(newest.value - row.value, row.time_us - newest.time_us)
    limit_per_h = rules.datastream.fall_limit_per_h
    if limit_per_h is not None:
        return Cause.TOO_FAST if fall > Fraction(limit_per_h) else None
    times = [seen for seen in gauge.remembered if rules.is_sound(seen.quality) and not seen.in_doubt]
    moves = [_per_h(abs(b.value - a.value), b.time_us - a.time_us) for a, b in pairwise(times)]
    fastest = max(moves, default=Fraction(0))
    if newest.value - row.value > _least(rules) and fall > Fraction(rules.detector.fall_factor) * fastest:
        return Cause.TOO_FAST
    return None


def _least(rules: GaugeRules) -> float:
    """A smaller drop is none: a step between rising levels, of a single one ten times its hysteresis."""
    rising = sorted((level for level in rules.levels if level.direction == "rising"), key=lambda level: level.value)
    if len(rising) == 1:
        return 10.0 * rising[0].hysteresis or float("inf")
    return min((b.value - a.value for a, b in pairwise(rising)), default=float("inf"))


def _per_h(difference: float, time_us: int) -> Fraction:
    return Fraction(difference) * HOUR_US / time_us


def held_rising(rules: GaugeRules, gauge: Gauge) -> list[Level]:
    """The lowest first."""
    return [level for level in rules.levels if level.direction == "rising" and level.level in gauge.holds]
