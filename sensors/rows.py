"""What the stages of the detector hand to each other: observations that move the live state, grouped by datastream."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.segments import Segments, segments


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """n observations with a value, sorted by datastream, within it in order of arrival; each newer than the one before.

    batch    the observations
    groups   the datastreams
    arrival  (n,) intp, ascending within a datastream: their order of arrival among each other
    """

    batch: Batch
    groups: Segments
    arrival: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.batch)

    def with_batch(self, batch: Batch) -> "Rows":
        """The same rows with other columns; datastreams and order stay."""
        return replace(self, batch=batch)

    def take(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> "Rows":
        """The rows that `index` picks: marks of shape (n,), or places, ascending."""
        return rows_of(self.batch.take(index), self.arrival[index])


def rows_of(batch: Batch, arrival: NDArray[np.intp]) -> Rows:
    """Rows of a batch that is sorted by datastream already."""
    return Rows(batch, segments(batch.datastream), arrival)
