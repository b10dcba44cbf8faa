"""Traffic on road sections: a daily profile of demand, and how flow, speed and occupancy follow from it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

JAM_SPEED_KM_PER_H = 4.0
VEHICLE_AND_DETECTOR_KM = 0.0065  # mean length of a vehicle plus the detector's zone
LANE_CAPACITY_VEH_PER_H = 1100.0  # an urban lane with side friction, a round figure


class RoadState(NamedTuple):
    """One moment of every section; all columns (n,)."""

    flow: Floats  # veh/h
    speed: Floats  # km/h
    occupancy: Floats  # % of the time that a vehicle stands on the detector


def demand_share(hour: float) -> float:
    """Demand over capacity of an ordinary working day at a local hour (0 to 24): two peaks and a quiet night.

    >>> demand_share(3.0) < 0.12 < 0.6 < demand_share(7.0)
    True
    """
    day = 0.38 / (1.0 + np.exp(-(hour - 6.0) * 2.0)) / (1.0 + np.exp((hour - 20.5) * 1.2))
    morning = 0.36 * np.exp(-(((hour - 7.0) / 1.0) ** 2))
    evening = 0.34 * np.exp(-(((hour - 17.0) / 1.5) ** 2))
    return float(0.06 + day + morning + evening)


def road_state(demand: Floats, capacity: Floats, free_speed: Floats, rain_mm_per_h: Floats) -> RoadState:
    """Flow, speed and occupancy of each section.

    Parameters
    ----------
    demand, capacity : ndarray, shape (n,), veh/h in dry weather
    free_speed : ndarray, shape (n,), km/h
    rain_mm_per_h : ndarray, shape (n,); takes up to 45 % of the capacity and 30 % of the free speed

    Notes
    -----
    Speed falls with the sixth power of demand over capacity (a steep BPR curve); beyond capacity the flow falls too.
    Occupancy is density times length: flow / speed / lanes * 6.5 m.
    """
    wet = np.minimum(rain_mm_per_h / 60.0, 1.0)
    room = capacity * (1.0 - 0.45 * wet)
    crowding = demand / room
    speed = np.maximum(free_speed * (1.0 - 0.3 * wet) / (1.0 + 0.8 * crowding**6), JAM_SPEED_KM_PER_H)
    beyond = np.maximum(crowding - 1.0, 0.0)
    flow = np.minimum(demand, room) * np.maximum(1.0 - 0.4 * beyond, 0.3)
    lanes = np.maximum(np.round(capacity / LANE_CAPACITY_VEH_PER_H), 1.0)
    occupancy = np.minimum(100.0 * flow / speed / lanes * VEHICLE_AND_DETECTOR_KM, 100.0)
    return RoadState(flow, speed, occupancy)
