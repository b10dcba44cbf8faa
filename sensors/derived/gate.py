"""Discharge under sluice gates, from the head above the sill and how far each gate is open."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

GRAVITY_M_PER_S2: Final = 9.80665  # standard acceleration of free fall, 3rd CGPM (1901)


def discharge_under_gates(
    head_m: NDArray[np.float64],
    opening_m: NDArray[np.float64],
    width_m: NDArray[np.float64],
    coefficient: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Free flow under vertical sluice gates side by side.

    Parameters
    ----------
    head_m : ndarray, shape (n,), float64, metres, the water upstream above the sill; below it nothing flows
    opening_m : ndarray, shape (n, G), float64, metres, each gate's opening; less than 0 is closed; NaN = unknown
    width_m : ndarray, shape (n, G), float64, metres, each gate's width; 0 = no such gate
    coefficient : ndarray, shape (n,), float64, discharge coefficient, about 0.5 to 0.7, the contraction in it

    Returns
    -------
    discharge : ndarray, shape (n,), float64, m³/s; NaN where the head or the opening of a gate is unknown

    Notes
    -----
    Q = sum over the gates, from the first on, of C * width * opening * sqrt(2 g h).  Holds for free flow, the head
    upstream measured where the water stands; water that stands against the gate from below lets less through, and a
    gate drawn out of the water is none: then use a rating curve.

    References
    ----------
    Bos, M. G. (ed.) (1989), Discharge Measurement Structures, ILRI Publication 20, 3rd edition, chapter 8 (orifices).
    Henry, H. R. (1950), discussion of "Diffusion of submerged jets", Transactions ASCE 115 (coefficients).

    Examples
    --------
    >>> one_gate = np.array([[0.5]]), np.array([[2.0]]), np.array([0.6])
    >>> discharge_under_gates(np.array([1.25]), *one_gate).round(6).tolist()
    [2.970856]
    """
    speed = np.sqrt(2.0 * GRAVITY_M_PER_S2 * np.maximum(head_m, 0.0))
    total = np.zeros(len(head_m))
    for gate in range(width_m.shape[1]):
        opening = np.where(width_m[:, gate] > 0, np.maximum(opening_m[:, gate], 0.0), 0.0)
        total = total + coefficient * width_m[:, gate] * opening * speed
    return total
