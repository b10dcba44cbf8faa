"""Running values within groups, against loops."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sensors.segments import Segments, before, latest_true, running_max, segments


def groups_of(keys: list[int]) -> Segments:
    return segments(np.array(keys, np.int32))


def random_keys(seed: int) -> NDArray[np.int32]:
    rng = np.random.default_rng(seed)
    return np.sort(rng.integers(0, rng.integers(1, 12), rng.integers(1, 60))).astype(np.int32)


def test_groups() -> None:
    groups = groups_of([2, 2, 5, 9, 9, 9])
    assert groups.key.tolist() == [2, 5, 9]
    assert groups.start.tolist() == [0, 2, 3]
    assert groups.last.tolist() == [1, 2, 5]
    assert groups.of.tolist() == [0, 0, 1, 2, 2, 2]
    assert groups.first.tolist() == [0, 0, 2, 3, 3, 3]


def test_nothing_gives_nothing() -> None:
    groups = groups_of([])
    assert groups.last.tolist() == []
    assert before(np.empty((0, 3)), np.empty((0, 3)), groups).shape == (0, 3)
    assert running_max(np.empty(0, np.int64), groups).shape == (0,)
    assert latest_true(np.empty((0, 3), np.bool_), groups).shape == (0, 3)


def test_no_levels_at_all() -> None:
    assert latest_true(np.empty((2, 0), np.bool_), groups_of([1, 1])).shape == (2, 0)


def test_before_begins_each_group_with_its_initial() -> None:
    values, initial = np.array([[1], [2], [3]]), np.array([[70], [80]])
    assert before(values, initial, groups_of([0, 0, 4]))[:, 0].tolist() == [70, 1, 80]


@pytest.mark.parametrize("seed", range(20))
def test_running_max_is_the_loops(seed: int) -> None:
    keys = random_keys(seed)
    values = np.random.default_rng(seed).integers(-50, 50, len(keys))
    expected = [values[keys == key][: (np.flatnonzero(keys == key) <= i).sum()].max() for i, key in enumerate(keys)]
    kept = values.copy()
    assert running_max(values, segments(keys)).tolist() == expected
    np.testing.assert_array_equal(values, kept)


@pytest.mark.parametrize("seed", range(20))
def test_latest_true_is_the_loops(seed: int) -> None:
    keys = random_keys(seed)
    marks = np.random.default_rng(seed).random((len(keys), 2)) < 0.2
    found = latest_true(marks, segments(keys))
    for place in range(2):
        for i, key in enumerate(keys):
            earlier = [j for j in range(i + 1) if keys[j] == key and marks[j, place]]
            assert found[i, place] == (earlier[-1] if earlier else -1)


def test_the_lowest_possible_time_is_no_special_case() -> None:
    never = np.array([-(2**63), 5, -(2**63)])
    assert running_max(never, groups_of([0, 0, 1])).tolist() == [-(2**63), 5, -(2**63)]
