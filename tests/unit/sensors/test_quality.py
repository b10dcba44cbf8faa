"""Quality: QARTOD's gross range test."""

import numpy as np

from sensors.quality import Quality, Reason
from sensors.quality_tests.gross_range import gross_range

NAN = float("nan")


def flags(values: list[float], low: float, high: float) -> list[int]:
    column = np.array(values)
    return gross_range(column, np.full(len(values), low), np.full(len(values), high)).tolist()  # type: ignore[no-any-return]


def test_the_bounds_belong_to_the_range() -> None:
    assert flags([-0.1, 0.0, 600.0, 600.1], 0.0, 600.0) == [Quality.FAIL, Quality.PASS, Quality.PASS, Quality.FAIL]


def test_one_bound_is_enough() -> None:
    assert flags([-1.0, 1e9], 0.0, NAN) == [Quality.FAIL, Quality.PASS]
    assert flags([-1e9, 601.0], NAN, 600.0) == [Quality.PASS, Quality.FAIL]


def test_without_bounds_nothing_was_evaluated_but_missing_is_missing() -> None:
    assert flags([5.0, NAN], NAN, NAN) == [Quality.NOT_EVALUATED, Quality.MISSING]
    assert flags([NAN], 0.0, 600.0) == [Quality.MISSING]


def test_infinity_is_outside() -> None:
    assert flags([float("inf"), float("-inf")], 0.0, 600.0) == [Quality.FAIL, Quality.FAIL]


def test_empty_in_empty_out_and_one_dtype() -> None:
    empty = np.empty(0)
    assert gross_range(empty, empty, empty).shape == (0,)
    assert gross_range(empty, empty, empty).dtype == np.uint8


def test_the_values_are_kept() -> None:
    values = np.array([900.0, NAN])
    values.flags.writeable = False
    assert gross_range(values, np.zeros(2), np.full(2, 600.0)).tolist() == [Quality.FAIL, Quality.MISSING]
    assert values.tolist()[0] == 900.0


def test_reasons_have_words() -> None:
    assert (Reason.GROSS_RANGE | Reason.CLOCK_FAULT).words == ["gross_range", "clock_fault"]
    assert Reason.NONE.words == []
