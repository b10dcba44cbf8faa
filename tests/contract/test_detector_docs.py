"""Every detector says what goes in and what comes out: shapes, dtypes, units, what NaN means, and where it is from."""

import inspect
import re
import typing
from typing import Any, Final

import pytest

from tests.contract.discovery import (
    PACKAGES,
    Function,
    array_fields,
    described,
    described_fields,
    documented,
    dtypes,
    is_array,
    kernels,
    module_of,
    parameters,
    returned,
    sections,
    structs,
)

UNITS: Final = re.compile(
    r"unit|microseconds|minutes|metres|km/h|µg/m³|m³/s|percent|millionths|per hour|an hour|coefficient|"
    r"\+1 rising, −1 falling|, of `"
)
SHARED: Final = {  # files that several detectors have in common: they move columns about and decide nothing
    "detector.bits",
    "detector.changes",
    "detector.cutting",
    "detector.memory",
    "detector.rest",
    "detector.sorting",
    "detector.taking",
    "quality_tests.grading",
    "quality_tests.sound",
    "trend.state",
}

every_kernel = pytest.mark.parametrize("name", kernels())
every_documented = pytest.mark.parametrize("function", documented().values(), ids=documented())
every_struct = pytest.mark.parametrize("struct", structs().values(), ids=structs())


def test_something_is_found_in_every_package() -> None:
    for package in PACKAGES:
        inside = package.removeprefix("sensors.")
        assert any(name.startswith(f"{inside}.") for name in documented())
        assert any(name.startswith(f"{inside}.") for name in structs())


def test_every_file_with_a_detector_describes_one() -> None:
    """A new file whose functions take columns fails here until one of them says what it takes."""
    with_columns = {module_of(name) for name in kernels()}
    assert with_columns - SHARED - {module_of(name) for name in documented()} == set()
    assert with_columns >= SHARED


@every_kernel
def test_it_says_at_least_the_shapes(name: str) -> None:
    told = inspect.getdoc(kernels()[name]) or ""
    assert name in documented() or "hape" in told


@every_documented
def test_it_describes_every_parameter(function: Function) -> None:
    told = described(function)
    for name, hint in parameters(function).items():
        assert name in told
        if not is_array(hint):
            continue
        assert "shape (" in told[name]
        assert any(dtype in told[name] for dtype in dtypes(hint))
        if "float64" in dtypes(hint):
            assert UNITS.search(told[name])
    if any(name.endswith("_us") for name in parameters(function)):
        assert any("microseconds" in text for text in told.values())


@every_documented
def test_it_says_what_it_gives_and_what_nan_means(function: Function) -> None:
    told = sections(function)
    gives = told.get("Returns", "")
    assert gives
    for hint in _arrays(returned(function)):
        assert "shape (" in gives
        assert any(dtype in gives for dtype in dtypes(hint))
    if any("float64" in dtypes(hint) for hint in parameters(function).values() if is_array(hint)):
        assert re.search(r"NaN|finite", " ".join(described(function).values()) + gives + told.get("Notes", ""))


@every_documented
def test_it_names_its_source(function: Function) -> None:
    assert sections(function).get("References", "").strip()


@every_struct
def test_every_array_that_is_kept_is_described(struct: type) -> None:
    told = described_fields(struct)
    as_elsewhere = "rest" in told.get("the", "") and "as of `" in told["the"]
    for name, hint in array_fields(struct).items():
        if as_elsewhere and name not in told:
            continue
        assert name in told
        whole = struct.__doc__ or ""
        assert any(dtype in told[name] or dtype in whole.partition("\n")[0] for dtype in dtypes(hint))
        assert re.match(r"\(.*?\)", told[name]) or "shape (" in whole


def _arrays(hint: Any) -> list[Any]:
    return [hint] if is_array(hint) else [one for one in typing.get_args(hint) if is_array(one)]
