"""Which input is the largest: the dominant (critical) pollutant of ISPU."""

import numpy as np
from numpy.typing import NDArray


def dominant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The place of the largest value, from 1; of equal ones the first.

    Parameters
    ----------
    values : ndarray, shape (n, J), float64, one unit; NaN = not given, or no such input

    Returns
    -------
    place : ndarray, shape (n,), float64, 1 to J; NaN where none is known

    References
    ----------
    Permen LHK P.14/MENLHK/SETJEN/KUM.1/7/2020: "parameter pencemar kritis".

    Examples
    --------
    >>> dominant(np.array([[74.4, np.nan, 81.0], [81.0, np.nan, 81.0], [np.nan, np.nan, np.nan]])).tolist()
    [3.0, 1.0, nan]
    """
    known = np.where(np.isnan(values), -np.inf, values)
    place = known.argmax(axis=1) + 1.0
    return np.where(known.max(axis=1) == -np.inf, np.nan, place)
