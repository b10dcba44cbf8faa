"""The newest observation of every datastream, and its newest sound one, as columns that datastream numbers index.

Newest by phenomenon time.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.phenomenon_time import FUTURE_LIMIT_US
from sensors.batch import Batch
from sensors.quality import Quality
from sensors.times import NEVER

_MORE: Final = 256
_COLUMNS: Final = ("time_us", "value", "quality", "origin", "reasons")


class Newest:
    """The newest observation of each datastream: columns of shape (capacity,); `time_us` `NEVER`: there is none.

    Of equal times the first stored wins (the lowest seq).
    """

    def __init__(self) -> None:
        self.time_us = np.empty(0, np.int64)
        self.value = np.empty(0, np.float64)
        self.quality = np.empty(0, np.uint8)
        self.origin = np.empty(0, np.uint8)
        self.reasons = np.empty(0, np.uint16)
        self._seq = np.empty(0, np.int64)

    def heard(self, number: int) -> bool:
        """Whether anything is known of a datastream."""
        return number < len(self.time_us) and int(self.time_us[number]) != NEVER

    def are_heard(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """The same of several."""
        heard = np.zeros(len(numbers), np.bool_)
        known = numbers < len(self.time_us)
        heard[known] = self.time_us[numbers[known]] != NEVER
        return heard

    def put(self, batch: Batch, seq: NDArray[np.int64], latest_us: NDArray[np.int64]) -> NDArray[np.int32]:
        """Take observations in any order; the numbers of the datastreams whose newest one changed, ascending.

        `latest_us`, by number: a time that is kept from beyond it gives way to an earlier one.
        """
        self._reach(len(latest_us))
        place = np.arange(len(batch))
        order = np.lexsort((-place, -seq, batch.time_us, batch.datastream))
        last = np.flatnonzero(np.diff(batch.datastream[order], append=-1))
        winner = order[last]
        number, time_us = batch.datastream[winner], batch.time_us[winner]
        newer = (time_us > self.time_us[number]) | (self.time_us[number] > latest_us[number])
        newer |= (time_us == self.time_us[number]) & (seq[winner] < self._seq[number])
        number, winner = number[newer], winner[newer]
        for name in _COLUMNS:
            getattr(self, name)[number] = getattr(batch, name)[winner]
        self._seq[number] = seq[winner]
        return number

    def _reach(self, capacity: int) -> None:
        missing = capacity - len(self.time_us)
        if missing <= 0:
            return
        for name in (*_COLUMNS, "_seq"):
            setattr(self, name, _longer(getattr(self, name), missing))
        self.time_us[-missing:] = NEVER


class Latest(Newest):
    """The newest observation of every datastream, and in `sound` the newest one that has a value and did not fail.

    A repeat that did not fail is a sound one of that time, also where what was stored first failed.
    A time further ahead of the last receipt than any that was believed then is of a clock of ours that ran ahead and
    was set back: it is not the newest any more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sound = Newest()
        self._heard_us = np.empty(0, np.int64)  # receive time of the last one stored (the highest seq), and its seq
        self._heard_seq = np.empty(0, np.int64)

    def add(self, batch: Batch, seq: NDArray[np.int64]) -> NDArray[np.int32]:
        """Take observations in any order; the numbers of the datastreams whose newest or newest sound one changed."""
        if not len(batch):
            return np.empty(0, np.int32)
        self._hear(batch, seq)
        latest_us = self._heard_us + FUTURE_LIMIT_US  # that can be believed
        believed = batch.time_us <= latest_us[batch.datastream]
        if not believed.all():
            batch, seq = batch.take(believed), seq[believed]
        changed = self.put(batch, seq, latest_us)
        sound = (batch.quality != Quality.FAIL) & ~np.isnan(batch.value)
        if not sound.all():
            batch, seq = batch.take(sound), seq[sound]
        return np.union1d(changed, self.sound.put(batch, seq, latest_us))

    def are_sound(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Of datastreams that were heard: whether the newest observation has a value and did not fail."""
        sound: NDArray[np.bool_] = (self.quality[numbers] != Quality.FAIL) & ~np.isnan(self.value[numbers])
        return sound

    def _hear(self, batch: Batch, seq: NDArray[np.int64]) -> None:
        """Note when each datastream was last heard, by the order of the log."""
        missing = int(batch.datastream.max()) + 1 - len(self._heard_us)
        if missing > 0:
            self._heard_us = _longer(self._heard_us, missing + _MORE)
            self._heard_seq = _longer(self._heard_seq, missing + _MORE)
        by_seq = np.argsort(seq, kind="stable")
        numbers = batch.datastream[by_seq]
        last = np.zeros(len(self._heard_us), np.intp)
        last[numbers] = by_seq  # of several the last stays
        later = seq[last[numbers]] >= self._heard_seq[numbers]
        numbers = numbers[later]
        self._heard_us[numbers], self._heard_seq[numbers] = batch.receive_us[last[numbers]], seq[last[numbers]]


def _longer(column: NDArray[Any], n: int) -> NDArray[Any]:
    return np.concatenate([column, np.zeros(n, column.dtype)])
