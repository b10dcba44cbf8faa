"""Level of service of a road, A to F as 1 to 6, from volume over capacity; a flooded road where nothing flows is F."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

BOUNDS: Final = (0.20, 0.45, 0.75, 0.85, 1.00)  # where B, C, D, E begin; beyond the last is F
NO_FLOW: Final = 0.02  # volume over capacity below it: nothing to speak of [ours]
STANDING_KM_PER_H: Final = 5.0  # slower than a pedestrian: what is there stands [ours]


def level_of_service(
    ratio: NDArray[np.float64],
    speed_km_per_h: NDArray[np.float64],
    water: NDArray[np.float64],
    bounds: NDArray[np.float64],
    flooded_at: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The level of service by volume over capacity.

    Parameters
    ----------
    ratio : ndarray, shape (n,), float64, volume over capacity, both in passenger cars (smp) per hour; NaN = missing
    speed_km_per_h : ndarray, shape (n,), float64, km/h; NaN = not known
    water : ndarray, shape (n,), float64, water on the road, or of the river that floods it, any unit; NaN = not known
    bounds : ndarray, shape (n, 5), float64, ascending, of `ratio`
    flooded_at : ndarray, shape (n,), float64, unit of `water`: from it on the road is under water

    Returns
    -------
    level : ndarray, shape (n,), float64: A = 1 below the first bound, then B to E each from its bound on, F = 6 above
        the last; NaN where `ratio` is.  Where next to nothing flows and the road is under water, or what is on it
        stands, it is F, not A

    References
    ----------
    Bands as attributed to MKJI (Bina Marga 1997), with their printed gaps closed downward: 0.20, 0.45, 0.75, 0.85,
    1.00.  Bands of PKJI 2023 were not found: set the city's own.  "No flow on a flooded road is F": ours.

    Examples
    --------
    >>> nothing, bands = np.full(4, np.nan), np.tile(BOUNDS, (4, 1))
    >>> water = np.array([np.nan, np.nan, np.nan, 25.0])
    >>> level_of_service(np.array([0.19, 0.2, 1.01, 0.0]), nothing, water, bands, np.full(4, 20.0)).tolist()
    [1.0, 2.0, 6.0, 6.0]
    """
    level = np.ones(len(ratio))
    for band in range(len(BOUNDS) - 1):
        level = level + (ratio >= bounds[:, band])
    level = level + (ratio > bounds[:, -1])
    stands = (speed_km_per_h < STANDING_KM_PER_H) | (water >= flooded_at)
    level = np.where((ratio < NO_FLOW) & stands, 6.0, level)
    return np.where(np.isnan(ratio), np.nan, level)
