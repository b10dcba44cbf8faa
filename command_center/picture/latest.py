"""The newest observation of every datastream, by phenomenon time, as columns that datastream numbers index."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.phenomenon_time import FUTURE_LIMIT_US
from sensors.batch import Batch
from sensors.times import NEVER

_MORE: Final = 256
_COLUMNS: Final = ("time_us", "value", "quality", "origin", "reasons")


class Latest:
    """Columns of shape (capacity,); `time_us` is `NEVER` where nothing was heard.

    Of equal times the first stored wins (the lowest seq).  A time further ahead of the last receipt than any that was
    believed then is of a clock of ours that ran ahead and was set back: it is not the newest any more.
    """

    def __init__(self) -> None:
        self.time_us = np.empty(0, np.int64)
        self.value = np.empty(0, np.float64)
        self.quality = np.empty(0, np.uint8)
        self.origin = np.empty(0, np.uint8)
        self.reasons = np.empty(0, np.uint16)
        self._seq = np.empty(0, np.int64)
        self._heard_us = np.empty(0, np.int64)  # receive time of the last one stored (the highest seq), and its seq
        self._heard_seq = np.empty(0, np.int64)

    def add(self, batch: Batch, seq: NDArray[np.int64]) -> NDArray[np.int32]:
        """Take observations in any order; the numbers of the datastreams whose newest one changed, ascending."""
        if not len(batch):
            return np.empty(0, np.int32)
        self._reach(int(batch.datastream.max()))
        self._hear(batch, seq)
        believed = batch.time_us <= self._latest_us(batch.datastream)
        if not believed.all():
            batch, seq = batch.take(believed), seq[believed]
        place = np.arange(len(batch))
        order = np.lexsort((-place, -seq, batch.time_us, batch.datastream))
        last = np.flatnonzero(np.diff(batch.datastream[order], append=-1))
        winner = order[last]
        number, time_us = batch.datastream[winner], batch.time_us[winner]
        newer = (time_us > self.time_us[number]) | (self.time_us[number] > self._latest_us(number))
        newer |= (time_us == self.time_us[number]) & (seq[winner] < self._seq[number])
        number, winner = number[newer], winner[newer]
        for name in _COLUMNS:
            getattr(self, name)[number] = getattr(batch, name)[winner]
        self._seq[number] = seq[winner]
        return number

    def heard(self, number: int) -> bool:
        """Whether anything is known of a datastream."""
        return number < len(self.time_us) and int(self.time_us[number]) != NEVER

    def _hear(self, batch: Batch, seq: NDArray[np.int64]) -> None:
        """Note when each datastream was last heard, by the order of the log."""
        by_seq = np.argsort(seq, kind="stable")
        numbers = batch.datastream[by_seq]
        last = np.zeros(len(self.time_us), np.intp)
        last[numbers] = by_seq  # of several the last stays
        later = seq[last[numbers]] >= self._heard_seq[numbers]
        numbers = numbers[later]
        self._heard_us[numbers], self._heard_seq[numbers] = batch.receive_us[last[numbers]], seq[last[numbers]]

    def _latest_us(self, number: NDArray[np.int32]) -> NDArray[np.int64]:
        """The latest time that can be believed of these datastreams."""
        latest_us: NDArray[np.int64] = self._heard_us[number] + FUTURE_LIMIT_US
        return latest_us

    def _reach(self, number: int) -> None:
        missing = number + 1 - len(self.time_us)
        if missing <= 0:
            return
        for name in (*_COLUMNS, "_seq", "_heard_us", "_heard_seq"):
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros(missing + _MORE, column.dtype)]))
        self.time_us[-missing - _MORE :] = NEVER
