"""Who computes from which datastream."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.rows import Rows

NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Consumers:
    """U uses of I inputs among D datastreams.

    of     (D,) int32      place of the datastream in `start`; −1 = nobody's input
    start  (I + 1,) int64  where the uses of each input begin
    place  (U,) int32      the derived datastream that uses it
    seat   (U,) int32      as which of its inputs, from 0
    """

    of: NDArray[np.int32]
    start: NDArray[np.int64]
    place: NDArray[np.int32]
    seat: NDArray[np.int32]

    def __bool__(self) -> bool:
        return bool(len(self.place))

    def rows(self, rows: Rows) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.int32]]:
        """(row, place, seat) of each use of these rows, in their order; shapes (m,)."""
        wanted = self.of[rows.groups.key]
        is_used = wanted != NOBODY
        if not is_used.any():
            empty = np.empty(0, np.int32)
            return np.empty(0, np.intp), empty, empty
        row = np.arange(len(rows)) if is_used.all() else np.flatnonzero(is_used[rows.groups.of])
        item, place, seat = self._spread(wanted[rows.groups.of[row]])
        return row[item], place, seat

    def some(self, datastream: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        """(index into `datastream`, place) of each use; shapes (m,)."""
        wanted = self.of[datastream]
        used = np.flatnonzero(wanted != NOBODY)
        item, place, _ = self._spread(wanted[used])
        return used[item], place

    def _spread(self, wanted: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.int32]]:
        """Each of `wanted` once for each of its uses."""
        first = self.start[wanted]
        uses = self.start[wanted + 1] - first
        item = np.repeat(np.arange(len(wanted)), uses)
        use = np.arange(len(item)) - np.repeat(np.cumsum(uses) - uses - first, uses)
        return item, self.place[use], self.seat[use]


def consumers(size: int, uses: Iterable[tuple[int, int, int]]) -> Consumers:
    """The consumers among `size` datastreams: (input's number, place, seat) of each use."""
    ordered = sorted(uses)
    inputs = sorted({number for number, _, _ in ordered})
    of = np.full(size, NOBODY, np.int32)
    of[inputs] = np.arange(len(inputs))
    counts = np.bincount(of[[number for number, _, _ in ordered]], minlength=len(inputs)) if ordered else np.zeros(0)
    start = np.append(0, np.cumsum(counts)).astype(np.int64)
    place = np.array([place for _, place, _ in ordered], np.int32)
    return Consumers(of, start, place, np.array([seat for _, _, seat in ordered], np.int32))
