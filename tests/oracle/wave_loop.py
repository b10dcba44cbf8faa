"""The wave that should have arrived, one raise and one reach after the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sensors.catalogue import Catalogue
from sensors.transition import Cause, Kind, Transition
from tests.oracle.gauge import Gauge, GaugeRules, us

SECONDS_PER_MIN = 60


@dataclass(frozen=True)
class Joined:
    """A reach between two datastreams."""

    upstream: int
    downstream: int
    low_us: int
    high_us: int


@dataclass
class Window:
    """Something is expected downstream."""

    reach: Joined
    severity: int
    origin: int
    from_us: int
    until_us: int
    opened_us: int  # receive time
    verify: bool  # nothing but doubtful raises opened it
    early_us: int | None = None  # when a level was last reached downstream before it began
    ended: bool = False  # told as absent or unseen; it may still come late

    @property
    def due_us(self) -> int:
        """When its end is told, or it is forgotten."""
        return self.until_us + self.reach.high_us if self.ended else self.until_us


@dataclass
class WaveLoop:
    """All reaches and what is expected."""

    rules: Mapping[int, GaugeRules] = field(default_factory=dict)
    reaches: tuple[Joined, ...] = ()
    wave_severity: int = 2
    windows: dict[tuple[int, int], Window] = field(default_factory=dict)  # by upstream, downstream
    silent: set[int] = field(default_factory=set)

    def rule(self, catalogue: Catalogue, rules: Mapping[int, GaugeRules]) -> None:
        """Other reaches are in force; a window stays where its two datastreams stay joined."""
        self.rules = rules
        self.wave_severity = catalogue.city.detector.wave_severity
        self.reaches = tuple(_joined(catalogue, rules))
        pairs = {(reach.upstream, reach.downstream) for reach in self.reaches}
        self.windows = {pair: window for pair, window in self.windows.items() if pair in pairs}

    def follow(self, found: Sequence[Transition], gauges: Mapping[int, Gauge], now_us: int) -> list[Transition]:
        """What the transitions mean downstream, and what did not come by `now_us`."""
        waves: list[Transition] = []
        for at_us, together in groupby(found, key=lambda t: t.at_us):
            waves += self._let_go(at_us - 1, gauges)
            moment = list(together)
            for one in moment:
                if one.kind is Kind.SILENT:
                    self.silent.add(one.datastream)
                elif one.kind is Kind.HEARD:
                    self.silent.discard(one.datastream)
            # A change of the catalogue brings no water: neither here nor there.
            news = [t for t in moment if t.kind is Kind.RAISED and not t.historical]
            raises = [t for t in news if t.cause is not Cause.CATALOGUE]
            for one in raises:
                waves += self._close(one)
            for reach in self.reaches:
                waves += self._open(reach, [one for one in raises if self._opens(reach, one, gauges)])
            for one in moment:
                if one.kind is Kind.CONFIRMED and one.severity >= self.wave_severity:
                    waves += self._confirm(one)
        return waves + list(self._let_go(now_us, gauges))

    def _let_go(self, until_us: int, gauges: Mapping[int, Gauge]) -> Iterator[Transition]:
        """Windows that ended without a raise: told, and later forgotten."""
        while due := [w for w in self.windows.values() if w.due_us <= until_us]:
            window = min(due, key=lambda w: (w.due_us, w.reach.downstream, w.reach.upstream))
            at_us = max(window.until_us, window.opened_us)
            if not window.ended:
                window.ended = True
                cause, time_us = self._end(window, gauges, at_us)
                yield _told(window, cause, time_us, at_us)
                if cause is not Cause.EARLY:  # it may come yet
                    continue
            del self.windows[window.reach.upstream, window.reach.downstream]

    def _end(self, window: Window, gauges: Mapping[int, Gauge], at_us: int) -> tuple[Cause, int]:
        """Nothing was raised within the window: what can be said of it, and of which time."""
        if window.reach.downstream in self.silent:
            return Cause.UNSEEN, window.until_us
        is_held = self._worst_held(window.reach.downstream, gauges, at_us) >= self.wave_severity
        if window.early_us is not None and is_held:
            return Cause.EARLY, window.early_us
        return Cause.ABSENT, window.until_us

    def _close(self, one: Transition) -> Iterator[Transition]:
        """By its own time; how long a window is kept goes by receive time."""
        if one.severity < self.wave_severity:
            return
        for window in [w for w in self.windows.values() if w.reach.downstream == one.datastream]:
            if one.time_us > window.until_us + window.reach.high_us:
                continue
            if one.time_us < window.from_us and not window.ended:
                window.early_us = one.time_us
                continue
            del self.windows[window.reach.upstream, window.reach.downstream]
            cause = Cause.ON_TIME if one.time_us <= window.until_us else Cause.CAME_LATE
            yield _told(window, Cause.EARLY if one.time_us < window.from_us else cause, one.time_us, one.at_us)

    def _confirm(self, one: Transition) -> Iterator[Transition]:
        """The level upstream is reached without doubt."""
        for window in self.windows.values():
            if window.reach.upstream == one.datastream and window.verify:
                window.verify = False
                if not window.ended:
                    yield _told(window, Cause.EXPECTED, window.from_us, one.at_us)

    def _worst_held(self, number: int, gauges: Mapping[int, Gauge], at_us: int) -> int:
        """Severity; 0 = none."""
        held = gauges[number].held_at(at_us)
        return max((level.severity for level in self.rules[number].levels if level.level in held), default=0)

    def _opens(self, reach: Joined, one: Transition, gauges: Mapping[int, Gauge]) -> bool:
        if reach.upstream != one.datastream:
            return False
        there = self._worst_held(reach.downstream, gauges, one.at_us)
        return one.severity >= self.wave_severity and there < one.severity

    def _open(self, reach: Joined, raises: list[Transition]) -> Iterator[Transition]:
        """One window a reach, told once a moment: the worst raise counts; a later one moves the end."""
        if not raises:
            return
        worst = max(raises, key=lambda one: one.severity)
        begin_us, at_us = worst.time_us, worst.at_us
        window = Window(
            reach=reach,
            severity=worst.severity,
            origin=worst.origin,
            from_us=begin_us + reach.low_us,
            until_us=begin_us + reach.high_us,
            opened_us=at_us,
            verify=worst.verify,
        )
        before = self.windows.get((reach.upstream, reach.downstream))
        if before is not None and not before.ended:
            window.from_us = before.from_us
            window.until_us = max(window.until_us, before.until_us)
            window.verify, window.early_us = window.verify and before.verify, before.early_us
            if before.severity > window.severity:
                window.severity = before.severity  # the origin is that of the later raise: unclear in the contract
        self.windows[reach.upstream, reach.downstream] = window
        yield _told(window, Cause.EXPECTED, window.from_us, at_us)


def _joined(catalogue: Catalogue, rules: Mapping[int, GaugeRules]) -> Iterator[Joined]:
    """Reaches whose stations both have a river datastream with levels: the first of each."""
    first: dict[str, int] = {}
    for number in sorted(rules):
        if rules[number].is_river and rules[number].levels:
            first.setdefault(rules[number].datastream.station, number)
    for reach in catalogue.reaches:
        if reach.upstream in first and reach.downstream in first:
            low = reach.travel_min_low if reach.travel_min_low is not None else reach.travel_min / 2
            high = reach.travel_min_high if reach.travel_min_high is not None else reach.travel_min * 1.5
            low_us, high_us = us(low * SECONDS_PER_MIN), us(high * SECONDS_PER_MIN)
            yield Joined(first[reach.upstream], first[reach.downstream], low_us, high_us)


def _told(window: Window, cause: Cause, time_us: int, at_us: int) -> Transition:
    return Transition(
        datastream=window.reach.downstream,
        kind=Kind.WAVE,
        cause=cause,
        severity=window.severity,
        time_us=time_us,
        at_us=at_us,
        other=window.reach.upstream,
        until_us=window.until_us,
        origin=window.origin,
        verify=window.verify,
    )
