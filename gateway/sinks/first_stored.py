"""Which observations are the first of their (datastream, time): the log may hold one twice, and a point that is written
again overwrites.

An observation that is newer than every one of its datastream is a first.  For the others the newest `bound`
observations are remembered; what repeats one that lies further back is taken for a first, and where its value differs
it overwrites the point.
"""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch

NARROW: Final = 65_536
CHUNK: Final = 65_536  # observations that are forgotten together
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Knuth, TAOCP 3, 6.4


class FirstStored:
    """Remembers the newest observations, at most `bound` and a chunk."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._newest = np.empty(0, np.int64)  # time of each datastream's newest, by number
        self._chunks: deque[_Chunk] = deque()
        self.remembered = 0

    def take(self, batch: Batch) -> NDArray[np.bool_]:
        """Which observations, shape (n,), are first; from now on they are remembered."""
        if not len(batch):
            return np.empty(0, np.bool_)
        self._grow(int(batch.datastream.max()) + 1)
        narrow = len(self._newest) <= NARROW  # 16 bits are sorted several times faster
        order = np.argsort(batch.datastream.astype(np.uint16) if narrow else batch.datastream, kind="stable")
        number, time_us = batch.datastream[order], batch.time_us[order]
        is_start = np.r_[True, number[1:] != number[:-1]]
        before = np.r_[0, time_us[:-1]]
        before[is_start] = self._newest[number[is_start]]
        is_first = np.ones(len(batch), np.bool_)
        if not (time_us > before).all():
            is_first[order] = self._firsts(number, time_us)
        np.maximum.at(self._newest, number, time_us)
        self._remember(batch.take(is_first))
        return is_first

    def _firsts(self, number: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Firsts among rows sorted by datastream, in order of arrival within each; some are not in order of time."""
        by_time = np.lexsort((time_us, number))  # stable: of equal ones the one that came first is the first
        same = (np.diff(number[by_time]) == 0) & (np.diff(time_us[by_time]) == 0)
        is_first = np.ones(len(number), np.bool_)
        is_first[by_time[1:][same]] = False
        newest = self._newest[number]
        is_first[time_us == newest] = False
        doubtful = np.flatnonzero(is_first & (time_us < newest))
        if len(doubtful):
            for chunk in self._chunks:
                is_first[doubtful] &= ~chunk.holds(number[doubtful], time_us[doubtful])
        return is_first

    def _remember(self, batch: Batch) -> None:
        if self._bound and len(batch):
            if not self._chunks or len(self._chunks[-1]) >= CHUNK:
                self._chunks.append(_Chunk())
            self._chunks[-1].add(batch.datastream, batch.time_us)
            self.remembered += len(batch)
        while self._chunks and self.remembered - len(self._chunks[0]) >= self._bound:
            self.remembered -= len(self._chunks.popleft())

    def _grow(self, size: int) -> None:
        missing = size - len(self._newest)
        if missing > 0:
            more = np.full(missing + len(self._newest), np.iinfo(np.int64).min)
            self._newest = np.concatenate([self._newest, more])


class _Chunk:
    """Observations remembered together; sorted when one is looked up, and not before: repeats are rare."""

    def __init__(self) -> None:
        self._numbers: list[NDArray[np.int32]] = []
        self._times: list[NDArray[np.int64]] = []
        self._sorted: tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int64]] | None = None
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, number: NDArray[np.int32], time_us: NDArray[np.int64]) -> None:
        """Remember observations."""
        self._numbers.append(number)
        self._times.append(time_us)
        self._size += len(number)
        self._sorted = None

    def holds(self, number: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these are here."""
        if self._sorted is None:
            numbers, times = np.concatenate(self._numbers), np.concatenate(self._times)
            hashes = _hashed(numbers, times)
            order = np.argsort(hashes)
            self._sorted = hashes[order], numbers[order], times[order]
            self._numbers, self._times = [numbers], [times]
        hashes, numbers, times = self._sorted
        place = np.minimum(np.searchsorted(hashes, _hashed(number, time_us)), len(hashes) - 1)
        return (numbers[place] == number) & (times[place] == time_us)  # type: ignore[no-any-return]  # numpy's stub


def _hashed(number: NDArray[np.int32], time_us: NDArray[np.int64]) -> NDArray[np.uint64]:
    """64 bits of a (datastream, time); where two share them, one of them is taken for a first, which harms nothing."""
    return (number.astype(np.uint64) * _MIX) ^ (time_us.view(np.uint64) * (_MIX | np.uint64(2)))
