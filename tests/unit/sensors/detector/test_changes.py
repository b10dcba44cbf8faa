"""Copies with other rows: nothing handed in is written to, nothing equal is copied, no bit is lost."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.detector.changes import changed


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    held: NDArray[np.bool_]


PART = Part(np.array([1, 2, 3]), np.array([0.0, -0.0, np.nan]), np.zeros((3, 2), np.bool_))
AT = np.array([0, 2], np.int32)


def test_other_rows_stand_in_a_copy() -> None:
    part = changed(PART, AT, {"time_us": np.array([7, 9]), "held": [[True, False], [False, False]]})
    assert part.time_us.tolist() == [7, 2, 9]
    assert part.held.tolist() == [[True, False], [False, False], [False, False]]
    assert PART.time_us.tolist() == [1, 2, 3]
    assert not PART.held.any()


def test_what_stays_the_same_is_not_copied() -> None:
    assert changed(PART, AT, {"time_us": np.array([1, 3]), "held": np.zeros((2, 2), np.bool_)}) is PART


def test_one_value_for_all_rows() -> None:
    assert changed(PART, AT, {"time_us": 5}).time_us.tolist() == [5, 2, 5]


def test_of_two_equal_zeros_the_new_one_stands() -> None:
    value = changed(PART, AT, {"value": np.array([-0.0, 1.0])}).value
    assert np.signbit(value).tolist() == [True, True, False]
