"""ISPU, Indonesia's air pollution standard index: the sub-index of one pollutant, and what an index is called."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import Text
from sensors.derived.curve import Tables, interpolate


class Category(NamedTuple):
    """A band of the index."""

    most: float  # the highest whole index that still is in it
    name: Text
    colour: str  # as the ministry's map shows it, #rrggbb; the words for it are blue for sedang, yellow for tidak sehat


CATEGORIES: Final = (
    Category(50.0, Text("Baik", "Good"), "#00cc00"),
    Category(100.0, Text("Sedang", "Moderate"), "#0000cc"),
    Category(200.0, Text("Tidak sehat", "Unhealthy"), "#cccc00"),
    Category(300.0, Text("Sangat tidak sehat", "Very unhealthy"), "#cc0000"),
    Category(float("inf"), Text("Berbahaya", "Hazardous"), "#000000"),
)


def sub_index(tables: Tables, table: NDArray[np.intp], mean_ug_m3: NDArray[np.float64]) -> NDArray[np.float64]:
    """The index of one pollutant from its 24-hour mean.

    Parameters
    ----------
    tables : breakpoints, x in µg/m³, y the index
    table : ndarray, shape (n,), intp, the pollutant's table
    mean_ug_m3 : ndarray, shape (n,), float64, µg/m³; NaN = not given: too little of the day was measured

    Returns
    -------
    index : ndarray, shape (n,), float64, 0 to 500, not rounded; NaN where the mean is.  A mean beyond the table has the
        index of its end

    Notes
    -----
    I = Ib + (Ia - Ib) / (Xa - Xb) * (X - Xb).

    References
    ----------
    Permen LHK P.14/MENLHK/SETJEN/KUM.1/7/2020; its table is in `ispu_breakpoints` with what is not confirmed.

    Examples
    --------
    >>> from sensors.derived.curve import tables_of
    >>> from sensors.derived.ispu_breakpoints import INDEX, MEAN_UG_M3
    >>> three = tables_of([(MEAN_UG_M3[name], INDEX) for name in ("pm25", "pm10", "no2")])
    >>> sub_index(three, np.arange(3), np.array([35.0, 100.0, 665.0])).round(1).tolist()
    [74.4, 75.0, 150.0]
    """
    return interpolate(tables, table, mean_ug_m3)[0]


def ispu_category(index: float) -> Category:
    """The band of an index; the bands are of whole numbers, so it is rounded first, halves up.

    An index of exactly 200 is "tidak sehat" (101 to 200).  Raises ValueError for NaN and for less than 0.

    >>> [ispu_category(index).name.id for index in (50, 50.4, 50.5, 200, 301)]
    ['Baik', 'Baik', 'Sedang', 'Tidak sehat', 'Berbahaya']
    """
    if not index >= 0:
        raise ValueError(f"ISPU: expected an index of 0 or more, got {index}")
    return next(category for category in CATEGORIES if index < category.most + 0.5)
