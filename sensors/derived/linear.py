"""Sums, differences and scaled sums."""

import numpy as np
from numpy.typing import NDArray


def weighted_sum(
    values: NDArray[np.float64], weights: NDArray[np.float64], constant: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum of weight times value, and a constant.

    Parameters
    ----------
    values : ndarray, shape (n, J), float64, each in its input's unit; NaN = missing; 0 where there is no such input
    weights : ndarray, shape (n, J), float64, unit of the result per unit of the input; 0 where there is no such input
    constant : ndarray, shape (n,), float64, unit of the result

    Returns
    -------
    total : ndarray, shape (n,), float64; NaN where an input is

    Notes
    -----
    ((w0 * x0 + w1 * x1) + …) + constant, from the first input on, so that the last bit is the same everywhere.

    References
    ----------
    Traffic in passenger cars (smp): Manual Kapasitas Jalan Indonesia (1997): the sum of emp * vehicles of a class.

    Examples
    --------
    >>> weighted_sum(np.array([[400.0, 100.0, 10.0]]), np.array([[0.25, 1.0, 1.3]]), np.zeros(1)).tolist()
    [213.0]
    """
    total = np.zeros(len(values))
    for seat in range(values.shape[1]):
        total = total + weights[:, seat] * values[:, seat]
    return total + constant
