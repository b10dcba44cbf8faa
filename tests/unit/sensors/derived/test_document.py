"""docs/derived.md says what there is."""

from pathlib import Path

import pytest

from sensors.derived.gate import GRAVITY_M_PER_S2
from sensors.derived.ispu_breakpoints import INDEX, MEAN_UG_M3
from sensors.derived.methods import METHODS
from sensors.derived_table import DerivedRow

TEXT = (Path(__file__).parents[4] / "docs" / "derived.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*METHODS])
def test_it_names_every_method_with_the_columns_that_it_takes(name: str) -> None:
    (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |")]
    takes = row.split("|")[3]
    method = METHODS[name]
    assert {word.strip("` ") for word in takes.split(",")} - {""} == set(method.required | method.optional)


def test_it_names_every_column() -> None:
    assert [column for column in DerivedRow.__struct_fields__ if f"`{column}`" not in TEXT] == []
    header = next(line for line in TEXT.splitlines() if line.startswith("station,property,"))
    assert set(header.split(",")) == set(DerivedRow.__struct_fields__)


def test_its_table_of_breakpoints_is_ours() -> None:
    columns = ("pm10", "pm25", "so2", "co", "o3", "no2", "hc")
    for index in INDEX[1:]:
        (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| {index:g} |")]
        told = [float(cell) for cell in row.split("|")[3:-1]]
        assert told == [MEAN_UG_M3[name][INDEX.index(index)] for name in columns]
    assert str(GRAVITY_M_PER_S2) in TEXT
