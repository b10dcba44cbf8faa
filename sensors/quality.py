"""Quality of an observation, by QARTOD's five flags; the raw value is always kept.

Source: IOOS QARTOD Manual for Real-Time Quality Control of Water Level Observations, v2.1 (2021).
"""

from enum import IntEnum, IntFlag
from typing import Final

import numpy as np
from numpy.typing import NDArray


class Quality(IntEnum):
    """QARTOD flags."""

    PASS = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


_SUSPECT: Final = np.uint8(Quality.SUSPECT)
_FAIL: Final = np.uint8(Quality.FAIL)


def is_bad(quality: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which flags, any shape, uint8, say that a value is suspect or failed its quality tests."""
    bad: NDArray[np.bool_] = (quality == _SUSPECT) | (quality == _FAIL)
    return bad


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
    SPIKE_BEFORE = 512  # the observation before this one was a spike (QARTOD test 6 is one sample late)
    RATE_OF_CHANGE = 1024  # changed faster than its limit (QARTOD test 7)
    FLAT_LINE = 2048  # has not moved for too long (QARTOD test 8)
    AFTER_GAP = 4096  # the first after a time without observations (QARTOD test 1)
    NEIGHBOUR = 8192  # disagrees with its neighbour (QARTOD test 11)
    IMPLAUSIBLE_FALL = 16384  # a fall that no river makes: it ends no level by itself
    INCOMPLETE = 32768  # derived from less than its window asks for

    @property
    def words(self) -> list[str]:
        """The lower-case names of the bits set, for API and screen."""
        return [str(bit.name).lower() for bit in Reason if bit and bit in self]


_FAST: Final = np.uint16(Reason.RATE_OF_CHANGE)
_DOUBTS: Final = np.uint16(Reason.RATE_OF_CHANGE | Reason.FLAT_LINE | Reason.NEIGHBOUR | Reason.IMPLAUSIBLE_FALL)


def is_only_fast(quality: NDArray[np.uint8], reasons: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Which values are suspect for nothing but their rate of change: a flash flood may do that.

    Parameters
    ----------
    quality : ndarray, any shape, uint8, `Quality` flags
    reasons : ndarray, same shape, uint16, `Reason` bits

    Returns
    -------
    fast : ndarray, same shape, bool

    References
    ----------
    `docs/quality.md`: quality never mutes a flood.

    Examples
    --------
    >>> fast, flat = int(Reason.RATE_OF_CHANGE), int(Reason.FLAT_LINE)
    >>> is_only_fast(np.array([3, 3, 4, 1], np.uint8), np.array([fast, fast | flat, fast, 0], np.uint16)).tolist()
    [True, False, False, False]
    """
    fast: NDArray[np.bool_] = (quality == _SUSPECT) & (reasons & _DOUBTS == _FAST)
    return fast
