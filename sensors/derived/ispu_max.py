"""ISPU of a station: the worst of its sub-indices."""

import numpy as np
from numpy.typing import NDArray


def largest(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest of the values that are known.

    Parameters
    ----------
    values : ndarray, shape (n, J), float64, one unit; NaN = not given, or no such input

    Returns
    -------
    largest : ndarray, shape (n,), float64; NaN where none is known

    References
    ----------
    Permen LHK P.14/MENLHK/SETJEN/KUM.1/7/2020: the index is that of the pollutant with the highest one.

    Examples
    --------
    >>> largest(np.array([[74.4, np.nan, 81.0], [np.nan, np.nan, np.nan]])).tolist()
    [81.0, nan]
    """
    worst = np.where(np.isnan(values), -np.inf, values).max(axis=1, initial=-np.inf)
    return np.where(worst == -np.inf, np.nan, worst)
