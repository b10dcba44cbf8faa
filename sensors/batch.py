"""Observations as columns: what moves between the stages, never a list of objects."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sensors.errors import BatchError

_DTYPES: dict[str, type[np.generic]] = {
    "datastream": np.int32,
    "time_us": np.int64,
    "value": np.float64,
    "receive_us": np.int64,
    "device_us": np.int64,
    "origin": np.uint8,
    "quality": np.uint8,
    "reasons": np.uint16,
}


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Observations in order of arrival; every column has shape (n,).

    datastream  int32    the datastream's number in the catalogue
    time_us     int64    phenomenon time, the one used, microseconds UTC
    value       float64  unit of the datastream; NaN = missing
    receive_us  int64    when Siaga got it; strictly increasing per datastream
    device_us   int64    the time as sent; `NEVER` where none was sent
    origin      uint8    `Origin`
    quality     uint8    `Quality`
    reasons     uint16   `Reason` bits

    Raises BatchError when lengths or dtypes disagree.
    """

    datastream: NDArray[np.int32]
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    receive_us: NDArray[np.int64]
    device_us: NDArray[np.int64]
    origin: NDArray[np.uint8]
    quality: NDArray[np.uint8]
    reasons: NDArray[np.uint16]

    def __post_init__(self) -> None:
        for name, dtype in _DTYPES.items():
            column = getattr(self, name)
            if column.dtype != dtype or column.shape != (len(self.datastream),):
                raise BatchError(
                    f"column {name}: expected {np.dtype(dtype)} of shape ({len(self.datastream)},), "
                    f"got {column.dtype} of shape {column.shape}"
                )

    def __len__(self) -> int:
        return len(self.datastream)

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """The columns by name, in declaration order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Batch":
        """The observations that `index` picks, in that order."""
        return Batch(**{name: column[index] for name, column in self.columns().items()})  # type: ignore[arg-type]


COLUMN_DTYPES: dict[str, np.dtype[np.generic]] = {name: np.dtype(dtype) for name, dtype in _DTYPES.items()}


def empty_batch() -> Batch:
    """A batch of no observations (a tick whose timers fired)."""
    return Batch(**{name: np.empty(0, dtype) for name, dtype in COLUMN_DTYPES.items()})


def concatenate(batches: Sequence[Batch]) -> Batch:
    """One batch of several, in order; of none, an empty one."""
    if len(batches) == 1:
        return batches[0]
    if not batches:
        return empty_batch()
    return Batch(**{name: np.concatenate([getattr(b, name) for b in batches]) for name in COLUMN_DTYPES})
