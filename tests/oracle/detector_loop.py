"""The detector, one observation and one level at a time, in plain Python.

Written from the contract, not from `sensors.detector`: no arrays, no groups, no sorting tricks.  It takes the catalogue
itself, so that it is a second opinion on `sensors.rules` too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream, Level
from sensors.times import from_datetime
from sensors.transition import Cause, Kind, Transition

FIFTEEN_MINUTES_US = 15 * 60 * 1_000_000


@dataclass
class Hold:
    """A level that is held."""

    level: Level
    since_us: int
    told: bool  # as news, not only as history


@dataclass
class Gauge:
    """What is remembered of one datastream."""

    heard_us: int  # or when listening began
    ever_heard: bool = False
    silent: bool = False
    origin: int = 0  # of the last observation heard, late or not
    time_us: int | None = None  # of the newest observation
    value: float = float("nan")
    quality: int = 2
    newest_origin: int = 0
    holds: dict[str, Hold] = field(default_factory=dict)


class LoopDetector:
    """The same words as the detector: `step`, `install`, `resume`."""

    def __init__(self, catalogue: Catalogue, now_us: int, *, plain: bool = False) -> None:
        self.now_us = now_us
        self.plain = plain
        self._rule(catalogue, now_us)
        self.gauges = {number: Gauge(heard_us=now_us) for number in self.datastreams}

    def step(self, batch: Batch, now_us: int) -> list[Transition]:
        found: list[Transition] = []
        for index in range(len(batch)):
            found += self._observe(batch, index)
        for number, gauge in self.gauges.items():
            if not gauge.silent and self._due_us(number) <= now_us:
                found.append(self._fall_silent(number))
        self.now_us = now_us
        return sorted(found, key=_order)

    def install(self, catalogue: Catalogue, now_us: int) -> list[Transition]:
        found: list[Transition] = []
        before = self.levels
        self._rule(catalogue, now_us)
        for number in list(self.gauges):
            found += self._let_vanished_go(number, before[number], now_us)
        for number in self.datastreams:
            gauge = self.gauges.setdefault(number, Gauge(heard_us=now_us))
            for level in self.levels[number]:
                found += self._look_again(number, gauge, level, now_us)
        self.now_us = now_us
        return sorted(found, key=_order)

    def resume(self, now_us: int) -> None:
        for gauge in self.gauges.values():
            gauge.heard_us += now_us - self.now_us
        self.now_us = now_us

    def _rule(self, catalogue: Catalogue, now_us: int) -> None:
        self.silence = catalogue.city.silence
        self.datastreams = {d.number: d for d in sorted(catalogue.datastreams, key=lambda d: d.number)}
        self.levels = {number: list(_in_force(d, now_us)) for number, d in self.datastreams.items()}

    def _due_us(self, number: int) -> int:
        silence_s = self.datastreams[number].interval_calm_s * self.silence.intervals
        return self.gauges[number].heard_us + round(silence_s * 1_000_000)

    def _fall_silent(self, number: int) -> Transition:
        gauge = self.gauges[number]
        gauge.silent = True
        return Transition(
            datastream=number,
            kind=Kind.SILENT,
            cause=Cause.OVERDUE if gauge.ever_heard else Cause.NEVER_HEARD,
            severity=self.silence.severity,
            time_us=self._due_us(number),
            at_us=self._due_us(number),
            quality=9,
            origin=gauge.origin,
        )

    def _observe(self, batch: Batch, index: int) -> Iterator[Transition]:
        number, value = int(batch.datastream[index]), float(batch.value[index])
        time_us, receive_us = int(batch.time_us[index]), int(batch.receive_us[index])
        quality, origin = int(batch.quality[index]), int(batch.origin[index])
        gauge = self.gauges[number]
        dead = bool(int(batch.reasons[index]) & 64)
        if value != value and not dead:  # missing: says nothing, and is not a sign of life
            return
        if not gauge.silent and self._due_us(number) < receive_us:
            yield self._fall_silent(number)
        if dead:
            yield from self._die(number, receive_us, origin)
            return
        if gauge.silent:
            gauge.silent = False
            yield Transition(
                datastream=number,
                kind=Kind.HEARD,
                cause=Cause.SPOKE,
                time_us=time_us,
                at_us=receive_us,
                value=value,
                quality=quality,
                origin=origin,
            )
        gauge.heard_us, gauge.ever_heard, gauge.origin = receive_us, True, origin
        if gauge.time_us is not None and time_us <= gauge.time_us:  # late or repeated
            return
        gauge.time_us, gauge.value, gauge.quality, gauge.newest_origin = time_us, value, quality, origin
        for level in self.levels[number]:
            yield from self._judge(number, gauge, level, receive_us)

    def _die(self, number: int, at_us: int, origin: int) -> Iterator[Transition]:
        """The device said that it is gone."""
        gauge = self.gauges[number]
        gauge.heard_us, gauge.origin = at_us, origin
        if gauge.silent:
            return
        gauge.silent = True
        yield Transition(
            datastream=number,
            kind=Kind.SILENT,
            cause=Cause.DEATH if gauge.ever_heard else Cause.NEVER_HEARD,
            severity=self.silence.severity,
            time_us=at_us,
            at_us=at_us,
            quality=9,
            origin=origin,
        )

    def _judge(self, number: int, gauge: Gauge, level: Level, at_us: int) -> Iterator[Transition]:
        assert gauge.time_us is not None
        old = gauge.time_us < at_us - FIFTEEN_MINUTES_US
        hold = gauge.holds.get(level.level)
        if hold is None and _reached(level, gauge.value):
            gauge.holds[level.level] = Hold(level, gauge.time_us, told=not old)
            yield _moved(number, gauge, level, Kind.RAISED, Cause.CROSSED, gauge.time_us, at_us)
        elif hold is not None and self._left(level, gauge):
            del gauge.holds[level.level]
            yield _moved(number, gauge, level, Kind.RETURNED, Cause.CROSSED, gauge.time_us, at_us)
        elif hold is not None and not hold.told and not old:
            hold.told = True
            yield _moved(number, gauge, level, Kind.RAISED, Cause.STILL_HELD, hold.since_us, at_us)

    def _left(self, level: Level, gauge: Gauge) -> bool:
        if gauge.quality == 4 and not self.plain:  # a broken sensor does not end a flood
            return False
        value = gauge.value
        hysteresis = 0.0 if self.plain else level.hysteresis
        if level.direction == "rising":
            return value < level.value - hysteresis
        return value > level.value + hysteresis

    def _let_vanished_go(self, number: int, before: list[Level], now_us: int) -> Iterator[Transition]:
        gauge = self.gauges[number]
        names = {level.level for level in self.levels.get(number, [])}
        for level in before:
            if level.level in gauge.holds and level.level not in names:
                assert gauge.time_us is not None
                del gauge.holds[level.level]
                yield _moved(number, gauge, level, Kind.RETURNED, Cause.CATALOGUE, gauge.time_us, now_us)
        if number not in self.datastreams:
            if gauge.silent:
                yield Transition(
                    datastream=number,
                    kind=Kind.HEARD,
                    cause=Cause.CATALOGUE,
                    time_us=now_us,
                    at_us=now_us,
                    quality=9,
                    origin=gauge.origin,
                )
            del self.gauges[number]

    def _look_again(self, number: int, gauge: Gauge, level: Level, now_us: int) -> Iterator[Transition]:
        """Judge the newest value against a level as it is now."""
        if gauge.time_us is None:
            return
        hold = gauge.holds.get(level.level)
        if hold is None and _reached(level, gauge.value):
            old = gauge.time_us < now_us - FIFTEEN_MINUTES_US
            gauge.holds[level.level] = Hold(level, gauge.time_us, told=not old)
            yield _moved(number, gauge, level, Kind.RAISED, Cause.CATALOGUE, gauge.time_us, now_us)
        elif hold is not None and self._left(level, gauge):
            del gauge.holds[level.level]
            yield _moved(number, gauge, level, Kind.RETURNED, Cause.CATALOGUE, gauge.time_us, now_us)


def _reached(level: Level, value: float) -> bool:
    return value >= level.value if level.direction == "rising" else value <= level.value


def _moved(number: int, gauge: Gauge, level: Level, kind: Kind, cause: Cause, time_us: int, at_us: int) -> Transition:
    return Transition(
        datastream=number,
        kind=kind,
        cause=cause,
        level=level.level,
        rank=level.rank,
        severity=level.severity,
        limit=level.value,
        time_us=time_us,
        at_us=at_us,
        value=gauge.value,
        quality=gauge.quality,
        origin=gauge.newest_origin,
        historical=cause is not Cause.STILL_HELD and time_us < at_us - FIFTEEN_MINUTES_US,
    )


def _in_force(datastream: Datastream, now_us: int) -> Iterator[Level]:
    """Of each level the newest version that has taken effect."""
    for name in {level.level for level in datastream.levels}:
        started = [
            level
            for level in datastream.levels
            if level.level == name
            and (not level.effective_from or from_datetime(datetime.fromisoformat(level.effective_from)) <= now_us)
        ]
        if started:
            yield max(started, key=lambda level: level.effective_from)


def _order(transition: Transition) -> tuple[int, int, int, int]:
    """By time of finding, datastream; silence, speech, returned from the worst rank down, raised from the lowest up."""
    kinds = [Kind.SILENT, Kind.HEARD, Kind.RETURNED, Kind.RAISED]
    sign = -1 if transition.kind is Kind.RETURNED else 1
    return transition.at_us, transition.datastream, kinds.index(transition.kind), sign * transition.rank
