"""Whether a derivation's inputs, units and numbers fit its method."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from sensors import units
from sensors.catalogue import Datastream, Derivation
from sensors.curve_table import CurveRow
from sensors.derived.ispu_breakpoints import MEAN_UG_M3, pollutant_of
from sensors.derived.los import BOUNDS
from sensors.derived.methods import HOLDING
from sensors.derived.window_rules import accumulated_unit
from sensors.errors import RowError
from sensors.tables import unknown
from sensors.trend.rules import trend_window_s

DAY_S: Final = 86_400.0


class Case(NamedTuple):
    """A derived datastream, its derivation, its inputs in order, and the curves of the city by name."""

    datastream: Datastream
    derivation: Derivation
    inputs: Sequence[Datastream]
    curves: Mapping[str, CurveRow]


def check_inputs(case: Case) -> None:
    """Raises RowError, naming column, expected and got, where the row cannot be computed from its inputs."""
    for one in case.inputs:
        if one.derivation is not None and one.derivation.method == HOLDING:
            raise RowError("inputs", f"{one.id} counts what is held: nothing can be computed from that")
    _CHECKS[case.derivation.method](case)


def _rate(case: Case) -> None:
    (source,) = case.inputs
    per_hour = units.PER_HOUR.get(source.unit)
    if per_hour is None:
        raise RowError("inputs", f"expected one in {', '.join(units.PER_HOUR)}, got {source.id} in {source.unit}")
    _expect_unit(case, per_hour, f"the unit of {source.id} an hour")
    _expect_trend(source)


def _eta(case: Case) -> None:
    _expect_unit(case, "min", "minutes")
    _expect_trend(case.inputs[0])


def _curve(case: Case) -> None:
    name = case.derivation.curve
    if name not in case.curves:
        raise RowError("curve", unknown("curve", name, case.curves) + " in curves.csv")
    _expect_curve_units(case, case.curves[name], case.inputs[0].unit, case.datastream.unit)


def _gate(case: Case) -> None:
    for one in case.inputs:
        if units.conversion(one.unit, "m") is None:
            raise RowError("inputs", f"expected head and openings in a length, got {one.id} in {one.unit}")
    if units.conversion("m3/s", case.datastream.unit) is None:
        raise RowError("unit", f"expected a discharge such as m3/s, got {case.datastream.unit}")
    if len(case.derivation.weights) != len(case.inputs) - 1:
        gates, widths = len(case.inputs) - 1, len(case.derivation.weights)
        raise RowError("weights", f"expected the width in m of each of {gates} gates, got {widths} numbers")
    if min(case.derivation.weights) <= 0:
        raise RowError("weights", f"expected widths of more than 0 m, got {min(case.derivation.weights):g}")
    if case.derivation.constant <= 0:
        raise RowError("constant", f"expected a discharge coefficient over 0, got {case.derivation.constant:g}")


def _linear(case: Case) -> None:
    weights = case.derivation.weights
    if weights and len(weights) != len(case.inputs):
        raise RowError("weights", f"expected one for each of {len(case.inputs)} inputs, or none, got {len(weights)}")
    for one in case.inputs:
        if not weights and one.unit != case.datastream.unit:
            told = f"a sum without weights is in the unit of its inputs: expected {one.unit} as of {one.id}"
            raise RowError("unit", f"{told}, got {case.datastream.unit}")


def _mean(case: Case) -> None:
    _expect_unit(case, case.inputs[0].unit, f"the unit of {case.inputs[0].id}")
    _expect_window(case)


def _accumulation(case: Case) -> None:
    (source,) = case.inputs
    if accumulated_unit(source.unit, case.datastream.unit) is None:
        rates = {rate: whole for whole, rate in units.PER_HOUR.items()}
        wanted = rates.get(source.unit, source.unit)
        _expect_unit(case, wanted, f"what {source.id} in {source.unit} adds up to, or a unit that converts to it")
    _expect_window(case)


def _speed_ratio(case: Case) -> None:
    _expect_unit(case, "%", "a share of the mean before")
    _expect_window(case)


def _ispu(case: Case) -> None:
    (source,) = case.inputs
    _expect_unit(case, "1", "an index")
    name = case.derivation.curve or pollutant_of(source.property)
    if name in case.curves:
        _expect_curve_units(case, case.curves[name], "ug/m3", "1")
    elif name not in MEAN_UG_M3:
        known = ", ".join(MEAN_UG_M3)
        raise RowError(
            "curve", f"expected a pollutant ({known}) or a curve of curves.csv, got {name or source.property!r}"
        )
    if units.conversion(source.unit, "ug/m3", name) is None:
        raise RowError("inputs", f"expected one in a unit that converts to ug/m3, got {source.id} in {source.unit}")
    derivation = source.derivation
    if derivation is not None and (derivation.method, derivation.window_s) != ("mean", DAY_S):
        told = f"{derivation.method} over {derivation.window_s:g} s" if derivation.window_s else derivation.method
        raise RowError("inputs", f"ISPU is of 24-hour means: expected a mean over 86400 s, got {source.id}, {told}")


def _indices(case: Case) -> None:
    _expect_unit(case, "1", "an index")
    for one in case.inputs:
        if one.unit != "1" or (one.derivation is not None and one.derivation.method != "ispu"):
            told = one.derivation.method if one.derivation is not None else f"in {one.unit}"
            raise RowError("inputs", f"expected sub-indices of ISPU, got {one.id}, {told}")


def _los(case: Case) -> None:
    derivation = case.derivation
    _expect_unit(case, "1", "1 to 6 for A to F")
    if case.inputs[0].unit != "1":
        raise RowError(
            "inputs", f"expected volume over capacity first, unit 1, got {case.inputs[0].id} in {case.inputs[0].unit}"
        )
    told = {"speed": "km/h", "water": "m"}
    kinds = [next((k for k, u in told.items() if units.conversion(one.unit, u)), "") for one in case.inputs[1:]]
    if "" in kinds or len(set(kinds)) < len(kinds):
        raise RowError("inputs", f"expected at most one speed and one depth of water after {case.inputs[0].id}")
    if derivation.weights and (len(derivation.weights) != len(BOUNDS) or not _ascends(derivation.weights)):
        raise RowError("weights", f"expected {len(BOUNDS)} ascending bounds, where B to F begin, or none")
    if ("water" in kinds) != (derivation.constant > 0):
        wanted = "the depth, over 0, from which the road is flooded" if "water" in kinds else "none without water"
        raise RowError("constant", f"expected {wanted}, got {derivation.constant:g}")


def _holding(case: Case) -> None:
    _expect_unit(case, "1", "a number of datastreams")


_CHECKS: Final[dict[str, Callable[[Case], None]]] = {
    "rate": _rate,
    "eta": _eta,
    "curve": _curve,
    "gate": _gate,
    "linear": _linear,
    "mean": _mean,
    "accumulation": _accumulation,
    "speed_ratio": _speed_ratio,
    "ispu": _ispu,
    "ispu_max": _indices,
    "dominant": _indices,
    "los": _los,
    "holding": _holding,
}


def _ascends(numbers: Sequence[float]) -> bool:
    return all(before < after for before, after in pairwise(numbers))


def _expect_unit(case: Case, unit: str, why: str) -> None:
    if case.datastream.unit != unit:
        raise RowError("unit", f"expected {unit} ({why}), got {case.datastream.unit}")


def _expect_trend(source: Datastream) -> None:
    if trend_window_s(source) is None:
        raise RowError(
            "inputs", f"{source.id} has no trend: it is no river level or discharge, and has no trend_window_s"
        )


def _expect_window(case: Case) -> None:
    (source,), window_s = case.inputs, case.derivation.window_s
    if window_s is not None and window_s < source.interval_calm_s:
        least = f"{source.interval_calm_s:g} (the interval of {source.id})"
        raise RowError("window_s", f"expected {least} or more, got {window_s:g}")


def _expect_curve_units(case: Case, curve: CurveRow, x_unit: str, y_unit: str) -> None:
    for axis, got, wanted in (("x", curve.x_unit, x_unit), ("y", curve.y_unit, y_unit)):
        if got != wanted:
            raise RowError("curve", f"{curve.name} has its {axis} in {got}: expected {wanted} for {case.datastream.id}")
