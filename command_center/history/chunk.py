"""Rows of the log as columns of the history: one per (series, time), the first stored wins."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from command_center.picture.history import columns_of
from gateway.log.rows import LogRow
from sensors.batch import Batch
from sensors.times import NEVER


class Chunk(NamedTuple):
    """Observations ready to be written: columns by name, sorted by series and time, each of shape (n,).

    `value` NaN and `device_us` None where there is none; `repeats` were left out, of which `conflicts` had another
    value.
    """

    columns: dict[str, NDArray[Any]]
    repeats: int
    conflicts: int

    def __len__(self) -> int:
        return len(self.columns["time_us"])

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> "Chunk":
        """The observations that `index` picks; counts stay behind."""
        return Chunk({name: column[index] for name, column in self.columns.items()}, 0, 0)


def chunk_of(rows: Sequence[LogRow], series_by_number: NDArray[np.int32], generation: int) -> Chunk:
    """The observations of log rows, in their order.  `series_by_number`: -1 is not allowed to be looked up."""
    batch, seq = columns_of((row.seq, row.batch) for row in rows)
    series = series_by_number[batch.datastream]
    order = np.lexsort((batch.time_us, series))  # stable: of equal ones the first stored stays first
    is_first = _is_first(series[order], batch.time_us[order])
    kept = order[is_first]
    return Chunk(
        _columns(batch, kept, series, seq, generation), len(order) - len(kept), _conflicts(batch.value[order], is_first)
    )


def _is_first(series: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
    first = np.ones(len(series), np.bool_)
    first[1:] = (series[1:] != series[:-1]) | (time_us[1:] != time_us[:-1])
    return first


def _conflicts(value: NDArray[np.float64], is_first: NDArray[np.bool_]) -> int:
    """How many repeats say something else than the first of their time; both missing is the same."""
    if not len(value):
        return 0
    winner = value[np.flatnonzero(is_first)[np.cumsum(is_first) - 1]]
    return int(((value != winner) & ~(np.isnan(value) & np.isnan(winner))).sum())


def _columns(
    batch: Batch, kept: NDArray[np.intp], series: NDArray[np.int32], seq: NDArray[np.int64], generation: int
) -> dict[str, NDArray[Any]]:
    device_us = batch.device_us[kept]
    return {
        "series": series[kept],
        "time_us": batch.time_us[kept],
        "value": batch.value[kept],  # DuckDB takes NaN for NULL, which is what it means
        "quality": batch.quality[kept],
        "reasons": batch.reasons[kept],
        "origin": batch.origin[kept],
        "receive_us": batch.receive_us[kept],
        "device_us": np.ma.masked_equal(device_us, NEVER),
        "generation": np.full(len(kept), generation, np.int32),
        "seq": seq[kept],
    }
