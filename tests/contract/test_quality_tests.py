"""Every quality test, found in the package, under the same checks."""

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sensors import quality_tests
from sensors.quality import Quality
from sensors.quality_tests import QUALITY_TESTS

Columns = dict[str, NDArray[Any]]
QualityTest = Callable[..., NDArray[np.uint8]]

FLAGS = np.array([flag.value for flag in Quality], np.uint8)
EXTREME = np.array([0.0, -0.0, 1.0, -9999.0, 1e-308, -1e308, 1.7e308, np.nan])
TIMES_US = np.array([0, 1, 60_000_000, 3_600_000_000, 2**62, -(2**63), 2**63 - 1], np.int64)

every_test = pytest.mark.parametrize("test", list(QUALITY_TESTS.values()), ids=list(QUALITY_TESTS))


def dtypes(test: QualityTest) -> dict[str, np.dtype[Any]]:
    """The dtype of each parameter, from its annotation; every parameter must be a column."""
    hints = typing.get_type_hints(test)
    return {name: np.dtype(_scalar(hints[name])) for name in inspect.signature(test).parameters}


def _scalar(hint: Any) -> Any:
    """`np.float64` of `NDArray[np.float64]`."""
    return typing.get_args(typing.get_args(hint)[1])[0]


def columns(test: QualityTest, seed: int, n: int = 200) -> Columns:
    """Columns of n, read-only: whole numbers near each other and extremes; limits not negative."""
    rng = np.random.default_rng(seed)
    made: Columns = {}
    for name, dtype in dtypes(test).items():
        if dtype == np.uint8:
            column = rng.choice(FLAGS, n)
        elif dtype == np.int64:
            column = np.where(rng.random(n) < 0.5, rng.integers(0, 100, n), rng.choice(TIMES_US, n))
        else:
            column = np.where(rng.random(n) < 0.8, rng.integers(-20, 20, n), rng.choice(EXTREME, n)).astype(dtype)
        column.flags.writeable = False
        made[name] = column
    return made


def cut(some: Columns, part: slice) -> Columns:
    return {name: column[part] for name, column in some.items()}


def functions() -> Iterator[tuple[str, str]]:
    """(module, name) of every public function that a module of the package defines and that returns flags."""
    for found in pkgutil.iter_modules(quality_tests.__path__):
        module = importlib.import_module(f"{quality_tests.__name__}.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            is_its_own = function.__module__ == module.__name__ and not name.startswith("_")
            if is_its_own and typing.get_type_hints(function)["return"] == NDArray[np.uint8]:
                yield found.name, name


def test_every_file_with_a_quality_test_is_registered() -> None:
    one_a_file = {name for module, name in functions() if module == name}
    assert one_a_file == set(QUALITY_TESTS)
    assert {"gap", "gross_range", "spike", "rate_of_change", "flat_line", "neighbour", "rollup"} <= one_a_file
    assert {module for module, name in functions() if module != name} == {"grading"}  # what they share


@every_test
@pytest.mark.parametrize("seed", range(20))
def test_input_is_not_changed_and_flags_have_its_shape_and_one_dtype(test: QualityTest, seed: int) -> None:
    some = columns(test, seed)
    before = {name: column.tobytes() for name, column in some.items()}
    flags = test(**some)
    assert {name: column.tobytes() for name, column in some.items()} == before
    assert flags.shape == (200,)
    assert flags.dtype == np.uint8
    assert flags.flags.writeable
    assert not any(np.shares_memory(flags, column) for column in some.values())
    assert set(flags.tolist()) <= set(FLAGS.tolist())


@every_test
@pytest.mark.parametrize("seed", range(20))
def test_the_same_again_and_each_row_for_itself(test: QualityTest, seed: int) -> None:
    some = columns(test, seed)
    flags = test(**some)
    assert test(**some).tobytes() == flags.tobytes()
    parts = [test(**cut(some, part)) for part in (slice(0, 1), slice(1, 70), slice(70, 200))]
    assert np.concatenate(parts).tobytes() == flags.tobytes()
    backward = test(**cut(some, slice(None, None, -1)))
    assert backward[::-1].tobytes() == flags.tobytes()


@every_test
def test_nothing_gives_nothing(test: QualityTest) -> None:
    flags = test(**columns(test, 1, n=0))
    assert flags.shape == (0,)
    assert flags.dtype == np.uint8


@every_test
def test_a_missing_value_is_missing_whatever_else_is_there(test: QualityTest) -> None:
    some = columns(test, 2)
    if "values" not in some:
        assert not any(np.issubdtype(column.dtype, np.floating) for column in some.values())  # no NaN can come in
        return
    some["values"] = np.full(200, np.nan)
    assert set(test(**some).tolist()) == {Quality.MISSING}


@every_test
def test_nan_beside_the_value_means_not_evaluated(test: QualityTest) -> None:
    some = columns(test, 3)
    limits = [name for name, column in some.items() if name != "values" and np.issubdtype(column.dtype, np.floating)]
    if not limits:
        return
    some |= {name: np.full(200, np.nan) for name in limits}
    some["values"] = np.zeros(200)
    assert set(test(**some).tolist()) == {Quality.NOT_EVALUATED}


@every_test
def test_the_docstring_says_shapes_units_and_source(test: QualityTest) -> None:
    text = inspect.getdoc(test) or ""
    for section in ("Parameters\n---", "Returns\n---", "References\n---", "Examples\n---"):
        assert section in text
    parameters = text.split("Parameters")[1].split("Returns")[0]
    for name, dtype in dtypes(test).items():
        assert name in parameters
        assert dtype.name in parameters
    assert "shape (n,)" in parameters
    assert "unit" in parameters or "microseconds" in parameters
    assert "NaN" in parameters or "`NEVER`" in parameters
    returns, references = text.split("Returns\n")[1], text.split("References\n")[1]
    assert "shape (n,), uint8 (`Quality`)" in returns
    assert "QARTOD" in references
    assert "test " in references or "aggregate" in references
    assert ">>> " in references
