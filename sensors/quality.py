"""Quality of an observation, by QARTOD's five flags; the raw value is always kept.

Source: IOOS QARTOD Manual for Real-Time Quality Control of Water Level Observations, v2.1 (2021).
"""

from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray


class Quality(IntEnum):
    """QARTOD flags."""

    PASS = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


class Reason(IntFlag):
    """Why an observation has its quality, and what else is odd about it; several may hold at once (uint16)."""

    NONE = 0
    MISSING_VALUE = 1  # the device sent null
    GROSS_RANGE = 2  # outside the valid range of its datastream (QARTOD test 4)
    CLOCK_FAULT = 4  # the device's time could not be true: the receive time is used
    NO_ZONE = 8  # the device's time had no offset and its datastream declares no zone: the receive time is used
    RETAINED = 16  # delivered by the broker from memory, judged at its own time
    UNIT_CONVERTED = 32  # sent in another unit than the datastream's
    STALE = 64  # the device or its gateway said that it is gone: no value, and silence at once
    HISTORICAL = 128  # the device itself said that it is from its memory
    SENT_AS_BAD = 256  # the device itself said that the value is not to be trusted: it failed

    @property
    def words(self) -> list[str]:
        """The lower-case names of the bits set, for API and screen."""
        return [str(bit.name).lower() for bit in Reason if bit and bit in self]


def gross_range(
    values: NDArray[np.float64], valid_min: NDArray[np.float64], valid_max: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Flag values outside the range in which their sensor can be right.

    Parameters
    ----------
    values : ndarray, shape (n,), float64, unit of the datastream; NaN = missing
    valid_min, valid_max : ndarray, shape (n,), float64, same unit, inclusive; NaN = no such bound

    Returns
    -------
    flags : ndarray, shape (n,), uint8 (`Quality`): MISSING for NaN, FAIL outside, PASS inside, NOT_EVALUATED where
        neither bound is given

    References
    ----------
    QARTOD Water Level v2.1, test 4 "gross range test", sensor span.  A failed value is kept and still judged:
    quality never mutes a flood.

    Examples
    --------
    >>> bounds = np.array([0.0, 0.0, 0.0, np.nan]), np.array([900.0, 900.0, 900.0, np.nan])
    >>> gross_range(np.array([10.0, 901.0, np.nan, 5.0]), *bounds).tolist()
    [1, 4, 9, 2]
    """
    flags = np.full(values.shape, Quality.PASS, dtype=np.uint8)
    flags[np.isnan(valid_min) & np.isnan(valid_max)] = Quality.NOT_EVALUATED
    flags[(values < valid_min) | (values > valid_max)] = Quality.FAIL
    flags[np.isnan(values)] = Quality.MISSING
    return flags
