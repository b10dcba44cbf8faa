"""Small cities and what happens to them, made of choices: drawn by hypothesis or at random, it does not matter.

Values lie on a coarse grid, so that limits are met exactly; times lie around the moments that matter: the due time of
a silence or of a delay, fifteen minutes back, the half minute, just before or after one another.
"""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeVar

import msgspec
import numpy as np

from sensors.catalogue import (
    Area,
    Catalogue,
    City,
    Datastream,
    Derivation,
    DetectorRules,
    Level,
    MapView,
    Reach,
    Silence,
    Station,
)
from sensors.catalogue import Text as Both
from sensors.times import SECOND_US

T = TypeVar("T")

START_US = 1_760_000_010 * SECOND_US  # a whole half minute
STATION_OF = {0: "S0", 1: "S0", 2: "S1", 3: "S2", 5: "S3", 6: "S1"}  # by number, with a hole as after a retirement
COUNT = 8  # the number of the datastream that counts the others
BASINS = {"S0": "hulu", "S1": "hulu", "S2": "hilir", "S3": "hilir"}
NAMES = ("waspada", "siaga", "awas", "kering", "hijau", "kuning", "merah", "hitam")
KINDS = ("river_level", "river_level", "river_level", "discharge", "rain", "interval")
GRID = tuple(n / 2 for n in range(-6, 7))


class Pick(Protocol):
    """One of these."""

    def __call__(self, options: Sequence[T], /) -> T: ...


def at_random(rng: np.random.Generator) -> Pick:
    """Choices by a generator of random numbers."""

    def pick(options: Sequence[T]) -> T:
        return options[int(rng.integers(len(options)))]

    return pick


def a_level(pick: Pick, name: str, rank: int, direction: Literal["rising", "falling"], limit: float) -> Level:
    """A level with a limit; severity 4 has no on-delay."""
    severity = min(rank, 4)
    return Level(
        level=name,
        rank=rank,
        severity=severity,
        direction=direction,
        value=limit,
        hysteresis=pick((0.0, 0.0, 0.5, 1.0, 3.0)),
        on_delay_s=pick((0.0, 0.0, 0.0, 5.0, 10.0, 60.0)) if severity < 4 else 0.0,
        off_delay_s=pick((0.0, 0.0, 0.0, 5.0, 10.0, 60.0)),
        effective_from=pick(("", "", "", "", "2025-10-09T09:00:00Z")),
    )


def some_levels(pick: Pick) -> tuple[Level, ...]:
    """Up to eight, rising or falling; of one direction a higher rank has a limit further out."""
    size = pick((2, 0, 1, 3, 4, 8))
    directions = [pick(_DIRECTIONS) for _ in range(size)]
    names, grid = list(NAMES), list(GRID)
    limits = sorted(grid.pop(pick(range(len(grid)))) for _ in range(size))
    levels = []
    for rank, direction in enumerate(directions, start=1):
        limit = limits.pop(0 if direction == "rising" else -1)
        levels.append(a_level(pick, names.pop(pick(range(len(names)))), rank, direction, limit))
    return tuple(levels)


_DIRECTIONS: tuple[Literal["rising", "falling"], ...] = ("rising", "rising", "rising", "falling")


def a_datastream(pick: Pick, number: int) -> Datastream:
    """A datastream at its station."""
    kind = pick(KINDS)
    return Datastream(
        number=number,
        station=STATION_OF.get(number, f"S{number}"),
        property=f"p{number}",
        kind=kind,
        unit="s" if kind == "interval" else "cm",
        interval_calm_s=pick((10.0, 5.0, 100.0, 5000.0)),
        interval_storm_s=pick((None, 5.0, 10.0)),
        fall_limit_per_h=pick((None, None, 180.0, 360.0)),
        rise_limit_per_h=pick((None, None, 200.0, 700.0)),
        trend_window_s=pick((40.0, 80.0)),
        levels=some_levels(pick),
    )


def a_city(pick: Pick, *, numbers: Sequence[int] = (), with_reaches: bool = True) -> Catalogue:
    """A numbered catalogue, of these numbers or of any."""
    if not numbers:
        left = list(STATION_OF)
        numbers = [left.pop(pick(range(len(left)))) for _ in range(pick((1, 2, 3, 4, 5)))]
    streams = one_interval_a_station([a_datastream(pick, number) for number in sorted(numbers)])
    stations = sorted({d.station for d in streams})
    pairs = [(a, b) for a in stations for b in stations if a != b]
    joined = [pairs.pop(pick(range(len(pairs)))) for _ in range(pick((1, 0, 2, 3)) if with_reaches else 0) if pairs]
    return with_datastreams(
        streams,
        intervals=pick((1.0, 2.0)),
        severity=pick((1, 2, 3, 4)),
        rising_severity=pick((3, 1, 4)),
        gated=[station for station in stations if pick((False, False, False, True))],
        reaches=[a_reach(pick, *pair) for pair in joined],
        detector=DetectorRules(
            chatter_s=pick((60.0, 10.0)),
            fall_factor=pick((4.0, 1.0, 2.0)),
            doubt_s=pick((20.0, 0.0, 60.0, 1800.0)),
            settle_s=pick((30.0, 0.0, 5.0)),
            wave_severity=pick((2, 1, 3)),
        ),
    )


def with_count(pick: Pick, catalogue: Catalogue) -> Catalogue:
    """The same city, in which a datastream counts how many of some others hold a level."""
    observed = catalogue.observed.datastreams
    counted = [d for d in observed if pick((True, True, False))] or observed
    count = Datastream(
        number=COUNT,
        station=observed[0].station,
        property="held",
        kind="derived",
        unit="1",
        interval_calm_s=10.0,
        levels=some_levels(pick),
        derivation=Derivation(method="holding", inputs=tuple(d.id for d in counted), severity=pick((1, 2, 3))),
    )
    return msgspec.structs.replace(catalogue, datastreams=(*observed, count))


def one_interval_a_station(streams: Sequence[Datastream]) -> list[Datastream]:
    """The same, with the second datastream of kind `interval` at a station measuring rain."""
    told: set[str] = set()
    kept = []
    for d in streams:
        again = d.kind == "interval" and d.station in told
        if d.kind == "interval":
            told.add(d.station)
        kept.append(_replaced(d, kind="rain") if again else d)
    return kept


def _replaced(datastream: Datastream, *, kind: str) -> Datastream:
    values = {name: getattr(datastream, name) for name in Datastream.__struct_fields__}
    return Datastream(**(values | {"kind": kind}))


def a_reach(pick: Pick, upstream: str, downstream: str) -> Reach:
    """Water takes half a minute to five minutes."""
    low, high = pick(((None, None), (0.5, None), (None, 6.0), (0.25, 5.5)))
    return Reach(
        upstream=upstream,
        downstream=downstream,
        travel_min=pick((0.5, 1.0, 5.0)),
        travel_min_low=low,
        travel_min_high=high,
    )


def with_datastreams(
    streams: Sequence[Datastream],
    *,
    intervals: float = 3.0,
    severity: int = 1,
    rising_severity: int = 3,
    gated: Sequence[str] = (),
    reaches: Sequence[Reach] = (),
    detector: DetectorRules = DetectorRules(),  # noqa: B008 -- frozen
) -> Catalogue:
    """A city of nothing but these datastreams and their stations."""
    stations = {d.station: d for d in streams}
    return Catalogue(
        city=City(
            code="kota",
            name=Both("Kota", "City"),
            time_zone="Asia/Jakarta",
            zone_label="WIB",
            map=MapView(lon=112.4, lat=-7.5, zoom=11.0),
            silence=Silence(intervals=intervals, severity=severity, rising_severity=rising_severity),
            detector=detector,
        ),
        areas=(Area(code="35.76.01.1003", name="Meri", kind="kelurahan"),),
        stations=tuple(
            Station(
                station=s,
                name=s,
                kind="river",
                lat=-7.5,
                lon=112.4,
                area="35.76.01.1003",
                agency="BPBD",
                basin=BASINS.get(s, ""),
                gated=s in gated,
            )
            for s in stations
        ),
        reaches=tuple(reaches),
        datastreams=tuple(streams),
    )
