"""Which time counts: a device's own where it can be true, else that of receipt."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.columns import Columns
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


def clock_faults(device_us: Times, now_us: Times) -> NDArray[np.bool_]:
    """Where a time was sent that cannot be true, shape (n,): before 2000, or `FUTURE_LIMIT_US` beyond `now_us`."""
    sent: NDArray[np.bool_] = device_us != NEVER
    return sent & _implausible(device_us, now_us)


def phenomenon_times(
    columns: Columns, device: NDArray[np.int32], receive_us: Times, now_us: Times, off: NDArray[np.bool_]
) -> tuple[Times, NDArray[np.bool_]]:
    """The time of each observation, and where the device's clock was not believed.

    A clock is judged by all times that one device states in one message.  None of them can be true, or the clock is
    off by a constant: they are moved together, so that the newest is the receive time and their spacing stays.  Some
    can: the clock is right, and only the impossible ones get the receive time, as does what cannot be true even when
    moved.

    Parameters
    ----------
    columns : n elements, of which `message`, `place` and `device_us` are read
    device : the device of each place, `AddressBook.device`
    receive_us : shape (n,), the time of receipt, each a little after the one before of the same datastream
    now_us : shape (n,), when the message came
    off : shape (n,), the device's clock is off (`gateway.device_clock`): all possible times of its message, or none
    """
    device_us = columns.device_us
    impossible = clock_faults(device_us, now_us)
    time_us = np.where(device_us != NEVER, device_us, receive_us)
    fault = impossible | off
    if not fault.any():
        return time_us, fault
    clock = columns.message * len(device) + device[columns.place]  # one number for each device of each message
    for wrong in (np.flatnonzero(off), np.flatnonzero(impossible)):
        time_us[wrong] = _moved(device_us[wrong], receive_us[wrong], clock[wrong])
    unlike_others = impossible & np.isin(clock, clock[(device_us != NEVER) & ~impossible])
    received = fault & (unlike_others | _implausible(time_us, now_us + len(device_us)))
    time_us[received] = receive_us[received]
    return time_us, fault


def _moved(device_us: Times, receive_us: Times, clock: NDArray[np.intp]) -> Times:
    """Times of each clock moved together, so that the newest is that of receipt."""
    distinct, of = np.unique(clock, return_inverse=True)
    newest_us, received_us = np.full(len(distinct), NEVER), np.full(len(distinct), NEVER)
    np.maximum.at(newest_us, of, device_us)
    np.maximum.at(received_us, of, receive_us)
    moved_us: Times = device_us + (received_us - newest_us)[of]
    return moved_us


def _implausible(time_us: Times, now_us: Times) -> NDArray[np.bool_]:
    return (time_us < EARLIEST_US) | (time_us > now_us + FUTURE_LIMIT_US)
