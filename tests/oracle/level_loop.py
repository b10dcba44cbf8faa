"""Levels of one datastream: words, runs, delays; one level after the other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sensors.catalogue import Level
from sensors.transition import Cause, Kind, Transition
from tests.oracle.doubt_loop import bears_out, doubted
from tests.oracle.gauge import (
    FIFTEEN_MINUTES_US,
    REMEMBERED,
    Doubt,
    Gauge,
    GaugeRules,
    Hold,
    Move,
    Remembered,
    Row,
    Run,
    us,
)
from tests.oracle.telling import level_told, row_told
from tests.oracle.trend_loop import take_point


@dataclass(frozen=True)
class Due:
    """A delay that runs."""

    level: Level
    run: Run
    time_us: int  # own time
    receive_us: int  # receive time, with no newer observation


def delays(rules: GaugeRules, gauge: Gauge) -> Iterator[Due]:
    """Every delay that runs."""
    newest = gauge.newest
    if newest is None:
        return
    for level in rules.levels:
        run = gauge.runs.get(level.level)
        if run is None or run.up is (level.level in gauge.holds):
            continue
        delay_us = rules.on_delay_us(level) if run.up else rules.off_delay_us(level)
        time_us = run.begin_us + delay_us
        if not run.up and _is_in_gap(rules, gauge, newest, time_us):
            continue
        yield Due(level, run, time_us, newest.receive_us + time_us - newest.time_us)


def _is_in_gap(rules: GaugeRules, gauge: Gauge, newest: Row, time_us: int) -> bool:
    """Whether nobody knows what the river does at that time, or did: then the next DOWN decides."""
    was_passed = time_us <= newest.time_us
    return was_passed or (gauge.sound is not None and rules.is_gap(time_us - gauge.sound.time_us))


def run_out(rules: GaugeRules, gauge: Gauge, due: Due, at_us: int) -> Transition:
    """The level is raised or returned by the newest observation, at the time the delay ran out."""
    assert gauge.newest is not None
    if due.run.up:
        return raised(rules, gauge, due.level, Cause.DELAYED, gauge.newest, at_us=at_us, time_us=due.time_us)
    return returned(rules, gauge, due.level, Cause.DELAYED, gauge.newest, at_us=at_us, time_us=due.time_us)


def take_newest(rules: GaugeRules, gauge: Gauge, row: Row, came: Row) -> Iterator[Transition]:
    """A newer row, or one that begins own time anew; `came`: with the quality it came with."""
    if gauge.newest is not None and row.time_us <= gauge.newest.time_us:
        yield row_told(came, Kind.REBASED, Cause.CLOCK)
        _begin_anew(gauge, row)
        borne_out = bears_out(rules, gauge, row)
    else:
        for due in sorted(delays(rules, gauge), key=lambda due: due.time_us):
            if due.time_us <= row.time_us:
                # In receive time it is due at this row or later: what was due before it has fired.
                yield run_out(rules, gauge, due, row.receive_us)
        borne_out = bears_out(rules, gauge, row)
        if not borne_out:
            yield from doubted(rules, gauge, row)
    if gauge.doubt is not None and row.quality != 4:  # what is not believed is suspect
        row = replace(row, quality=3)
    gauge.newest = row
    for level in rules.levels:
        yield from _take_word(rules, gauge, level, row, borne_out=borne_out)
    yield from _still_held(rules, gauge, row)
    gauge.held_after_newest = frozenset(gauge.holds)
    if rules.is_sound(row.quality):
        gauge.sound, gauge.held_after_sound = row, gauge.held_after_newest
    take_point(rules, gauge, row)
    in_doubt = gauge.doubt is not None
    seen = Remembered(row.time_us, row.value, row.quality, row.origin, in_doubt, gauge.held_after_newest)
    gauge.remembered = [*gauge.remembered, seen][-REMEMBERED:]


def _begin_anew(gauge: Gauge, row: Row) -> None:
    """What was remembered of times: delays, the last 32, the trend, the last raises, since when there is a doubt."""
    gauge.runs.clear()
    gauge.remembered = []
    gauge.points = []
    gauge.sound = None
    gauge.last_raise.clear()
    if gauge.doubt is not None:
        gauge.doubt = Doubt(row.time_us, gauge.doubt.lowest, gauge.doubt.value, gauge.doubt.before)


def _take_word(rules: GaugeRules, gauge: Gauge, level: Level, row: Row, *, borne_out: bool) -> Iterator[Transition]:
    name, run = level.level, gauge.runs.get(level.level)
    if rules.reached(level, row.value):
        if run is None or not run.up:
            gauge.runs[name] = Run(up=True, begin_us=row.time_us)
        raises = name not in gauge.holds and rules.on_delay_us(level) == 0
        if raises:
            yield raised(rules, gauge, level, Cause.CROSSED, row, at_us=row.receive_us)
        hold = gauge.holds.get(name)
        if hold is not None and hold.verify and not raises and row.quality in (1, 2):
            hold.verify = False
            yield level_told(rules.number, level, Kind.CONFIRMED, Cause.CROSSED, row, at_us=row.receive_us)
    elif not rules.left(level, row.value, quality=1):  # between limit and clear point
        gauge.runs.pop(name, None)
    elif gauge.doubt is None and rules.left(level, row.value, row.quality):
        if run is None or run.up:
            run = gauge.runs[name] = Run(up=False, begin_us=row.time_us)
        if name in gauge.holds and row.time_us - run.begin_us >= rules.off_delay_us(level):
            cause = Cause.BORNE_OUT if borne_out else Cause.CROSSED
            yield returned(rules, gauge, level, cause, row, at_us=row.receive_us)


def _still_held(rules: GaugeRules, gauge: Gauge, row: Row) -> Iterator[Transition]:
    """The first fresh row after which it is held makes news of what was history."""
    if not row.is_old:
        yield from make_news(rules, gauge, row.receive_us)


def make_news(rules: GaugeRules, gauge: Gauge, at_us: int) -> Iterator[Transition]:
    """Levels that are held and were told as history only are alarms now."""
    newest = gauge.newest
    for level in rules.levels:
        hold = gauge.holds.get(level.level)
        if hold is None or hold.told or newest is None:
            continue
        hold.told = True
        yield level_told(
            rules.number,
            level,
            Kind.RAISED,
            Cause.STILL_HELD,
            newest,
            at_us=at_us,
            time_us=hold.since_us,
            verify=hold.verify,
            count=hold.count,
        )


def raised(
    rules: GaugeRules, gauge: Gauge, level: Level, cause: Cause, seen: Row, *, at_us: int, time_us: int | None = None
) -> Transition:
    """The level is held from now on."""
    time_us = seen.time_us if time_us is None else time_us
    count = 1
    if level.level in gauge.last_raise:
        before_us, before = gauge.last_raise[level.level]
        if time_us - before_us <= us(rules.detector.chatter_s):
            count = before + 1
    verify = seen.quality in (3, 4)
    gauge.last_raise[level.level] = time_us, count
    gauge.holds[level.level] = Hold(time_us, told=time_us >= at_us - FIFTEEN_MINUTES_US, verify=verify, count=count)
    gauge.moves.append(Move(at_us, level.level, held=True))
    return level_told(
        rules.number, level, Kind.RAISED, cause, seen, at_us=at_us, time_us=time_us, verify=verify, count=count
    )


def returned(
    rules: GaugeRules, gauge: Gauge, level: Level, cause: Cause, seen: Row, *, at_us: int, time_us: int | None = None
) -> Transition:
    """The level is no longer held."""
    time_us = seen.time_us if time_us is None else time_us
    del gauge.holds[level.level]
    gauge.moves.append(Move(at_us, level.level, held=False))
    return level_told(rules.number, level, Kind.RETURNED, cause, seen, at_us=at_us, time_us=time_us)
