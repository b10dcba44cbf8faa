"""The detector, one observation, one level and one timer at a time, in plain Python.

Written from `docs/detector.md`, not from `sensors.detector`: no arrays, no groups, no sorting tricks.  It takes the
catalogue itself, so that it is a second opinion on the compiled rules too.  Before every row, each timer that is due
before it fires, the earliest first.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sensors.batch import Batch
from sensors.catalogue import Catalogue, Level
from sensors.transition import Cause, Kind, Transition
from tests.oracle.count_loop import CountLoop
from tests.oracle.doubt_loop import held_rising
from tests.oracle.gauge import Gauge, GaugeRules, Move, Row, rows_of, rules_of, us
from tests.oracle.late_loop import judge_late, late_due_us
from tests.oracle.level_loop import Due, delays, make_news, raised, returned, run_out, take_newest
from tests.oracle.rate_loop import as_received, rated
from tests.oracle.silence_loop import die, fall_silent, limit_us, possible_dues, possibly_reached
from tests.oracle.telling import nothing_heard, order, row_told
from tests.oracle.wave_loop import WaveLoop

AHEAD_US = us(5 * 60)


@dataclass(frozen=True)
class Timer:
    """Something that will happen by itself.  What is due at one moment comes by `rank`."""

    due_us: int
    rank: int
    number: int
    fire: Callable[[int], Iterator[Transition]]  # takes the moment of finding


class LoopDetector:
    """The same words as the detector: `step`, `install`, `resume`."""

    def __init__(self, catalogue: Catalogue, now_us: int, *, plain: bool = False) -> None:
        self.now_us = self.clock_us = self.floor_us = now_us
        self.plain = plain
        self.waves, self.counts = WaveLoop(), CountLoop()
        self._rule(catalogue, now_us)
        self.gauges = {number: Gauge(heard_us=now_us) for number in self.rules}

    def step(self, batch: Batch, now_us: int) -> list[Transition]:
        """Judge a batch received up to `now_us`, and every timer due until then."""
        found: list[Transition] = []
        begun_us, rows = self.now_us, rows_of(batch)
        counts = self.counts.begin(self.gauges, begun_us) if begun_us == self.floor_us else []
        # What a device tells of its interval at a moment holds after what else came at that moment.
        for row in sorted(rows, key=lambda row: (row.receive_us, self._is_interval(row.number))):
            found += self._fire(row.receive_us - 1, self._observed())
            self.clock_us = max(self.clock_us, row.receive_us)
            found += self._observe(row)
        found += self._fire(now_us, self._observed())
        found = self._with_waves(found, now_us)
        self.counts.follow(found, self.gauges, counts)
        found += self._judge_counts(counts, begun_us, now_us)
        self.now_us = self.clock_us = now_us
        return sorted(found, key=order)

    def install(self, catalogue: Catalogue, now_us: int) -> list[Transition]:
        """Put other rules in force."""
        self.clock_us = self.floor_us = now_us
        before = self.rules
        found: list[Transition] = []
        self._rule(catalogue, now_us)
        for number in list(self.gauges):
            found += self._let_vanished_go(number, before[number], now_us)
        for number, rules in self.rules.items():
            gauge = self.gauges.setdefault(number, Gauge(heard_us=now_us))
            if number in before and before[number].datastream.trend_window_s != rules.datastream.trend_window_s:
                gauge.points = []  # another window: the trend begins anew
            if rules.datastream.rise_limit_per_h is None:
                gauge.predecessor = None  # what has no limit is not remembered
            gauge.runs.clear()
            if not rules.judges_falls:
                gauge.doubt = None
            for level in rules.levels:
                found += _look_again(rules, gauge, level, now_us)
            gauge.held_after_newest = gauge.held_after_sound = frozenset(gauge.holds)
            gauge.in_storm = bool(gauge.holds)
            if not held_rising(rules, gauge):
                gauge.doubt = None
        self.now_us = now_us
        for one in found:
            self.counts.take(one)
        return self._with_waves(found, now_us)

    def resume(self, now_us: int) -> None:
        """Nobody listened from the last `now` until this one, which may lie before it: then our clock was wrong."""
        by_us = now_us - self.now_us
        for gauge in self.gauges.values():
            gauge.heard_us += by_us
            if by_us < 0:  # every receive time that is remembered was wrong by as much
                _set_back(gauge, by_us, now_us)
        self.now_us = self.clock_us = self.floor_us = now_us

    def _rule(self, catalogue: Catalogue, now_us: int) -> None:
        self.rules = rules_of(catalogue, now_us, plain=self.plain)
        self.waves.rule(catalogue, self.rules)
        self.counts.rules = self.rules

    def _with_waves(self, found: list[Transition], now_us: int) -> list[Transition]:
        found.sort(key=order)
        return sorted(found + self.waves.follow(found, self.gauges, now_us), key=order)

    def _judge_counts(self, rows: list[Row], begun_us: int, now_us: int) -> Iterator[Transition]:
        """Counts are judged like any other observation, each datastream by itself, after what they count."""
        for number in [number for number, rules in self.rules.items() if rules.is_count]:
            self.clock_us = begun_us
            for row in [row for row in rows if row.number == number]:
                if row.receive_us > self.clock_us:  # nothing falls due before a count that new rules make at once
                    yield from self._fire(row.receive_us - 1, [number])
                self.clock_us = max(self.clock_us, row.receive_us)
                yield from take_newest(self.rules[number], self.gauges[number], row, came=row)
            yield from self._fire(now_us, [number])

    def _observed(self) -> list[int]:
        return [number for number, rules in self.rules.items() if not rules.is_count]

    def _is_interval(self, number: int) -> bool:
        return self.rules[number].datastream.kind == "interval"

    def _fire(self, until_us: int, numbers: Sequence[int]) -> Iterator[Transition]:
        """Every timer of these datastreams due until then, in order."""
        while True:
            timers = [timer for number in numbers for timer in self._timers(number) if timer.due_us <= until_us]
            if not timers:
                return
            timer = min(timers, key=lambda timer: (timer.due_us, timer.rank, timer.number))
            self.clock_us = max(self.clock_us, timer.due_us)
            yield from timer.fire(self.clock_us)

    def _timers(self, number: int) -> Iterator[Timer]:
        """What will happen to a datastream if nothing more is heard of it."""
        rules, gauge = self.rules[number], self.gauges[number]
        if not gauge.silent and not rules.is_count:
            yield Timer(
                gauge.heard_us + limit_us(rules, gauge, self._told_interval_s(rules)),
                0,
                number,
                lambda at_us: iter([fall_silent(rules, gauge, at_us, Cause.OVERDUE)]),
            )
        for due in delays(rules, gauge):
            yield Timer(due.receive_us, 1, number, _run_out(rules, gauge, due))
        late_us = late_due_us(gauge)
        if late_us is not None:
            yield Timer(late_us, 2, number, lambda at_us: judge_late(rules, gauge, at_us))
        if gauge.newest is not None and any(not hold.told for hold in gauge.holds.values()):
            settled_us = gauge.newest.receive_us + us(rules.detector.settle_s)
            yield Timer(settled_us, 3, number, lambda at_us: make_news(rules, gauge, at_us))
        for due_us, level in possible_dues(rules, gauge):
            yield Timer(due_us, 4, number, _possible(rules, gauge, level, due_us))

    def _told_interval_s(self, rules: GaugeRules) -> float | None:
        """What a datastream of kind `interval` at the same station told last; of its own it tells nothing."""
        for number, other in self.rules.items():
            if number != rules.number and other.datastream.station == rules.datastream.station:
                told_s = self.gauges[number].tells_interval_s
                if self._is_interval(number) and told_s is not None:
                    return told_s
        return None

    def _observe(self, row: Row) -> Iterator[Transition]:
        rules, gauge = self.rules[row.number], self.gauges[row.number]
        row = as_received(rules, row)
        if row.dead:
            yield from die(rules, gauge, row)
            return
        if row.value != row.value:  # missing: says nothing, and is no sign of life
            return
        if rules.is_sound(row.quality):  # else no sign of life
            if gauge.silent:
                gauge.silent = False
                yield row_told(row, Kind.HEARD, Cause.SPOKE)
            gauge.heard_us, gauge.ever_heard, gauge.origin = row.receive_us, True, row.origin
        newest = gauge.newest
        if newest is None or row.time_us > newest.time_us or newest.time_us > row.receive_us + AHEAD_US:
            yield from take_newest(rules, gauge, rated(rules, gauge, row), came=row)
            if self._is_interval(row.number) and row.quality != 4 and row.value > 0:
                gauge.tells_interval_s = row.value
        elif row.time_us not in {seen.time_us for seen in gauge.remembered}:
            gauge.waiting.append(row)
        if rules.is_sound(row.quality):
            gauge.in_storm = bool(gauge.held_after_newest)

    def _let_vanished_go(self, number: int, before: GaugeRules, now_us: int) -> Iterator[Transition]:
        gauge = self.gauges[number]
        names = {level.level for level in self.rules[number].levels} if number in self.rules else set()
        for level in before.levels:
            if level.level in gauge.holds and level.level not in names:
                assert gauge.newest is not None
                yield returned(before, gauge, level, Cause.CATALOGUE, gauge.newest, at_us=now_us)
        gauge.last_raise = {name: last for name, last in gauge.last_raise.items() if name in names}
        for seen in gauge.remembered:
            seen.held &= names
        if number not in self.rules:
            if gauge.silent:
                yield nothing_heard(number, gauge, Kind.HEARD, Cause.CATALOGUE, now_us)
            del self.gauges[number]


def _run_out(rules: GaugeRules, gauge: Gauge, due: Due) -> Callable[[int], Iterator[Transition]]:
    return lambda at_us: iter([run_out(rules, gauge, due, at_us)])


def _possible(rules: GaugeRules, gauge: Gauge, level: Level, due_us: int) -> Callable[[int], Iterator[Transition]]:
    return lambda at_us: iter([possibly_reached(rules, gauge, level, due_us, at_us)])


def _look_again(rules: GaugeRules, gauge: Gauge, level: Level, now_us: int) -> Iterator[Transition]:
    """Judge the newest observation against a level as it is now, without delays."""
    newest = gauge.newest
    if newest is None:
        return
    held = level.level in gauge.holds
    if not held and rules.reached(level, newest.value):
        yield raised(rules, gauge, level, Cause.CATALOGUE, newest, at_us=now_us)
    elif held and gauge.doubt is None and rules.left(level, newest.value, newest.quality):
        yield returned(rules, gauge, level, Cause.CATALOGUE, newest, at_us=now_us)


def _set_back(gauge: Gauge, by_us: int, now_us: int) -> None:
    if gauge.newest is not None:
        gauge.newest = replace(gauge.newest, receive_us=gauge.newest.receive_us + by_us)
    if gauge.sound is not None:
        gauge.sound = replace(gauge.sound, receive_us=gauge.sound.receive_us + by_us)
    gauge.waiting = [replace(row, receive_us=now_us) for row in gauge.waiting]
    gauge.moves = [Move(move.at_us + by_us, move.level, move.held) for move in gauge.moves]
    gauge.silent_us += by_us
