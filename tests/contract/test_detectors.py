"""Every detector, found in the packages, under the same checks: nothing it is given changes, the same gives the same.

`test_detector_docs.py` reads what they say of themselves; `test_quality_tests.py` tries the quality tests further.
"""

import copy
import typing
from functools import cache
from typing import Any

import numpy as np
import pytest

from sensors.batch import empty_batch
from sensors.checkpoint import dump_state, load_state
from sensors.detector import install, judge, next_due_us, step
from sensors.rules import compile_rules
from sensors.state import fresh_state, resume
from sensors.times import HOUR_US, MINUTE_US
from tests.contract.discovery import (
    Function,
    array_fields,
    arrays_of,
    dtypes,
    functions,
    is_array,
    returned,
)
from tests.contract.full_city import full_city, readings, without_station
from tests.contract.made_columns import columns, cut, may_be_missing, pure_kernels
from tests.contract.recorded_calls import Calls, frozen, in_bytes, recording
from tests.oracle.cities import START_US

ROWS = 200
BEFORE = {"quality_tests.gross_range.gross_range"}  # ingest applies it before the detector; `test_quality_tests.py`

every_kernel = pytest.mark.parametrize("kernel", pure_kernels().values(), ids=pure_kernels())
every_detector = pytest.mark.parametrize("name", functions())


@cache
def calls() -> dict[str, Calls]:
    """What went into each detector while the full city lived: readings, quiet, a restart, a set-back, reloads."""
    with recording(functions()) as recorded:
        rng = np.random.default_rng(4)
        rules = compile_rules(full_city(), START_US)
        state = fresh_state(rules, START_US)
        for size in (0, 1, 300, 300, 300, 40):
            batch = readings(rng, size, state.now_us)
            state = judge(state, batch, int(batch.receive_us.max(initial=state.now_us))).state
            state = judge(state, empty_batch(), min(next_due_us(state), state.now_us + MINUTE_US)).state
        state = judge(state, readings(rng, 40, state.now_us, rough=False), state.now_us + HOUR_US).state
        state = load_state(dump_state(state), rules)
        state = resume(state, state.now_us - 4 * HOUR_US)
        state, _ = step(state, readings(rng, 300, state.now_us), state.now_us + HOUR_US)
        smaller = without_station(full_city(), "KOTA")
        state, _ = install(state, compile_rules(smaller, state.now_us), state.now_us)
        state, _ = install(state, compile_rules(full_city(), state.now_us), state.now_us)
        step(state, readings(rng, 300, state.now_us), state.now_us + HOUR_US)
    return recorded


@every_detector
def test_the_pipeline_uses_it(name: str) -> None:
    assert calls()[name].count or name in BEFORE, f"{name}: dead, or the full city lacks its case"


@every_detector
def test_it_changes_nothing_it_is_given_and_gives_the_same_again(name: str) -> None:
    function = functions()[name]
    for arguments in calls()[name].given:
        before = in_bytes(arguments)
        given = frozen(arguments)
        first = in_bytes(function(**given))
        assert in_bytes(given) == before
        assert in_bytes(function(**copy.deepcopy(arguments))) == first


@every_detector
def test_it_gives_the_dtypes_it_declares(name: str) -> None:
    function = functions()[name]
    for arguments in calls()[name].given:
        _assert_declared(returned(function), function(**copy.deepcopy(arguments)))


def _assert_declared(hint: Any, value: object) -> None:
    """Arrays have the dtype of their annotation, also those within dataclasses and tuples."""
    if isinstance(value, np.ndarray) and is_array(hint):
        allowed = dtypes(hint)
        assert not allowed or value.dtype.name in allowed
    elif array_fields(type(value)):
        for field, inner in array_fields(type(value)).items():
            _assert_declared(inner, getattr(value, field))
    elif isinstance(value, tuple) and typing.get_origin(hint) is tuple:
        for inner, one in zip(typing.get_args(hint), value, strict=False):
            _assert_declared(inner, one)


@every_kernel
@pytest.mark.parametrize("seed", range(5))
def test_a_kernel_keeps_rows_apart_and_input_as_it_is(kernel: Function, seed: int) -> None:
    some = columns(kernel, seed, ROWS)
    whole = _given(kernel, some)
    assert _given(kernel, some, as_bytes=True) == [column.tobytes() for column in whole]
    for column in whole:
        assert column.shape[0] == ROWS
        assert not any(np.shares_memory(column, given) for given in some.values())
    for pieces in ((slice(0, 1), slice(1, 70), slice(70, ROWS)), (slice(0, 100), slice(100, ROWS))):
        parts = [_given(kernel, cut(some, piece)) for piece in pieces]
        for place, column in enumerate(whole):
            assert np.concatenate([part[place] for part in parts]).tobytes() == column.tobytes()


@every_kernel
def test_a_kernel_makes_nothing_of_nothing(kernel: Function) -> None:
    full = _given(kernel, columns(kernel, 1, ROWS))
    for column, whole in zip(_given(kernel, columns(kernel, 1, 0)), full, strict=True):
        assert column.shape == (0, *whole.shape[1:])
        assert column.dtype == whole.dtype


@every_kernel
def test_a_kernel_takes_what_may_be_missing(kernel: Function) -> None:
    some = columns(kernel, 2, ROWS)
    full = _given(kernel, some)
    missing = some | {name: np.full_like(some[name], np.nan) for name in may_be_missing(kernel)}
    for column, whole in zip(_given(kernel, missing), full, strict=True):
        assert (column.shape, column.dtype) == (whole.shape, whole.dtype)


def _given(kernel: Function, some: Any, *, as_bytes: bool = False) -> list[Any]:
    """The columns that a kernel gives."""
    found = [array for _, array in arrays_of(kernel(**some))]
    return [array.tobytes() for array in found] if as_bytes else found
