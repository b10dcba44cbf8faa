"""Reading `curves.csv`: tables to interpolate in, such as rating curves, one a row."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from sensors import units
from sensors.catalogue import Curve
from sensors.errors import RowError
from sensors.tables import IDENTIFIER, Fault, Line, Unique, read_table

FILE: Final = "curves.csv"


class CurveRow(Curve, frozen=True, kw_only=True):
    """A row of curves.csv; `x` and `y` are numbers with spaces between."""

    x_unit: str
    y_unit: str

    def curve(self) -> Curve:
        """The row without its units, which those that use it were checked for."""
        return Curve(name=self.name, x=self.x, y=self.y, source=self.source)


def read_curves(folder: Path, faults: list[Fault]) -> dict[str, CurveRow]:
    """The usable curves by name, units as Siaga spells them; the file may be absent."""
    names = Unique()

    def check(line: Line[CurveRow]) -> CurveRow:
        row = line.row
        if not IDENTIFIER.fullmatch(row.name):
            raise RowError("name", f"expected letters, digits, _ and -, at most 64, got {row.name!r}")
        _check_points(row.x, row.y)
        spelt = {column: units.canonical(getattr(row, column)) for column in ("x_unit", "y_unit")}
        for column, unit in spelt.items():
            if unit is None:
                raise RowError(column, f"expected one of {', '.join(units.KNOWN)}, got {getattr(row, column)!r}")
        names.add(row.name, "name", line.number)
        return msgspec.structs.replace(row, **spelt)

    return {row.name: row for row in read_table(folder / FILE, CurveRow, check, faults, required=False)}


def _check_points(x: Sequence[float], y: Sequence[float]) -> None:
    if len(x) < 2:
        raise RowError("x", f"expected 2 points or more, got {len(x)}")
    if len(x) != len(y):
        raise RowError("y", f"expected as many as x, {len(x)}, got {len(y)}")
    for before, after in pairwise(x):
        if after <= before:
            raise RowError("x", f"expected ascending numbers, got {before:g} and then {after:g}")
