"""A device's backlog in one message: its readings in time order, those without a time of their own last."""

from typing import Final

import numpy as np

from gateway.columns import Columns
from gateway.readings import Mark, Reading, Readings
from sensors.times import NEVER

_LAST: Final = 2**63 - 1


def in_time_order(out: Readings, since: Mark) -> None:
    """Put what was added since a mark, all of one message, in time order."""
    out.added[since.added :] = sorted(out.added[since.added :], key=_time_us)


def columns_in_time_order(columns: Columns) -> Columns:
    """Elements of many messages, each message's in time order."""
    time_us = np.where(columns.device_us == NEVER, _LAST, columns.device_us)
    return columns.take(np.lexsort((time_us, columns.message)))


def _time_us(reading: Reading) -> int:
    return _LAST if reading.device_us == NEVER else reading.device_us
