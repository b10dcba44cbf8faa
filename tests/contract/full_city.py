"""A small city in which every detector has something to do: limits of every kind, every way to derive."""

import msgspec
import numpy as np

from sensors.batch import Batch
from sensors.catalogue import Catalogue, Curve, Datastream, Derivation, Level, Reach
from sensors.times import MINUTE_US, NEVER, SECOND_US
from tests.oracle.cities import START_US, with_datastreams

LEVELS = (
    Level(level="waspada", rank=1, severity=2, direction="rising", value=40.0, hysteresis=2.0, off_delay_s=30.0),
    Level(level="siaga", rank=2, severity=3, direction="rising", value=60.0, hysteresis=2.0, on_delay_s=20.0),
    Level(level="kering", rank=3, severity=1, direction="falling", value=5.0, hysteresis=1.0),
)


def _observed(station: str, name: str, kind: str, unit: str, **more: object) -> Datastream:
    columns = {"station": station, "property": name, "kind": kind, "unit": unit, "interval_calm_s": 20.0, **more}
    return msgspec.convert(columns, Datastream)


def _river(station: str, *, neighbour: str = "") -> Datastream:
    limits = {"neighbour": neighbour, "neighbour_suspect": 5.0, "neighbour_fail": 20.0} if neighbour else {}
    return _observed(
        station,
        "level",
        "river_level",
        "cm",
        valid_min=0.0,
        valid_max=90.0,
        rise_limit_per_h=20_000.0,
        spike_suspect=10.0,
        spike_fail=40.0,
        flat_suspect_s=60.0,
        flat_fail_s=200.0,
        trend_window_s=160.0,
        interval_storm_s=10.0,
        levels=LEVELS,
        **limits,
    )


def _derived(name: str, unit: str, method: str, inputs: tuple[str, ...], **more: object) -> Datastream:
    derivation = msgspec.convert({"method": method, "inputs": inputs, **more}, Derivation)
    stream = _observed("HULU", name, "derived", unit, trend_window_s=160.0)
    return msgspec.structs.replace(stream, derivation=derivation, levels=LEVELS[:1])


OBSERVED = (
    _river("HULU", neighbour="HILIR:level"),
    _river("HILIR"),
    _observed("HULU", "bukaan", "opening", "cm"),
    _observed("HULU", "hujan", "rain", "mm/h"),
    _observed("HULU", "interval", "interval", "s"),
    _observed("KOTA", "pm25", "air", "ug/m3"),
    _observed("KOTA", "pm10", "air", "ug/m3"),
    _observed("KOTA", "padat", "traffic", "1"),
    _observed("KOTA", "laju", "traffic", "km/h"),
)
DERIVED = (
    _derived("naik", "cm/h", "rate", ("HULU:level",), bound="high"),
    _derived("sampai", "min", "eta", ("HULU:level",)),
    _derived("debit", "m3/s", "curve", ("HULU:level",), curve="lengkung"),
    _derived("pintu", "m3/s", "gate", ("HULU:level", "HULU:bukaan"), weights=(2.0,), constant=0.6),
    _derived("selisih", "cm", "linear", ("HULU:level", "HILIR:level"), weights=(1.0, -1.0), constant=1.0),
    _derived("rerata", "cm", "mean", ("HULU:level",), window_s=240.0),
    _derived("tebal", "mm", "accumulation", ("HULU:hujan",), window_s=600.0),
    _derived("rasio", "%", "speed_ratio", ("KOTA:laju",), window_s=240.0),
    _derived("ispu25", "1", "ispu", ("KOTA:pm25",), curve="pm25"),
    _derived("ispu10", "1", "ispu", ("KOTA:pm10",), curve="pm10"),
    _derived("ispu", "1", "ispu_max", ("HULU:ispu25", "HULU:ispu10")),
    _derived("kritis", "1", "dominant", ("HULU:ispu25", "HULU:ispu10")),
    _derived("los", "1", "los", ("KOTA:padat", "KOTA:laju"), weights=(0.2, 0.45, 0.75, 0.85, 1.0)),
    _derived("siaga", "1", "holding", ("HULU:level", "HILIR:level"), severity=2),
)


def full_city() -> Catalogue:
    """The city, numbered."""
    streams = [msgspec.structs.replace(d, number=n) for n, d in enumerate((*OBSERVED, *DERIVED))]
    reach = Reach(upstream="HULU", downstream="HILIR", travel_min=1.0)
    city = with_datastreams(streams, intervals=2.0, reaches=[reach])
    return msgspec.structs.replace(city, curves=(Curve(name="lengkung", x=(0.0, 50.0, 100.0), y=(0.0, 5.0, 80.0)),))


def without_station(city: Catalogue, station: str) -> Catalogue:
    """The same without what stands at a station, and without what is computed from that."""
    gone = {d.id for d in city.datastreams if d.station == station}
    kept = []
    for d in city.datastreams:  # what is computed stands behind what it is computed from
        if d.id in gone or (d.derivation is not None and gone & set(d.derivation.inputs)):
            gone.add(d.id)
        else:
            kept.append(d)
    return msgspec.structs.replace(city, datastreams=tuple(kept))


def readings(rng: np.random.Generator, size: int, after_us: int, *, rough: bool = True) -> Batch:
    """What its devices send: waves, some late, some twice; `rough`: a jump now and then, and some missing."""
    number = rng.integers(0, len(OBSERVED), size).astype(np.int32)
    receive_us = after_us + np.cumsum(rng.integers(1, 3 * SECOND_US, size))
    lag_us = rng.choice(np.array([0, SECOND_US, 40 * SECOND_US, 20 * MINUTE_US]), size, p=[0.7, 0.1, 0.1, 0.1])
    time_us = (receive_us - lag_us) // SECOND_US * SECOND_US
    wave = 45 + 40 * np.sin((time_us - START_US) / (5 * MINUTE_US) + number)
    value = np.where(
        rng.random(size) < 0.05 * rough, rng.choice(np.array([np.nan, -9999.0, 95.0, 50.0]), size), np.round(wave)
    )
    return Batch(
        datastream=number,
        time_us=time_us,
        value=value,
        receive_us=receive_us,
        device_us=np.full(size, NEVER, np.int64),
        origin=np.zeros(size, np.uint8),
        quality=np.where(np.isnan(value), 9, 2).astype(np.uint8),
        reasons=np.zeros(size, np.uint16),
    )
