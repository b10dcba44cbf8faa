"""Numbers as text, a column at a time: fixed widths, so that no row needs a Python object.

A float64 is written as a decimal fraction of fixed width where that is exact: the integer m = rint(v * 10^k) with
m / 10^k == v.  Division of two exactly held numbers is correctly rounded (IEEE 754), and so is the reading of a decimal
fraction by every parser that deserves the name, so both give the same bits.  What is no such fraction is left to
`repr`, which always reads back.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

DECIMALS: Final = (2, 6)  # tried in this order, one for a whole column
MAX_DIGITS: Final = 15  # of m: below 2**53, so that it is held exactly

_PAIRS: Final = np.array([f"{n:02d}" for n in range(100)], "S2").view(np.uint16)
_FOURS: Final = np.array([f"{n:04d}" for n in range(10_000)], "S4").view(np.uint32)

Text = NDArray[np.uint8]  # shape (n, width), ASCII


@dataclass(frozen=True, slots=True)
class Fractions:
    """Values that are decimal fractions: value = ±scaled / 10^decimals, exactly, where `exact`.

    scaled   int64, shape (n,), not negative; 0 where not `exact`
    negative bool, shape (n,), of -0.0 too
    exact    bool, shape (n,)
    """

    scaled: NDArray[np.int64]
    negative: NDArray[np.bool_]
    exact: NDArray[np.bool_]
    decimals: int


def fractions(values: NDArray[np.float64]) -> Fractions:
    """Values, shape (n,), as decimal fractions of as few decimals of `DECIMALS` as take all; NaN and inf never fit.

    >>> fractions(np.array([1.25, -0.5, 1 / 3])).exact.tolist()
    [True, True, False]
    """
    magnitude = np.abs(values)
    for decimals in DECIMALS:
        power = 10.0**decimals
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = np.rint(magnitude * power)
            exact = (scaled / power == magnitude) & (scaled < 10.0**MAX_DIGITS)
        if exact.all():
            break
    whole = np.where(exact, scaled, 0.0).astype(np.int64)
    return Fractions(whole, np.signbit(values), exact, decimals)


def fraction_text(given: Fractions) -> Text:
    """`[-0]digits.digits`, shape (n, width): one width for all, the first character is the sign or a zero.

    >>> [bytes(row) for row in fraction_text(fractions(np.array([1.25, -10.5])))]
    [b'001.25', b'-10.50']
    """
    whole, rest = np.divmod(given.scaled, 10**given.decimals)
    before = digits(whole, len(str(whole.max(initial=0))))
    text = np.empty((len(whole), 1 + before.shape[1] + 1 + given.decimals), np.uint8)
    text[:, 0] = np.where(given.negative, ord("-"), ord("0"))
    text[:, 1 : 1 + before.shape[1]] = before
    text[:, 1 + before.shape[1]] = ord(".")
    text[:, -given.decimals :] = digits(rest, given.decimals)
    return text


def digits(numbers: NDArray[np.int64], width: int) -> Text:
    """Numbers in [0, 10^width) as digits with leading zeros, shape (n, width).

    >>> bytes(digits(np.array([42]), 3)[0])
    b'042'
    """
    if width <= 2:
        return _PAIRS[numbers].view(np.uint8).reshape(-1, 2)[:, 2 - width :]
    fours = -(-width // 4)
    text = np.empty((len(numbers), fours), np.uint32)
    rest = numbers
    for place in range(fours - 1, 0, -1):
        upper = rest // 10_000
        text[:, place] = _FOURS.take(rest - upper * 10_000)
        rest = upper
    text[:, 0] = _FOURS.take(rest)
    return text.view(np.uint8)[:, 4 * fours - width :]
