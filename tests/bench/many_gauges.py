"""A catalogue of equal river gauges with every rule a city would give them, and what they send, batch after batch."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.catalogue import Catalogue, City, Datastream, Derivation, Level, MapView, Text
from sensors.rules import Rules
from sensors.times import HOUR_US, SECOND_US

BEGIN_US: Final = 1_780_000_000 * SECOND_US
BATCH: Final = 20_000
SPACING_US: Final = 10 * SECOND_US  # every gauge sends so often
LIMITS: Final = (100.0, 200.0, 300.0, 400.0)
HYSTERESIS: Final = 3.0
RISE_LIMIT_PER_H: Final = 3000.0
CALM_S: Final = 60.0
SWING_US: Final = 3 * HOUR_US  # up and down once
STORMY: Final = 0.3  # share of the gauges that hold levels and cross them in a storm
DELAYED: Final = 10  # every so many-th gauge has delays

R = TypeVar("R")


def gauges(size: int, *, derived: bool = True) -> Catalogue:
    """So many gauges, numbered from 0; where `derived`, behind them the rate and the time to the next level of each."""
    observed = [_gauge(number) for number in range(size)]
    rates = [_derived(number, "rate", "cm/h", size + number) for number in range(size) if derived]
    etas = [_derived(number, "eta", "min", 2 * size + number) for number in range(size) if derived]
    city = City(
        code="bench",
        name=Text("Uji", "Bench"),
        time_zone="Asia/Jakarta",
        zone_label="WIB",
        map=MapView(lon=112.4, lat=-7.5, zoom=11.0),
    )
    return Catalogue(city=city, stations=(), datastreams=(*observed, *rates, *etas))


def _gauge(number: int) -> Datastream:
    delayed = number % DELAYED == 0
    levels = tuple(
        Level(
            level=f"siaga-{4 - place}",
            rank=place + 1,
            severity=place + 1,
            direction="rising",
            value=limit,
            hysteresis=HYSTERESIS,
            on_delay_s=20.0 if delayed and place < 3 else 0.0,
            off_delay_s=60.0 if delayed else 0.0,
        )
        for place, limit in enumerate(LIMITS)
    )
    return Datastream(
        number=number,
        station=f"STATION-{number:06d}",
        property="level",
        kind="river_level",
        unit="cm",
        valid_min=0.0,
        valid_max=1000.0,
        rise_limit_per_h=RISE_LIMIT_PER_H,
        flat_suspect_s=3600.0,
        flat_fail_s=14_400.0,
        trend_window_s=1800.0,
        interval_calm_s=CALM_S,
        interval_storm_s=SPACING_US / SECOND_US,
        levels=levels,
    )


def _derived(number: int, method: str, unit: str, its_own: int) -> Datastream:
    station = f"STATION-{number:06d}"
    return Datastream(
        number=its_own,
        station=station,
        property=f"level-{method}",
        kind="rate",
        unit=unit,
        interval_calm_s=CALM_S,
        derivation=Derivation(method=method, inputs=(f"{station}:level",)),
    )


def repeated(rules: Rules, times: int) -> Rules:
    """The rules of so many times as many datastreams, without derived ones: compiling a million takes too long."""
    size = rules.shape[0]
    names = rules.levels.names * times
    many = _repeated(replace(rules, levels=replace(rules.levels, names=())), size, times)
    number = np.arange(size * times, dtype=np.int32)
    return replace(
        many, levels=replace(many.levels, names=names), trend=replace(many.trend, slot=number, number=number)
    )


def _repeated(part: R, size: int, times: int) -> R:
    changed: dict[str, Any] = {}
    for field in fields(part):  # type: ignore[arg-type]
        value = getattr(part, field.name)
        if not field.init:
            continue
        if isinstance(value, np.ndarray) and value.shape[:1] == (size,):
            changed[field.name] = np.tile(value, (times, *[1] * (value.ndim - 1)))
        elif is_dataclass(value):
            changed[field.name] = _repeated(value, size, times)
    return replace(part, **changed)  # type: ignore[type-var]


class GaugeTraffic:
    """What gauges send, in order of arrival: each every 10 s; one of them so often that it has a share of every batch.

    A calm river reaches no level.  In a storm 30 % of the gauges rise by 3.2 m in an hour and a half, and fall again.
    """

    def __init__(self, size: int, share_of_one: float, *, storm: bool) -> None:
        rng = np.random.default_rng(1)
        self._rng, self._size = rng, size
        self._of_one = round(BATCH * share_of_one)
        self._others = rng.permutation(size).astype(np.int32)
        if self._of_one:
            self._others = self._others[self._others != 0]
        is_stormy = rng.random(size) < (STORMY if storm else 0.0)
        is_stormy[0] = storm
        self._middle = np.where(is_stormy, 250.0, 50.0)
        self._swing = np.where(is_stormy, 160.0, 20.0)
        self._phase = rng.random(size) * 2 * np.pi
        self._sent = 0

    def next_batch(self) -> Batch:
        """The next 20,000 observations."""
        ordinal = self._sent + np.arange(BATCH - self._of_one)
        self._sent += len(ordinal)
        datastream = self._others[ordinal % len(self._others)]
        time_us = BEGIN_US + SECOND_US + ordinal * SPACING_US // len(self._others)
        if self._of_one:
            more_us = np.linspace(time_us[0], time_us[-1], self._of_one, endpoint=False).astype(np.int64)
            datastream = np.concatenate([datastream, np.zeros(self._of_one, np.int32)])
            time_us = np.concatenate([time_us, more_us])
            order = np.argsort(time_us, kind="stable")
            datastream, time_us = datastream[order], time_us[order]
        return Batch(
            datastream=datastream,
            time_us=time_us,
            value=self._values(datastream, time_us),
            receive_us=time_us + SECOND_US // 5,
            device_us=time_us,
            origin=np.zeros(BATCH, np.uint8),
            quality=np.ones(BATCH, np.uint8),
            reasons=np.zeros(BATCH, np.uint16),
        )

    def _values(self, datastream: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.float64]:
        """In millimetres with some noise; the one that sends often does so finely, or every step were too steep."""
        angle = (time_us - BEGIN_US) * (2 * np.pi / SWING_US) + self._phase[datastream]
        level = self._middle[datastream] + self._swing[datastream] * np.sin(angle)
        coarse: NDArray[np.float64] = np.round(level + self._rng.normal(0.0, 0.2, len(level)), 1)
        return np.where(datastream == 0, level, coarse) if self._of_one else coarse
