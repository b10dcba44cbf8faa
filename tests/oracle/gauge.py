"""What the slow oracle remembers of one datastream, and the rules it judges it by: plain Python, nothing in arrays."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import lru_cache

from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream, DetectorRules, Level, Silence, Station
from sensors.times import SECOND_US, from_datetime

FIFTEEN_MINUTES_US = 15 * 60 * SECOND_US
REMEMBERED = 32
STALE = 64  # the bit of `reasons` that says that the device is gone
RATE_OF_CHANGE, FLAT_LINE, NEIGHBOUR, IMPLAUSIBLE_FALL = 1024, 2048, 8192, 16384
RIVER_KINDS = ("river_level", "discharge")


@lru_cache(maxsize=1000)
def us(seconds: float) -> int:
    """Whole microseconds of exact seconds."""
    return round(Fraction(seconds) * SECOND_US)


@dataclass(frozen=True)
class Row:
    """One observation."""

    number: int
    time_us: int
    value: float
    receive_us: int
    origin: int
    quality: int
    dead: bool
    reasons: int

    @property
    def is_only_fast(self) -> bool:
        """Of the four reasons to suspect a value it has none but its rate of change."""
        return self.reasons & (FLAT_LINE | NEIGHBOUR | IMPLAUSIBLE_FALL | RATE_OF_CHANGE) == RATE_OF_CHANGE

    @property
    def is_old(self) -> bool:
        """Over fifteen minutes old when it was received."""
        return self.time_us < self.receive_us - FIFTEEN_MINUTES_US


def rows_of(batch: Batch) -> list[Row]:
    """The rows of a batch, in order of arrival."""
    return [
        Row(
            number=int(batch.datastream[i]),
            time_us=int(batch.time_us[i]),
            value=float(batch.value[i]),
            receive_us=int(batch.receive_us[i]),
            origin=int(batch.origin[i]),
            quality=int(batch.quality[i]),
            dead=bool(int(batch.reasons[i]) & STALE),
            reasons=int(batch.reasons[i]),
        )
        for i in range(len(batch))
    ]


@dataclass(frozen=True)
class GaugeRules:
    """What is in force for one datastream."""

    datastream: Datastream
    levels: tuple[Level, ...]  # in force, by rank
    silence: Silence
    detector: DetectorRules
    gated: bool
    plain: bool

    @property
    def number(self) -> int:
        """Of the datastream."""
        return self.datastream.number

    @property
    def calm_us(self) -> int:
        """The silence limit in calm."""
        return us(self.silence.intervals * self.datastream.interval_calm_s)

    def is_gap(self, time_us: int) -> bool:
        """Whether so long a time without an observation is one; nobody waits for those that are derived."""
        return self.datastream.derivation is None and time_us > self.calm_us

    @property
    def is_river(self) -> bool:
        """Whether it measures a river."""
        return self.datastream.kind in RIVER_KINDS

    @property
    def is_count(self) -> bool:
        """Whether it counts what others hold: nobody sends it."""
        return self.datastream.derivation is not None

    @property
    def judges_falls(self) -> bool:
        """Whether a fall may be in doubt."""
        return self.is_river and not self.gated and not self.plain

    def is_sound(self, quality: int) -> bool:
        """Whether it did not fail."""
        return quality != 4 or self.plain

    def on_delay_us(self, level: Level) -> int:
        """How long it is reached before it is raised."""
        return 0 if self.plain else us(level.on_delay_s)

    def off_delay_us(self, level: Level) -> int:
        """How long it is left before it is returned."""
        return 0 if self.plain else us(level.off_delay_s)

    def reached(self, level: Level, value: float) -> bool:
        """UP."""
        return value >= level.value if level.direction == "rising" else value <= level.value

    def clear_point(self, level: Level) -> float:
        """Beyond it the level is left."""
        hysteresis = 0.0 if self.plain else level.hysteresis
        return level.value - hysteresis if level.direction == "rising" else level.value + hysteresis

    def left(self, level: Level, value: float, quality: int) -> bool:
        """DOWN: beyond the clear point, and the observation did not fail its quality tests."""
        if not self.is_sound(quality):
            return False
        clear = self.clear_point(level)
        return value < clear if level.direction == "rising" else value > clear


def rules_of(catalogue: Catalogue, now_us: int, *, plain: bool) -> dict[int, GaugeRules]:
    """The rules of every datastream, by number."""
    stations: Mapping[str, Station] = {station.station: station for station in catalogue.stations}
    return {
        datastream.number: GaugeRules(
            datastream=datastream,
            levels=_in_force(datastream, now_us),
            silence=catalogue.city.silence,
            detector=catalogue.city.detector,
            gated=stations[datastream.station].gated,
            plain=plain,
        )
        for datastream in sorted(catalogue.datastreams, key=lambda d: d.number)
    }


def _in_force(datastream: Datastream, now_us: int) -> tuple[Level, ...]:
    """Of each level the newest version that has taken effect."""
    newest: dict[str, Level] = {}
    for level in datastream.levels:
        begins = level.effective_from
        if begins and from_datetime(datetime.fromisoformat(begins)) > now_us:
            continue
        if level.level not in newest or begins > newest[level.level].effective_from:
            newest[level.level] = level
    return tuple(sorted(newest.values(), key=lambda level: level.rank))


@dataclass
class Hold:
    """A level that is held."""

    since_us: int
    told: bool  # as news, not only as history
    verify: bool  # raised by an observation that is suspect or failed, and not confirmed yet
    count: int


@dataclass
class Run:
    """A stretch of equal words."""

    up: bool
    begin_us: int


@dataclass
class Doubt:
    """A fall that no river makes."""

    time_us: int  # of the doubtful row
    lowest: Level  # the lowest rising level held when it began
    value: float = 0.0  # of the doubtful row
    before: float = 0.0  # the value before it
    good: int = 0  # sound newer rows since
    moved: bool = False  # one of them had another value, by more than the tolerance


@dataclass
class Remembered:
    """One of the last 32 observations by time."""

    time_us: int
    value: float
    quality: int
    origin: int
    in_doubt: bool = False  # its DOWN was barred, and is none for the late either
    held: frozenset[str] = frozenset()  # after it


@dataclass
class Rate:
    """A trend, unit per hour."""

    middle: float
    low: float
    high: float


@dataclass
class Move:
    """A level became held or not held; for those who ask later."""

    at_us: int
    level: str
    held: bool


@dataclass
class Gauge:
    """What is remembered of one datastream."""

    heard_us: int  # of its last row with a value, or when listening began
    ever_heard: bool = False
    silent: bool = False
    silent_us: int = 0
    lost: Rate | None = None  # the trend it fell silent with
    possible: set[str] = field(default_factory=set)  # told in this silence
    origin: int = 0  # of the last row heard
    newest: Row | None = None
    sound: Row | None = None  # the newest that did not fail
    held_after_newest: frozenset[str] = frozenset()
    held_after_sound: frozenset[str] = frozenset()
    in_storm: bool = False  # a level was held when it was last heard
    tells_interval_s: float | None = None  # of kind `interval`: the last one it told
    holds: dict[str, Hold] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    last_raise: dict[str, tuple[int, int]] = field(default_factory=dict)  # level: time, count
    doubt: Doubt | None = None
    remembered: list[Remembered] = field(default_factory=list)  # by time
    waiting: list[Row] = field(default_factory=list)  # late, in order of arrival
    points: list[tuple[int, float]] = field(default_factory=list)  # the last eight of the trend
    predecessor: tuple[int, float] | None = None  # time and value of the last that did not fail as it came
    moves: list[Move] = field(default_factory=list)

    def held_at(self, at_us: int) -> set[str]:
        """The levels held after everything found up to `at_us`."""
        held: set[str] = set()
        for move in self.moves:
            if move.at_us <= at_us:
                held = held | {move.level} if move.held else held - {move.level}
        return held


def ceil_to(time_us: int, step_us: int) -> int:
    """The next whole multiple."""
    return math.ceil(Fraction(time_us, step_us)) * step_us
