"""The windows of a catalogue's derivations: means, sums, and speeds against the time before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors import units
from sensors.catalogue import Datastream, Derivation
from sensors.derived.methods import WINDOW_METHODS
from sensors.derived.speed_ratio import KEEPS
from sensors.times import SECOND_US

MEAN_PARTS: Final = 24  # of a window that is averaged: the hours of a day
SUM_PARTS: Final = 60  # of one that is summed
MEAN, ACCUMULATION, SPEED_RATIO = range(len(WINDOW_METHODS))


@dataclass(frozen=True, slots=True, eq=False)
class WindowRules:
    """V windows.

    method       (V,) uint8    place in `WINDOW_METHODS`
    part_us      (V,) int64    width of a part, microseconds, counted from the epoch
    span         (V,) int64    parts that are looked at, the newest among them
    width        int           the largest span
    interval_us  (V,) int64    at which the input is expected
    least        (V,) float64  parts (of a sum: microseconds) that observations must account for
    factor       (V,) float64  the result's unit in one of the input's
    is_rate      (V,) bool     the input is a rate an hour, which is summed
    keeps        (V,) float64  of a share of the usual: how much of its highest of late the usual keeps
    """

    method: NDArray[np.uint8]
    part_us: NDArray[np.int64]
    span: NDArray[np.int64]
    width: int
    interval_us: NDArray[np.int64]
    least: NDArray[np.float64]
    factor: NDArray[np.float64]
    is_rate: NDArray[np.bool_]
    keeps: NDArray[np.float64]


def window_rules(windows: Sequence[tuple[Datastream, Derivation, Datastream]]) -> WindowRules:
    """The rules of these derivations: (derived datastream, derivation, its input).

    A window has as many parts as the input has intervals in it, at most 24, of a sum 60: a part is no shorter than an
    interval, or it would be empty by rights.
    """
    method = [WINDOW_METHODS.index(derivation.method) for _, derivation, _ in windows]
    interval_us = [max(1, round(source.interval_calm_s * SECOND_US)) for _, _, source in windows]
    window_us = [round((derivation.window_s or 0.0) * SECOND_US) for _, derivation, _ in windows]
    parts = [
        min(SUM_PARTS if code == ACCUMULATION else MEAN_PARTS, max(1, window // interval))
        for code, window, interval in zip(method, window_us, interval_us, strict=True)
    ]
    part_us = [max(1, window // count) for window, count in zip(window_us, parts, strict=True)]
    span = [count + (code == SPEED_RATIO) for code, count in zip(method, parts, strict=True)]
    whole = [
        part * count if code == ACCUMULATION else count
        for code, part, count in zip(method, part_us, parts, strict=True)
    ]
    summed = [accumulated_unit(source.unit, datastream.unit) or (1.0, False) for datastream, _, source in windows]
    return WindowRules(
        method=np.array(method, np.uint8),
        part_us=np.array(part_us, np.int64),
        span=np.array(span, np.int64),
        width=max(span, default=1),
        interval_us=np.array(interval_us, np.int64),
        least=np.array(
            [d.completeness * all_of_it for (_, d, _), all_of_it in zip(windows, whole, strict=True)], np.float64
        ),
        factor=np.array([factor for factor, _ in summed], np.float64),
        is_rate=np.array([is_rate for _, is_rate in summed], np.bool_),
        keeps=np.array([KEEPS if d.constant == 0 else d.constant for _, d, _ in windows], np.float64),
    )


def accumulated_unit(sent: str, wanted: str) -> tuple[float, bool] | None:
    """What `sent` summed over a window is in `wanted`: (factor, whether it is a rate an hour); None where it cannot be.

    >>> accumulated_unit("mm/h", "mm"), accumulated_unit("cm", "mm"), accumulated_unit("mm/h", "mm/h")
    ((1.0, True), (10.0, False), None)
    """
    whole = {rate: unit for unit, rate in units.PER_HOUR.items()}.get(sent)
    to = units.conversion(whole or sent, wanted)
    return None if to is None else (to.factor, whole is not None)
