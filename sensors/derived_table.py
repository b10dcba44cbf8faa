"""Reading `derived.csv`: datastreams that are computed from others, in the order in which they can be."""

import builtins
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from sensors import units
from sensors.catalogue import Datastream, Derivation, Row
from sensors.curve_table import CurveRow
from sensors.derived.fitting import Case, check_inputs
from sensors.derived.methods import METHODS
from sensors.errors import RowError
from sensors.health_kinds import is_health
from sensors.tables import IDENTIFIER, Fault, Line, Unique, read_table, unknown

FILE: Final = "derived.csv"
MAX_WINDOW_S: Final = 366 * 86_400
_OF_METHODS: Final = ("window_s", "weights", "constant", "curve", "bound", "severity", "completeness")


class DerivedRow(Row, frozen=True, kw_only=True):
    """A row of derived.csv; the columns are explained at `Datastream` and `Derivation`."""

    station: str
    property: str
    kind: str
    unit: str
    method: str
    inputs: tuple[str, ...]  # a property of the same station, or STATION:PROPERTY
    window_s: float | None = None
    weights: tuple[float, ...] = ()
    constant: float = 0.0
    curve: str = ""
    bound: Literal["middle", "low", "high"] = "middle"
    severity: int = 1
    completeness: float = 0.75
    valid_min: float | None = None
    valid_max: float | None = None
    sharing: Literal["public", "agency", "internal"] = "internal"
    producer: str = ""
    licence: str = ""

    @builtins.property  # the field `property` stands in the way
    def input_ids(self) -> tuple[str, ...]:
        """The inputs as ids of datastreams."""
        return tuple(name if ":" in name else f"{self.station}:{name}" for name in self.inputs)

    def datastream(self, interval_calm_s: float) -> Datastream:
        """What the row declares; its inputs are expected at this interval."""
        own = {name: getattr(self, name) for name in _OF_METHODS}
        return Datastream(
            station=self.station,
            property=self.property,
            kind=self.kind,
            unit=self.unit,
            valid_min=self.valid_min,
            valid_max=self.valid_max,
            interval_calm_s=interval_calm_s,
            sharing=self.sharing,
            producer=self.producer,
            licence=self.licence,
            source=self.source,
            derivation=Derivation(method=self.method, inputs=self.input_ids, **own),
        )


def read_derived(
    folder: Path,
    stations: Collection[str],
    observed: Mapping[str, Datastream],
    curves: Mapping[str, CurveRow],
    faults: list[Fault],
) -> dict[str, Datastream]:
    """The usable derived datastreams by `{station}:{property}`, units as Siaga spells them; the file may be absent.

    Their levels are empty, and their inputs are among `observed` and themselves.
    """
    names = Unique()
    by_name = {name.casefold(): name for name in observed}
    spoilt: set[str] = set()

    def check(line: Line[DerivedRow]) -> Line[DerivedRow]:
        row = line.row
        name = f"{row.station}:{row.property}"
        spoilt.add(name)  # until it has passed
        if row.station not in stations:
            raise RowError("station", unknown("station", row.station, stations))
        if not IDENTIFIER.fullmatch(row.property):
            raise RowError("property", f"expected letters, digits, _ and -, at most 64, got {row.property!r}")
        if name.casefold() in by_name:
            raise RowError("property", f"{by_name[name.casefold()]} stands in datastreams.csv: it is observed")
        unit = units.canonical(row.unit)
        if unit is None:
            raise RowError("unit", f"expected one of {', '.join(units.KNOWN)}, got {row.unit!r}")
        if is_health(row.kind):
            raise RowError("kind", f"{row.kind} is what a device tells of itself: it cannot be computed")
        _check_columns(row)
        _check_numbers(row)
        names.add(name, "property", line.number)
        spoilt.discard(name)
        return Line(line.number, msgspec.structs.replace(row, unit=unit))

    lines = read_table(folder / FILE, DerivedRow, check, faults, required=False)
    return _in_order(lines, spoilt, observed, curves, faults)


def _check_columns(row: DerivedRow) -> None:
    """The method is known, has as many inputs as it takes, and the columns that it reads and no others."""
    method = METHODS.get(row.method)
    if method is None:
        raise RowError("method", f"expected one of {', '.join(METHODS)}, got {row.method!r}")
    if not method.least <= len(row.inputs) <= method.most:
        wanted = f"{method.least}" if method.least == method.most else f"{method.least} to {method.most}"
        raise RowError("inputs", f"{row.method} takes {wanted}, got {len(row.inputs)}")
    twice = [name for name in row.input_ids if row.input_ids.count(name) > 1]
    if twice:
        raise RowError("inputs", f"{twice[0]} stands twice")
    defaults = dict(zip(DerivedRow.__struct_fields__[::-1], DerivedRow.__struct_defaults__[::-1], strict=False))
    for column in _OF_METHODS:
        is_given = getattr(row, column) != defaults[column]
        if column in method.required and not is_given:
            raise RowError(column, f"is empty, and {row.method} needs it")
        if is_given and column not in method.required | method.optional:
            raise RowError(column, f"{row.method} takes none, got {getattr(row, column)!r}")


def _check_numbers(row: DerivedRow) -> None:
    if row.window_s is not None and not 0 < row.window_s <= MAX_WINDOW_S:
        raise RowError("window_s", f"expected more than 0, at most {MAX_WINDOW_S} (a year), got {row.window_s:g}")
    if not 1 <= row.severity <= 4:
        raise RowError("severity", f"expected 1 to 4, got {row.severity}")
    if row.method == "speed_ratio" and not 0 <= row.constant <= 1:
        raise RowError("constant", f"expected 0 to 1, got {row.constant:g}")
    if not 0 <= row.completeness <= 1:
        raise RowError("completeness", f"expected 0 to 1, got {row.completeness:g}")
    if row.valid_min is not None and row.valid_max is not None and row.valid_min >= row.valid_max:
        raise RowError("valid_max", f"expected more than valid_min {row.valid_min:g}, got {row.valid_max:g}")


def _in_order(
    lines: list[Line[DerivedRow]],
    spoilt: set[str],
    observed: Mapping[str, Datastream],
    curves: Mapping[str, CurveRow],
    faults: list[Fault],
) -> dict[str, Datastream]:
    """The rows, each after its inputs; what cannot be computed is a fault and costs what is computed from it, too."""
    known = dict(observed)
    waiting = {f"{line.row.station}:{line.row.property}": line for line in lines}
    while waiting:
        ready = [name for name, line in waiting.items() if not any(i in waiting for i in line.row.input_ids)]
        if not ready:
            told = ", ".join(waiting)
            faults.extend(
                Fault(FILE, line.number, "inputs", f"leads into a circle: left out are {told}")
                for line in waiting.values()
            )
            break
        for name in ready:
            line = waiting[name]
            try:
                known[name] = _computed(line.row, known, spoilt, curves)
            except RowError as error:
                spoilt.add(name)
                faults.append(Fault(FILE, line.number, error.column, error.reason))
        for name in ready:
            del waiting[name]
    return {name: datastream for name, datastream in known.items() if name not in observed}


def _computed(
    row: DerivedRow, known: Mapping[str, Datastream], spoilt: set[str], curves: Mapping[str, CurveRow]
) -> Datastream:
    """The row's datastream; RowError where it cannot be computed."""
    for name in row.input_ids:
        if name in spoilt:
            raise RowError("inputs", f"{name} has a fault itself and is left out")
        if name not in known:
            hint = "in datastreams.csv or derived.csv; a row with a fault is left out"
            raise RowError("inputs", f"{unknown('datastream', name, known)} {hint}")
    inputs = [known[name] for name in row.input_ids]
    datastream = row.datastream(max(one.interval_calm_s for one in inputs))
    if datastream.derivation is not None:
        check_inputs(Case(datastream, datastream.derivation, inputs, curves))
    return datastream
