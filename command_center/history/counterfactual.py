"""The stored record of one sensor judged with other levels: read as the export reads it, judged in a thread.

One at a time, at most `MOST_OBSERVATIONS` and `MOST_RAISES`: the judge computes, and what computes takes from the wall
and the alarms.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import numpy as np

from command_center.errors import HistoryBusy
from command_center.history.record import Asked, Record
from command_center.picture.series import Rows
from gateway.evaluation.trial import Compared, Trial
from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream, Level
from sensors.times import NEVER

MOST_OBSERVATIONS: Final = 1_000_000  # of one trial: 90 days at one in 8 s
MOST_RAISES: Final = (
    20_000  # of all levels of a set, or by the plain rule: 222 a day for 90 days; some 50 MB, and a second to compare
)
MOST_AT_ONCE: Final = 2_000  # judged in one go: some 5 ms, or a second where each crosses eight levels


class TooLong(Exception):
    """The range holds more observations than a trial may."""


class TooManyRaises(Exception):
    """Levels are raised more often in the range than a trial may hold."""


class Counterfactual:
    """Replays stored records.  Raises HistoryError, HistoryBusy while another one runs."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._is_busy = False

    async def replay(
        self,
        catalogue: Catalogue,
        datastream: Datastream,
        asked: Asked,
        now: Sequence[Level],
        tried: Sequence[Level],
        stay: Callable[[], Awaitable[None]],
    ) -> Compared | None:
        """Both sets over the whole range; None: it holds no observation.

        `stay` raises where nobody waits for it any more: it is asked between pieces.  Raises TooLong, TooManyRaises,
        HistoryError, HistoryBusy, and what `stay` raises.
        """
        if self._is_busy:
            raise HistoryBusy("other levels are being tried just now: ask again in a while")
        self._is_busy = True
        try:
            trial = Trial(catalogue, datastream, now, tried)
            async for rows in self._record.pieces(asked):
                if trial.observations + len(rows) > MOST_OBSERVATIONS:
                    raise TooLong
                for start in range(0, len(rows), MOST_AT_ONCE):
                    await stay()
                    await asyncio.to_thread(trial.take, _batch(rows[start : start + MOST_AT_ONCE]))
                    if trial.most_raises > MOST_RAISES:
                        raise TooManyRaises
            return await asyncio.to_thread(trial.compared)
        finally:
            self._is_busy = False

    def held_from_us(self, asked: Asked) -> int | None:
        """Before when something that was stored may be missing from the range; None: nothing is."""
        return self._record.held_from_us(asked)


def _batch(rows: Rows) -> Batch:
    """Rows as they would have come: each received when it was measured."""
    columns = {name: np.ascontiguousarray(rows[name]) for name in ("time_us", "value", "origin", "quality", "reasons")}
    return Batch(
        datastream=np.zeros(len(rows), np.int32),
        receive_us=columns["time_us"],
        device_us=np.full(len(rows), NEVER, np.int64),
        **columns,
    )
