"""The derivations that compute from the newest values of their inputs, each input in a seat of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors import units
from sensors.catalogue import Curve, Datastream, Derivation
from sensors.derived.curve import Tables, tables_of
from sensors.derived.ispu_breakpoints import INDEX, MEAN_UG_M3, pollutant_of
from sensors.derived.los import BOUNDS
from sensors.derived.methods import SEAT_METHODS
from sensors.times import SECOND_US

CURVE, GATE, LINEAR, ISPU, ISPU_MAX, DOMINANT, LOS = range(len(SEAT_METHODS))
NONE = -1
GO_ON_WITHOUT: Final = frozenset({"ispu_max", "dominant", "los"})  # the worst of those that are given is told
NEVER_LOST: Final = 2**63 - 1

Points = tuple[tuple[float, ...], tuple[float, ...]]
Seated = tuple[Datastream, Derivation, tuple[Datastream, ...]]  # derived datastream, derivation, its inputs


@dataclass(frozen=True, slots=True, eq=False)
class SeatRules:
    """Q derivations of up to J inputs.

    method    (Q,) uint8     place in `SEAT_METHODS`
    used      (Q, J) bool    there is such an input
    factor    (Q, J) float64 the unit that the method computes in, in one of the input's; 0 where there is none
    weight    (Q, J) float64 of the inputs; of gates the width in metres, of the head 0; 0 where there is none
    constant  (Q,) float64
    result    (Q,) float64   the row's unit in one of the method's
    table     (Q,) intp      in `tables`; −1 = none
    bounds    (Q, 5) float64 of levels of service
    speed, water (Q,) intp   the seat of the input that tells it; −1 = none
    tables    C tables
    lost_us   (Q, J) int64   an input further behind another is lost, microseconds; `NEVER_LOST` = it is waited for
    """

    method: NDArray[np.uint8]
    used: NDArray[np.bool_]
    factor: NDArray[np.float64]
    weight: NDArray[np.float64]
    constant: NDArray[np.float64]
    result: NDArray[np.float64]
    table: NDArray[np.intp]
    bounds: NDArray[np.float64]
    speed: NDArray[np.intp]
    water: NDArray[np.intp]
    tables: Tables
    lost_us: NDArray[np.int64]


def seat_rules(seats: Sequence[Seated], curves: Mapping[str, Curve], intervals: float) -> SeatRules:
    """The rules of these derivations; `curves` by name; an input is silent after so many of its intervals in calm."""
    width = max((len(inputs) for _, _, inputs in seats), default=1)
    points = [table_points(derivation, inputs, curves) for _, derivation, inputs in seats]
    table = np.array([some is not None for some in points], np.bool_)
    speed = [_seat_in("km/h", derivation, inputs) for _, derivation, inputs in seats]
    water = [_seat_in("m", derivation, inputs) for _, derivation, inputs in seats]
    bounds = [d.weights if d.method == "los" and d.weights else BOUNDS for _, d, _ in seats]
    return SeatRules(
        method=np.array([SEAT_METHODS.index(derivation.method) for _, derivation, _ in seats], np.uint8),
        used=_padded([[1.0] * len(inputs) for _, _, inputs in seats], width) > 0,
        factor=_padded([_factors(derivation, inputs) for _, derivation, inputs in seats], width),
        weight=_padded([_weights(derivation, inputs) for _, derivation, inputs in seats], width),
        constant=np.array([derivation.constant for _, derivation, _ in seats], np.float64),
        result=np.array([_factor("m3/s", d.unit) if x.method == "gate" else 1.0 for d, x, _ in seats], np.float64),
        table=np.where(table, np.cumsum(table) - 1, NONE).astype(np.intp),
        bounds=np.array(bounds, np.float64).reshape(-1, len(BOUNDS)),
        speed=np.array(speed, np.intp),
        water=np.array(water, np.intp),
        tables=tables_of([some for some in points if some is not None]),
        lost_us=_lost_us(seats, width, intervals),
    )


def table_points(derivation: Derivation, inputs: Sequence[Datastream], curves: Mapping[str, Curve]) -> Points | None:
    """The x and y that a derivation interpolates in: a curve of the city, or the breakpoints of ISPU."""
    name = derivation.curve
    if derivation.method == "ispu":
        name = name or pollutant_of(inputs[0].property)
        if name not in curves:
            return MEAN_UG_M3[name], INDEX
    elif derivation.method != "curve":
        return None
    return curves[name].x, curves[name].y


def _lost_us(seats: Sequence[Seated], width: int, intervals: float) -> NDArray[np.int64]:
    lost_us = np.full((len(seats), width), NEVER_LOST, np.int64)
    for place, (_, derivation, inputs) in enumerate(seats):
        if derivation.method in GO_ON_WITHOUT:
            lost_us[place, : len(inputs)] = [round(intervals * one.interval_calm_s * SECOND_US) for one in inputs]
    return lost_us


def _factors(derivation: Derivation, inputs: Sequence[Datastream]) -> list[float]:
    """What turns the inputs' units into the method's."""
    if derivation.method == "gate":
        return [_factor(one.unit, "m") for one in inputs]
    if derivation.method == "ispu":
        return [_factor(one.unit, "ug/m3", derivation.curve or one.property) for one in inputs]
    if derivation.method == "los":
        return [_factor(one.unit, "km/h") if units.conversion(one.unit, "km/h") else 1.0 for one in inputs]
    return [1.0] * len(inputs)


def _weights(derivation: Derivation, inputs: Sequence[Datastream]) -> list[float]:
    if derivation.method == "gate":
        return [0.0, *derivation.weights]
    if derivation.method == "linear" and derivation.weights:
        return list(derivation.weights)
    return [1.0] * len(inputs)


def _seat_in(unit: str, derivation: Derivation, inputs: Sequence[Datastream]) -> int:
    """Which input of a level of service comes in a unit that converts to this one; −1 = none."""
    if derivation.method != "los":
        return NONE
    return next((seat for seat, one in enumerate(inputs) if units.conversion(one.unit, unit) is not None), NONE)


def _factor(sent: str, wanted: str, substance: str = "") -> float:
    to = units.conversion(sent, wanted, substance)
    return 1.0 if to is None else to.factor


def _padded(rows: Sequence[Sequence[float]], width: int) -> NDArray[np.float64]:
    """The rows with zeros behind them."""
    padded = np.zeros((len(rows), width))
    for place, row in enumerate(rows):
        padded[place, : len(row)] = row
    return padded
