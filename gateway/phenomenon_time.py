"""Which time counts: a device's own where it can be true, else that of receipt."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.segments import stable_order
from sensors.times import MINUTE_US, NEVER

FUTURE_LIMIT_US: Final = 5 * MINUTE_US  # a device's time further ahead is a clock fault
EARLIEST_US: Final = 946_684_800_000_000  # 2000-01-01T00:00:00Z: a device's time before it is a clock fault

Times = NDArray[np.int64]


def occurrence(datastream: NDArray[np.int32]) -> NDArray[np.int64]:
    """How many observations of the same datastream stand before each, shape (n,).

    >>> occurrence(np.array([7, 3, 7, 7], np.int32)).tolist()
    [0, 0, 1, 2]
    """
    order = stable_order(datastream)
    ordered = datastream[order]
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    result = np.zeros(len(ordered), np.int64)
    if not is_first.all():
        place = np.arange(len(ordered))
        result[order] = place - np.maximum.accumulate(np.where(is_first, place, 0))
    return result


def phenomenon_times(
    message: NDArray[np.intp], device_us: Times, receive_us: Times, now_us: Times
) -> tuple[Times, NDArray[np.bool_]]:
    """The time of each observation, and where the device's clock was not believed.

    One time of a message that cannot be true makes it a clock fault: the whole message is moved so that its newest
    time is the receive time and its spacing stays; what still cannot be true gets the receive time itself.

    Parameters
    ----------
    message : shape (n,), ascending
    device_us : shape (n,), the time as sent; `NEVER` where none was
    receive_us : shape (n,), the time of receipt, each a little after the one before of the same datastream
    now_us : shape (n,), when the message came: what lies `FUTURE_LIMIT_US` beyond cannot be true
    """
    sent = device_us != NEVER
    fault = sent & _implausible(device_us, now_us)
    if not fault.any():
        return np.where(sent, device_us, receive_us), fault
    is_first = np.ones(len(message), np.bool_)
    is_first[1:] = message[1:] != message[:-1]
    starts, of = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    fault = np.logical_or.reduceat(fault, starts)[of] & sent
    newest_us = np.maximum.reduceat(np.where(sent, device_us, NEVER), starts)[of]
    last_receive_us = np.maximum.reduceat(receive_us, starts)[of]
    time_us = np.where(fault, device_us + (last_receive_us - newest_us), np.where(sent, device_us, receive_us))
    still = fault & _implausible(time_us, now_us + len(device_us))
    return np.where(still, receive_us, time_us), fault


def _implausible(time_us: Times, now_us: Times) -> NDArray[np.bool_]:
    return (time_us < EARLIEST_US) | (time_us > now_us + FUTURE_LIMIT_US)
