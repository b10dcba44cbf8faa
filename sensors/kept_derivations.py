"""Derivations that are kept at a reload: only from inputs that are what they were, and with the table they had."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from sensors.catalogue import Catalogue, Curve, Datastream
from sensors.derived.ispu_breakpoints import pollutant_of
from sensors.tables import Fault

RETIRED_CURVE: Final = "curve:"  # a curve is retired under this and its name
_KEPT: Final = "{} (kept)"  # no name in curves.csv can be like it


def computable(
    old: Catalogue, datastreams: Iterable[Datastream], kept: Collection[str]
) -> tuple[list[Datastream], list[Fault]]:
    """The datastreams without kept ones that cannot be computed as before, inputs by the ids they have now.

    `kept` are ids of those that come from `old`, as they are spelt now.  Each input must be there, in the unit it had.
    """
    left = {datastream.id.casefold(): datastream for datastream in datastreams}
    before = {datastream.id.casefold(): datastream for datastream in old.datastreams}
    faults: list[Fault] = []
    while True:
        spoilt = {
            key: name
            for key, datastream in left.items()
            if datastream.id in kept and (name := _other_input(datastream, left, before)) is not None
        }
        if not spoilt:
            break
        for key, name in spoilt.items():
            reason = (
                f"{left.pop(key).id} is no longer in derived.csv, and cannot be kept: its input {name} is another now"
            )
            faults.append(Fault("derived.csv", 0, "", f"{reason}; mend the row"))
    return [_respelt(datastream, left) if datastream.id in kept else datastream for datastream in left.values()], faults


def _other_input(
    datastream: Datastream, left: Mapping[str, Datastream], before: Mapping[str, Datastream]
) -> str | None:
    """The first input that is not there in the unit that it had; None where all are."""
    for name in datastream.derivation.inputs if datastream.derivation is not None else ():
        now = left.get(name.casefold())
        if now is None or now.unit != before[name.casefold()].unit:
            return name
    return None


def _respelt(datastream: Datastream, left: Mapping[str, Datastream]) -> Datastream:
    derivation = datastream.derivation
    if derivation is None:
        return datastream
    inputs = tuple(left[name.casefold()].id for name in derivation.inputs)
    return msgspec.structs.replace(datastream, derivation=msgspec.structs.replace(derivation, inputs=inputs))


def with_curves(
    old: Catalogue, new: Catalogue, datastreams: Iterable[Datastream], kept: Collection[str], retired: Collection[str]
) -> tuple[list[Datastream], tuple[Curve, ...], list[Fault]]:
    """The datastreams and all curves that they need.

    A kept one keeps the table that it had, under another name where the name has another table now.  A curve that
    stood for a pollutant's breakpoints and vanished is kept until it is in `retired` (case-folded) as `curve:NAME`.
    """
    had, curves = {curve.name: curve for curve in old.curves}, {curve.name: curve for curve in new.curves}
    result: list[Datastream] = []
    faults: list[Fault] = []
    for datastream in datastreams:
        name = _curve_of(datastream)
        if name not in had or curves.get(name) == had[name]:
            result.append(datastream)
        elif datastream.id in kept:
            alias = _KEPT.format(name) if name in curves else name
            curves[alias] = msgspec.structs.replace(had[name], name=alias)
            result.append(_with_curve(datastream, alias))
        else:
            if name not in curves and f"{RETIRED_CURVE}{name}".casefold() not in retired:
                curves[name] = had[name]
                advice = f"mend the row or name {RETIRED_CURVE}{name} in retired.csv"
                told = f"{name} is no longer in curves.csv; its last good version is kept: {advice}"
                faults.append(Fault("curves.csv", 0, "", told))
            result.append(datastream)
    return result, tuple(curves.values()), faults


def _curve_of(datastream: Datastream) -> str:
    """The name of the curve that a datastream is computed with, if there is one of that name; else empty."""
    derivation = datastream.derivation
    if derivation is None:
        return ""
    if derivation.method == "ispu" and not derivation.curve:
        return pollutant_of(derivation.inputs[0].partition(":")[2])
    return derivation.curve


def _with_curve(datastream: Datastream, name: str) -> Datastream:
    derivation = datastream.derivation
    if derivation is None or name == _curve_of(datastream):
        return datastream
    return msgspec.structs.replace(datastream, derivation=msgspec.structs.replace(derivation, curve=name))
