"""The reaches as the detector reads them: which raise upstream is expected where, and when."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import Catalogue, Reach
from sensors.times import MINUTE_US

RIVER_KINDS: Final = frozenset({"river_level", "discharge"})


@dataclass(frozen=True, slots=True, eq=False)
class WaveRules:
    """E reaches between datastreams that have levels, by (upstream, downstream).

    upstream, downstream (E,) int32  numbers of datastreams
    low_us, high_us      (E,) int64  earliest and latest travel time
    severity             of a raise upstream that opens the window
    """

    upstream: NDArray[np.int32]
    downstream: NDArray[np.int32]
    low_us: NDArray[np.int64]
    high_us: NDArray[np.int64]
    severity: int


def wave_rules(catalogue: Catalogue, levelled: Collection[int]) -> WaveRules:
    """The reaches of a numbered catalogue whose two stations have a river datastream with levels each.

    `levelled`: the datastreams that have levels in force; of several at a station the first in the catalogue counts.
    """
    gauge: dict[str, int] = {}
    for number, datastream in catalogue.datastream_by_number.items():
        if datastream.kind in RIVER_KINDS and number in levelled:
            gauge.setdefault(datastream.station, number)
    joined = [
        (gauge[reach.upstream], gauge[reach.downstream], reach)
        for reach in catalogue.reaches
        if reach.upstream in gauge and reach.downstream in gauge
    ]
    joined.sort(key=lambda item: item[:2])
    times = [_travel_us(reach) for _, _, reach in joined]
    return WaveRules(
        upstream=np.array([upstream for upstream, _, _ in joined], np.int32),
        downstream=np.array([downstream for _, downstream, _ in joined], np.int32),
        low_us=np.array([low for low, _ in times], np.int64),
        high_us=np.array([high for _, high in times], np.int64),
        severity=catalogue.city.detector.wave_severity,
    )


def _travel_us(reach: Reach) -> tuple[int, int]:
    low = reach.travel_min / 2 if reach.travel_min_low is None else reach.travel_min_low
    high = reach.travel_min * 1.5 if reach.travel_min_high is None else reach.travel_min_high
    return round(low * MINUTE_US), round(high * MINUTE_US)
