"""Silence of one datastream, and what may have been reached meanwhile."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from sensors.catalogue import Level
from sensors.times import HOUR_US
from sensors.transition import Cause, Kind, Transition
from tests.oracle.gauge import Gauge, GaugeRules, Row, us
from tests.oracle.telling import level_told, nothing_heard
from tests.oracle.trend_loop import trend

DAY_US = 24 * HOUR_US


def limit_us(rules: GaugeRules, gauge: Gauge, told_s: float | None) -> int:
    """After so long it is silent; `told_s` is what the device told of its interval."""
    datastream = rules.datastream
    interval_s = datastream.interval_calm_s
    if told_s is not None:
        interval_s = min(max(told_s, datastream.interval_calm_s / 60), datastream.interval_calm_s * 24)
    elif gauge.in_storm and datastream.interval_storm_s is not None:
        interval_s = datastream.interval_storm_s
    return us(rules.silence.intervals * interval_s)


def fall_silent(rules: GaugeRules, gauge: Gauge, at_us: int, cause: Cause) -> Transition:
    """That nothing was ever heard is told as that, and what was lost rising as worse."""
    gauge.silent, gauge.silent_us = True, at_us
    gauge.possible.clear()
    severity, rate = rules.silence.severity, trend(rules, gauge)
    gauge.lost = rate
    middle = None
    if not gauge.ever_heard:
        cause = Cause.NEVER_HEARD
    elif rate is not None and rate.low > 0:
        cause = cause if cause is Cause.DEATH else Cause.LOST_RISING
        severity, middle = max(severity, rules.silence.rising_severity), rate.middle
    return nothing_heard(rules.number, gauge, Kind.SILENT, cause, at_us, severity=severity, rate=middle)


def die(rules: GaugeRules, gauge: Gauge, row: Row) -> Iterator[Transition]:
    """The device said that it is gone."""
    gauge.origin = row.origin
    if not gauge.silent:
        yield fall_silent(rules, gauge, row.receive_us, Cause.DEATH)


def possible_dues(rules: GaugeRules, gauge: Gauge) -> Iterator[tuple[int, Level]]:
    """When each rising level above the newest sound value could have been reached."""
    rate, newest = gauge.lost, _believed(gauge)
    if not gauge.silent or rate is None or newest is None or rate.high <= 0:
        return
    for level in rules.levels:
        if level.direction != "rising" or level.value <= newest.value:
            continue
        if level.level in gauge.possible or level.level in gauge.held_after_sound:
            continue
        takes_us = round((level.value - newest.value) / rate.high * HOUR_US)  # in float64, as the contract says
        due_us = max(newest.receive_us + takes_us, gauge.silent_us)
        if due_us <= newest.receive_us + DAY_US:
            yield due_us, level


def possibly_reached(rules: GaugeRules, gauge: Gauge, level: Level, due_us: int, at_us: int) -> Transition:
    """Nobody has seen it."""
    newest, rate = _believed(gauge), gauge.lost
    assert newest is not None
    assert rate is not None
    gauge.possible.add(level.level)
    told = level_told(rules.number, level, Kind.POSSIBLE, Cause.UNSEEN, newest, at_us=at_us, time_us=due_us)
    return msgspec.structs.replace(told, rate_per_h=rate.high)


def _believed(gauge: Gauge) -> Row | None:
    """The newest row that did not fail; while a fall is in doubt with the value before it."""
    if gauge.sound is None:
        return None
    return gauge.sound if gauge.doubt is None else replace(gauge.sound, value=gauge.doubt.before)
