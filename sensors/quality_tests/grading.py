"""From how far something goes to a flag: past the first limit it is suspect, past the second it failed."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

NO_LIMIT_US: Final = 2**63 - 1  # a duration that is never reached: no such limit


def graded(size: NDArray[np.float64], suspect: NDArray[np.float64], fail: NDArray[np.float64]) -> NDArray[np.uint8]:
    """SUSPECT where `size` > `suspect`, FAIL where it is > `fail`, else PASS where a limit is given.

    All of shape (n,); NaN in `suspect` or `fail` = no such limit, in `size` = not known.  NOT_EVALUATED where `size` is
    not known or neither limit is given.

    >>> graded(np.array([5.0, 6.0, 11.0, 6.0]), np.array([5.0, 5.0, 5.0, np.nan]), np.full(4, 10.0)).tolist()
    [1, 3, 4, 1]
    """
    failed = size > fail
    bad = (size > suspect) | failed
    judged = bad | (size <= suspect) | (size <= fail)
    return flags_of(judged, bad, failed)


def flags_of(judged: NDArray[np.bool_], bad: NDArray[np.bool_], failed: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """`Quality`, shape (n,), uint8: NOT_EVALUATED 2; where judged PASS 1, where bad SUSPECT 3, where failed FAIL 4.

    `failed` implies `bad`, `bad` implies `judged`.  Sums of bytes: many times faster than writing through masks.
    """
    ones, twos = judged.view(np.uint8), bad.view(np.uint8)
    flags: NDArray[np.uint8] = np.uint8(2) - ones + twos + twos + failed.view(np.uint8)
    return flags
