"""Rate and projection of each series as derived datastreams, so that the detector itself computes them."""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from gateway.evaluation.trend import Trend
from sensors import units
from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream, Derivation
from sensors.trend.rules import trend_window_s

_WANTED: Final[
    tuple[tuple[str, Literal["low", "middle", "high"]], ...]
] = (  # method, bound; "low" is the least figure: the slowest rate, the earliest time
    ("rate", "low"),
    ("rate", "middle"),
    ("eta", "low"),
    ("eta", "middle"),
    ("eta", "high"),
)


def projections_of(datastreams: Sequence[Datastream], others: Sequence[Datastream]) -> list[Datastream]:
    """Of each datastream that has a trend and a rising level to project to, numbered after them and the others."""
    taken = {d.id for d in (*datastreams, *others)}
    found: list[Datastream] = []
    for source in filter(_is_projected, datastreams):
        for method, bound in _WANTED:
            name = f"{source.property}-{method}-{bound}"
            while f"{source.station}:{name}" in taken:
                name += "-"
            taken.add(f"{source.station}:{name}")
            unit = "min" if method == "eta" else units.PER_HOUR.get(source.unit, f"{source.unit}/h")
            found.append(
                Datastream(
                    number=len(datastreams) + len(others) + len(found),
                    station=source.station,
                    property=name,
                    kind=method,
                    unit=unit,
                    interval_calm_s=source.interval_calm_s,
                    derivation=Derivation(method=method, inputs=(source.id,), bound=bound),
                )
            )
    return found


def _is_projected(source: Datastream) -> bool:
    return trend_window_s(source) is not None and any(level.direction == "rising" for level in source.levels)


def trend_of(source: Datastream, catalogue: Catalogue, judged: Batch) -> Trend:
    """Rates and projections of a series, from what was derived of it in a batch as judged; empty where it has none."""
    if not _is_projected(source):
        nothing = np.empty(0)
        return Trend(np.empty(0, np.int64), nothing, nothing, nothing, nothing, nothing, nothing)
    parts = {  # the city may derive the same of it: method, bound and input say all
        (d.derivation.method, d.derivation.bound): judged.take(judged.datastream == d.number)
        for d in catalogue.datastreams
        if d.derivation is not None and d.derivation.inputs == (source.id,)
    }
    rate_low, rate, earliest, middle, latest = (parts[wanted] for wanted in _WANTED)
    seen = judged.take((judged.datastream == source.number) & ~np.isnan(judged.value))
    value = seen.value[np.searchsorted(seen.time_us, rate.time_us)]  # of equal times the first is the one that counts
    return Trend(rate.time_us, value, rate_low.value, rate.value, earliest.value, middle.value, latest.value)
