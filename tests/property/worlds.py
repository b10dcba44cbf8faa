"""Random small cities and what they send, for the detector's laws.

Values lie on a coarse grid, so that limits are met exactly; times lie around the moments that matter: the due time of a
silence, fifteen minutes back, just before or after one another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec
import numpy as np
from hypothesis import strategies as st

from sensors.batch import Batch, concatenate, empty_batch
from sensors.catalogue import Area, Catalogue, City, Datastream, Level, MapView, Silence, Station, Text
from sensors.detector import step
from sensors.quality import Reason
from sensors.rules import compile_rules
from sensors.state import State, fresh_state
from sensors.times import NEVER, SECOND_US
from sensors.transition import Transition

START_US = 1_760_000_000 * SECOND_US
NUMBERS = (0, 1, 2, 4)  # with a hole, as after a retirement
NAMES = ("waspada", "siaga", "awas", "kering")

grid = st.integers(-6, 6).map(lambda n: n / 2)
sent_values = st.one_of(grid, grid, grid, st.just(float("nan")))
gaps_us = st.sampled_from(
    [0, 0, 1, SECOND_US, 5 * SECOND_US, 10 * SECOND_US, 10 * SECOND_US + 1, 30 * SECOND_US, 1000 * SECOND_US]
)
late_us = st.sampled_from([n * SECOND_US for n in (1, 7, 60, 899, 900, 1500, 4000)])
lags_us = st.one_of(st.just(0), late_us, st.sampled_from([1, 900 * SECOND_US + 1, -SECOND_US, -300 * SECOND_US]))


@st.composite
def datastreams(draw: st.DrawFn, number: int) -> Datastream:
    """A datastream with up to four levels, rising or falling."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=draw(st.sampled_from([0, 2])), max_size=4))
    levels = [
        Level(
            level=name,
            rank=rank,
            severity=min(rank, 4),
            direction=draw(st.sampled_from(["rising", "rising", "falling"])),
            value=draw(grid),
            hysteresis=draw(st.sampled_from([0.0, 0.0, 0.5, 1.0, 3.0])),
            effective_from=draw(st.sampled_from(["", "", "", "2025-10-09T09:00:00Z"])),
        )
        for rank, name in enumerate(names, start=1)
    ]
    return Datastream(
        number=number,
        station=f"S{number}",
        property="level",
        kind="river_level",
        unit="cm",
        interval_calm_s=draw(st.sampled_from([5.0, 10.0, 100.0, 5000.0])),
        levels=tuple(levels),
    )


@st.composite
def catalogues(draw: st.DrawFn, *, numbers: Sequence[int] = ()) -> Catalogue:
    """A numbered catalogue, of these numbers or of any."""
    numbers = numbers or draw(st.lists(st.sampled_from(NUMBERS), unique=True, min_size=1))
    streams = tuple(draw(datastreams(number)) for number in sorted(numbers))
    return with_datastreams(streams, intervals=draw(st.sampled_from([1.0, 2.0])), severity=draw(st.integers(1, 4)))


def with_datastreams(streams: Sequence[Datastream], *, intervals: float = 3.0, severity: int = 1) -> Catalogue:
    """A city of nothing but these datastreams and their stations."""
    stations = {d.station: d for d in streams}
    return Catalogue(
        city=City(
            code="kota",
            name=Text("Kota", "City"),
            time_zone="Asia/Jakarta",
            zone_label="WIB",
            map=MapView(lon=112.4, lat=-7.5, zoom=11.0),
            silence=Silence(intervals=intervals, severity=severity),
        ),
        areas=(Area(code="35.76.01.1003", name="Meri", kind="kelurahan"),),
        stations=tuple(
            Station(station=s, name=s, kind="river", lat=-7.5, lon=112.4, area="35.76.01.1003", agency="BPBD")
            for s in stations
        ),
        datastreams=tuple(streams),
    )


class Sent(NamedTuple):
    """One observation before it has a number and a receive time."""

    gap_us: int  # after the one before it
    place: int  # which datastream
    lag_us: int  # how old it is when it is received
    value: float
    quality: int
    origin: int
    repeated: bool  # at the time of the last one of its datastream
    reasons: int  # `Reason` bits: a death now and then


sent = st.builds(
    Sent,
    gap_us=gaps_us,
    place=st.integers(0, 3),
    lag_us=lags_us,
    value=sent_values,
    quality=st.integers(1, 4),
    origin=st.integers(0, 4),
    repeated=st.sampled_from([False, False, False, True]),
    reasons=st.sampled_from([0, 0, 0, 0, 0, 0, Reason.HISTORICAL, Reason.STALE]).map(int),
)
streams = st.lists(sent, max_size=30)


def received(observations: Sequence[Sent], catalogue: Catalogue, after_us: int) -> Batch:
    """The observations as a batch; receive times strictly increase per datastream, by 1 µs on a tie."""
    numbers = [d.number for d in catalogue.datastreams]
    clock_us, last_us = after_us + 1, dict.fromkeys(numbers, after_us)
    time_us: dict[int, int] = {}
    rows = []
    for item in observations:
        number = numbers[item.place % len(numbers)]
        clock_us += item.gap_us
        receive_us = last_us[number] = max(clock_us, last_us[number] + 1)
        if not (item.repeated and number in time_us):
            time_us[number] = receive_us - item.lag_us
        rows.append((number, time_us[number], item.value, receive_us, item.origin, item.quality, item.reasons))
    return Batch(
        datastream=np.array([row[0] for row in rows], np.int32),
        time_us=np.array([row[1] for row in rows], np.int64),
        value=np.array([row[2] for row in rows], np.float64),
        receive_us=np.array([row[3] for row in rows], np.int64),
        device_us=np.full(len(rows), NEVER, np.int64),
        origin=np.array([row[4] for row in rows], np.uint8),
        quality=np.array([row[5] for row in rows], np.uint8),
        reasons=np.array([row[6] for row in rows], np.uint16),
    )


class Tick(NamedTuple):
    """What one step judges."""

    batch: Batch
    now_us: int


def end_us(batch: Batch, after_us: int) -> int:
    """The last receive time."""
    return int(batch.receive_us.max(initial=after_us))


def split(batch: Batch, after_us: int, cuts: Sequence[int], pauses_us: Sequence[int]) -> Iterator[Tick]:
    """The batch cut at those places of `cuts` where the gateway can cut it, with an empty tick after each.

    It can where everything before was received before everything after.
    """
    begin, now_us = 0, after_us
    for cut, pause_us in zip(sorted({c % (len(batch) + 1) for c in cuts}), pauses_us, strict=False):
        until_us = end_us(batch.take(slice(0, cut)), after_us)
        if cut < len(batch) and until_us >= batch.receive_us[cut:].min():
            continue
        yield Tick(batch.take(slice(begin, cut)), until_us)
        begin, now_us = cut, until_us
        if cut < len(batch):
            now_us = min(until_us + pause_us, int(batch.receive_us[cut:].min()) - 1)
            yield Tick(empty_batch(), now_us)
    yield Tick(batch.take(slice(begin, len(batch))), max(now_us, end_us(batch, after_us)))


cuts = st.lists(st.integers(0, 25), max_size=6)
pauses_us = st.lists(gaps_us, min_size=6, max_size=6)


def run(state: State, ticks: Sequence[Tick]) -> tuple[State, list[Transition]]:
    """The state after all ticks, and every transition."""
    transitions: list[Transition] = []
    for tick in ticks:
        state, found = step(state, tick.batch, tick.now_us)
        transitions += found
    return state, transitions


def started(catalogue: Catalogue, *, plain: bool = False) -> State:
    """The state of a detector that has heard nothing yet."""
    return fresh_state(compile_rules(catalogue, START_US, plain=plain), START_US)


def as_bytes(transitions: Sequence[Transition]) -> list[bytes]:
    """The transitions as the log stores them."""
    return [msgspec.json.encode(t) for t in transitions]


def merged(ticks: Sequence[Tick]) -> Tick:
    """All ticks as one."""
    return Tick(concatenate([t.batch for t in ticks]), ticks[-1].now_us)


@dataclass(frozen=True)
class World:
    """A city and what it sent."""

    catalogue: Catalogue
    batch: Batch

    @property
    def now_us(self) -> int:
        """When the last observation came."""
        return end_us(self.batch, START_US)

    def sending(self, **columns: object) -> "World":
        """The same with other columns."""
        return replace(self, batch=replace(self.batch, **columns))  # type: ignore[arg-type]


@st.composite
def worlds(draw: st.DrawFn, *, numbers: Sequence[int] = ()) -> World:
    """A random city and what it sends."""
    catalogue = draw(catalogues(numbers=numbers))
    return World(catalogue, received(draw(streams), catalogue, START_US))
