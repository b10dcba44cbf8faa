"""Level of service of a road, A to F as 1 to 6, from volume over capacity; a flooded road where nothing flows is F."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

BOUNDS: Final = (0.20, 0.45, 0.75, 0.85, 1.00)  # where B, C, D, E begin; beyond the last is F
NO_FLOW: Final = 0.02  # volume over capacity below it: nothing to speak of [ours]
STANDING_KM_PER_H: Final = 5.0  # slower than a pedestrian: what is there stands [ours]


def is_closed(
    speed_km_per_h: NDArray[np.float64],
    flowed: NDArray[np.float64],
    busy_from: NDArray[np.float64],
    water: NDArray[np.float64],
    flooded_at: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Whether a road on which next to nothing flows is closed, and not merely empty.

    Parameters
    ----------
    speed_km_per_h : ndarray, shape (n,), float64, km/h; NaN = not known
    flowed : ndarray, shape (n,), float64, of `ratio`: the last one that was not next to nothing; NaN = none yet
    busy_from : ndarray, shape (n,), float64, of `ratio`: from it on a road is not free (where B begins)
    water : ndarray, shape (n,), float64, water on the road, or of the river that floods it, any unit; NaN = not known
    flooded_at : ndarray, shape (n,), float64, unit of `water`: from it on the road is under water

    Returns
    -------
    closed : ndarray, shape (n,), bool: under water; or what was on it in number stands.  Traffic that thins out at
        night stops by and by, and many a detector says 0 km/h where no vehicle comes: that road is empty

    References
    ----------
    Ours.

    Examples
    --------
    >>> dry, half = np.zeros(2), np.full(2, 0.2)
    >>> is_closed(np.zeros(2), np.array([0.5, 0.05]), half, dry, np.full(2, 20.0)).tolist()
    [True, False]
    """
    stopped = (speed_km_per_h < STANDING_KM_PER_H) & (flowed >= busy_from)
    closed: NDArray[np.bool_] = stopped | (water >= flooded_at)
    return closed


def level_of_service(
    ratio: NDArray[np.float64], closed: NDArray[np.bool_], bounds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The level of service by volume over capacity.

    Parameters
    ----------
    ratio : ndarray, shape (n,), float64, volume over capacity, both in passenger cars (smp) per hour; NaN = missing
    closed : ndarray, shape (n,), bool, `is_closed`: looked at where next to nothing flows
    bounds : ndarray, shape (n, 5), float64, ascending, of `ratio`

    Returns
    -------
    level : ndarray, shape (n,), float64: A = 1 below the first bound, then B to E each from its bound on, F = 6 above
        the last; NaN where `ratio` is.  Where next to nothing flows because the road is closed it is F, not A

    References
    ----------
    Bands as attributed to MKJI (Bina Marga 1997), with their printed gaps closed downward: 0.20, 0.45, 0.75, 0.85,
    1.00.  Bands of PKJI 2023 were not found: set the city's own.  "No flow on a flooded road is F": ours.

    Examples
    --------
    >>> closed = np.array([False, False, False, True])
    >>> level_of_service(np.array([0.19, 0.2, 1.01, 0.0]), closed, np.tile(BOUNDS, (4, 1))).tolist()
    [1.0, 2.0, 6.0, 6.0]
    """
    level = np.ones(len(ratio))
    for band in range(len(BOUNDS) - 1):
        level = level + (ratio >= bounds[:, band])
    level = level + (ratio > bounds[:, -1])
    level = np.where((ratio < NO_FLOW) & closed, 6.0, level)
    return np.where(np.isnan(ratio), np.nan, level)
