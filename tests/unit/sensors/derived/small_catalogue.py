"""A catalogue of every method, and observations of it, for tests of derived datastreams."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.catalogue import Catalogue, City, Curve, Datastream, Derivation, MapView, Text
from sensors.rows import Rows, rows_of
from sensors.segments import stable_order
from sensors.times import NEVER
from tests.oracle.derived_loop import Observation

CURVE = Curve(name="rating", x=(100.0, 150.0, 300.0), y=(2.0, 9.5, 80.25))
OBSERVED = (
    ("level", "river_level", "cm", 60.0),
    ("opening", "gate", "m", 60.0),
    ("rain_rate", "rain", "mm/h", 60.0),
    ("pm25", "air", "ug/m3", 300.0),
    ("pm10", "air", "ug/m3", 300.0),
    ("flow", "traffic", "veh/h", 60.0),
    ("speed", "traffic", "km/h", 60.0),
    ("tips", "rain", "mm", 60.0),
)


def catalogue(observed: Sequence[Datastream], derived: Sequence[Datastream], *curves: Curve) -> Catalogue:
    """These datastreams, numbered in this order."""
    city = City(
        code="kota", name=Text("K", "C"), time_zone="UTC", zone_label="UTC", map=MapView(lon=0.0, lat=0.0, zoom=9.0)
    )
    every = {(d.station, d.property, d.unit): place for place, d in enumerate((*observed, *derived))}
    whole = Catalogue(city=city, stations=(), datastreams=(*observed, *derived), curves=curves)
    return whole.numbered(every)


def datastream(name: str, kind: str, unit: str, interval_s: float, **more: object) -> Datastream:
    values = {"station": "S", "property": name, "kind": kind, "unit": unit, "interval_calm_s": interval_s} | more
    return Datastream(**values)  # type: ignore[arg-type]


def derived(name: str, unit: str, method: str, *inputs: str, kind: str = "derived", **more: object) -> Datastream:
    values = {"method": method, "inputs": tuple(f"S:{one}" for one in inputs)} | more
    return datastream(name, kind, unit, 60.0, derivation=Derivation(**values))  # type: ignore[arg-type]


def every_method() -> Catalogue:
    """Eight observed datastreams, and derived ones of all methods, three deep."""
    return catalogue(
        [datastream(*row) for row in OBSERVED],
        [
            derived("level-rate", "cm/h", "rate", "level"),
            derived("level-rate-low", "cm/h", "rate", "level", bound="low"),
            derived("level-eta", "min", "eta", "level", bound="low"),
            derived("level-eta-late", "min", "eta", "level", bound="high"),
            derived("discharge", "m3/s", "curve", "level", kind="discharge", curve="rating"),
            derived("discharge-rate", "m3/s/h", "rate", "discharge"),
            derived("under-gate", "m3/s", "gate", "level", "opening", weights=(2.5,), constant=0.61),
            derived("both", "m3/s", "linear", "discharge", "under-gate", constant=-0.5, weights=(1.0, 0.3)),
            derived("rain-10m", "mm", "accumulation", "rain_rate", window_s=600.0),
            derived("tips-1h", "mm", "accumulation", "tips", window_s=3600.0, completeness=0.5),
            derived("pm25-1h", "ug/m3", "mean", "pm25", window_s=3600.0),
            derived("pm10-1h", "ug/m3", "mean", "pm10", window_s=3600.0, completeness=0.3),
            derived("ispu-pm25", "1", "ispu", "pm25-1h"),
            derived("ispu-pm10", "1", "ispu", "pm10-1h"),
            derived("ispu", "1", "ispu_max", "ispu-pm25", "ispu-pm10"),
            derived("ispu-dominant", "1", "dominant", "ispu-pm25", "ispu-pm10"),
            derived("vc", "1", "linear", "flow", weights=(0.0005,)),
            derived("los", "1", "los", "vc", "speed", "level", constant=250.0),
            derived("speed-ratio", "%", "speed_ratio", "speed", window_s=1800.0, completeness=0.4),
            derived("speed-mean", "km/h", "mean", "speed", window_s=300.0),
        ],
        CURVE,
    )


def limits(whole: Catalogue, levels: dict[int, list[float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rising levels by datastream, and a falling one at 400 of each, as the detector has them."""
    size = len(whole.datastreams)
    limit, sign = np.full((size, 4), np.nan), np.ones((size, 4))
    limit[:, 0], sign[:, 0] = -400.0, -1.0
    for number, rising in levels.items():
        limit[number, 1 : 1 + len(rising)] = rising
    return limit, sign


def rows(observations: Sequence[Observation]) -> Rows:
    """Observations in order of arrival, as the stages get them."""

    columns = zip(*observations, strict=True) if observations else [()] * len(Observation._fields)
    told = dict(zip(Observation._fields, columns, strict=True))
    batch = Batch(
        datastream=np.array(told["datastream"], np.int32),
        time_us=np.array(told["time_us"], np.int64),
        value=np.array(told["value"], np.float64),
        receive_us=np.array(told["receive_us"], np.int64),
        device_us=np.full(len(observations), NEVER, np.int64),
        origin=np.array(told["origin"], np.uint8),
        quality=np.array(told["quality"], np.uint8),
        reasons=np.array(told["reasons"], np.uint16),
    )
    order = stable_order(batch.datastream)
    return rows_of(batch.take(order), np.array(told["arrival"], np.intp)[order])


def observations(batch: Batch, arrival: NDArray[np.intp]) -> list[Observation]:
    """Derived observations, by arrival and datastream."""
    columns = (
        batch.datastream,
        batch.time_us,
        batch.value,
        batch.receive_us,
        batch.quality,
        batch.reasons,
        batch.origin,
    )
    found = [Observation(*row) for row in zip(arrival.tolist(), *(c.tolist() for c in columns), strict=True)]
    return sorted(found, key=lambda one: (one.arrival, one.datastream))
