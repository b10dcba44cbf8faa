"""Cities of datastreams with quality limits, and rows to judge, in few words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sensors.batch import Batch
from sensors.catalogue import Catalogue, City, Datastream, MapView, Silence, Station, Text
from sensors.quality import Quality, Reason
from sensors.quality_tests.stage import fresh_quality, judge_quality, quality_rules
from sensors.rows import Rows, rows_of
from sensors.segments import stable_order
from sensors.times import HOUR_US, SECOND_US

START_US = 1_760_000_000 * SECOND_US
NAN = float("nan")


def city_of(streams: Mapping[int, Mapping[str, Any]], *, intervals: float = 3.0) -> Catalogue:
    """A numbered catalogue: datastream `S{number}:level` for each number with these columns; an hour's interval."""
    made = [
        Datastream(
            number=number,
            station=f"S{number}",
            **{"property": "level", "kind": "river_level", "unit": "cm", "interval_calm_s": 3600.0, **columns},
        )
        for number, columns in streams.items()
    ]
    stations = [
        Station(station=d.station, name=d.station, kind="river", lat=-7.5, lon=112.4, area="1", agency="PU")
        for d in made
    ]
    city = City(
        code="kota",
        name=Text("Kota", "City"),
        time_zone="Asia/Jakarta",
        zone_label="WIB",
        map=MapView(lon=112.4, lat=-7.5, zoom=11),
        silence=Silence(intervals=intervals),
    )
    return Catalogue(city=city, stations=tuple(stations), datastreams=tuple(made))


def batch_of(
    number: Sequence[int], time_us: Sequence[int], value: Sequence[float], quality: Sequence[int] | int = Quality.PASS
) -> Batch:
    """Live observations in order of arrival."""
    n = len(number)
    times = np.array(time_us, np.int64)
    return Batch(
        datastream=np.array(number, np.int32),
        time_us=times,
        value=np.array(value, np.float64),
        receive_us=times,
        device_us=times,
        origin=np.zeros(n, np.uint8),
        quality=np.full(n, quality, np.uint8) if isinstance(quality, int) else np.array(quality, np.uint8),
        reasons=np.zeros(n, np.uint16),
    )


def as_rows(batch: Batch) -> Rows:
    """A batch in order of arrival as the stages get it."""
    order = stable_order(batch.datastream)
    return rows_of(batch.take(order), order)


def judged(
    columns: Mapping[str, Any],
    values: Sequence[float],
    *,
    hours: Sequence[float] | None = None,
    quality: Sequence[int] | int = Quality.PASS,
) -> list[tuple[int, list[str]]]:
    """(flag, reasons in words) of one datastream's values, an hour apart or at `hours`."""
    at = range(len(values)) if hours is None else hours
    batch = batch_of([0] * len(values), [START_US + round(hour * HOUR_US) for hour in at], values, quality)
    rules = quality_rules(city_of({0: columns}))
    _, after = judge_quality(fresh_quality(rules), rules, as_rows(batch))
    assert after.value.tobytes() == batch.value.tobytes()  # quality never changes a value
    return [(int(flag), Reason(int(bits)).words) for flag, bits in zip(after.quality, after.reasons, strict=True)]


def flags(*args: Any, **kwargs: Any) -> list[int]:
    """The flags of `judged` alone."""
    return [flag for flag, _ in judged(*args, **kwargs)]


def told(reason: Reason, *args: Any, **kwargs: Any) -> list[int]:
    """Where `judged` gives a reason."""
    return [place for place, (_, words) in enumerate(judged(*args, **kwargs)) if reason.words[0] in words]
